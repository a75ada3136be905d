import {
  CancelledError,
  join,
  type JoinHandle,
  pending,
  PENDING,
  Runtime,
  select,
  sleep,
  spawn,
  timeout,
  TimeoutError,
  type TaskFailure,
} from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles, type Steps } from "../both-styles.ts";

inBothStyles("awaiting rethrows the task's own error unchanged, every time", function* ({ body }) {
  const error = Object.freeze(new RangeError("mine"));
  const task = spawn(
    body(function* () {
      yield* get(sleep(1));
      throw error;
    }),
  );
  for (let i = 0; i < 3; i++) {
    let caught: unknown;
    try {
      yield* get(task);
    } catch (each) {
      caught = each;
    }
    expect(caught).toBe(error);
  }
});

inBothStyles("a handle can be awaited by many, before and after the end", function* ({ body }) {
  const task = spawn(
    body(function* () {
      yield* get(sleep(10));
      return { the: "value" };
    }),
  );
  const early = [1, 2, 3].map(() =>
    spawn(
      body(function* () {
        return yield* get(task);
      }),
    ),
  );
  const [a, b] = yield* get(join(task, task));
  const late = yield* get(task);
  expect(b).toBe(a);
  expect(late).toBe(a);
  for (const each of early) expect(yield* get(each)).toBe(a);
});

inBothStyles(
  "RT-12 a task that throws harms nobody: its finally ran, the runtime goes on",
  function* ({ body }) {
    const log: string[] = [];
    const failing = spawn(
      body(function* (): Steps<void> {
        try {
          yield* get(sleep(1));
          throw new Error("boom");
        } finally {
          log.push("finally");
        }
      }),
    );
    const other = spawn(
      body(function* () {
        yield* get(sleep(5));
        return "fine";
      }),
    );
    expect(yield* get(failing.settled())).toMatchObject({ status: "rejected", reason: { message: "boom" } });
    expect(yield* get(other)).toBe("fine");
    expect(log).toEqual(["finally"]);
  },
);

inBothStyles("a handle completes only after the task's cleanup", function* ({ body, clock }) {
  const task = spawn(
    body(function* () {
      try {
        yield* get(pending());
      } finally {
        yield* get(sleep(30));
      }
    }),
  );
  yield* get(sleep(1));
  task.abort();
  yield* get(sleep(1));
  expect(task.isFinished).toBe(false);
  yield* get(task.settled());
  expect(task.isFinished).toBe(true);
  expect(clock.now()).toBe(31);
});

inBothStyles(
  "losing a select or a timeout leaves the task running and the handle usable",
  function* ({ body, clock }) {
    const task = spawn(
      body(function* () {
        yield* get(sleep(100));
        return "done";
      }),
    );
    expect((yield* get(select({ task, tick: sleep(10) }))).key).toBe("tick");
    let error: unknown;
    try {
      yield* get(timeout(10, task));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(TimeoutError);
    expect(task.isFinished).toBe(false);
    expect(yield* get(task)).toBe("done");
    expect(clock.now()).toBe(100);
  },
);

inBothStyles("using aborts the task at the end of the block", function* ({ body }) {
  let handle: JoinHandle<void>;
  {
    using task = spawn(
      body(function* () {
        yield* get(pending<void>());
      }),
    );
    handle = task;
    yield* get(sleep(1));
  }
  expect(yield* get(handle.settled())).toMatchObject({ status: "cancelled" });
});

test("await using aborts the task and waits for its cleanup", () =>
  paused(async (clock) => {
    const log: string[] = [];
    {
      await using _task = spawn(function* () {
        try {
          yield* pending();
        } finally {
          yield* sleep(20);
          log.push(`cleaned up at ${clock.now()}`);
        }
      });
      await sleep(1);
    }
    expect(log).toEqual(["cleaned up at 21"]);
  }));

test("an abort handle aborts, knows whether the task has finished, and cannot join", () =>
  paused(async () => {
    const task = spawn(pending());
    const handle = task.abortHandle();
    expect(handle.id).toBe(task.id);
    await sleep(1);
    expect(handle.isFinished).toBe(false);
    handle.abort("by handle");
    expect(await task.settled()).toEqual({ status: "cancelled", reason: "by handle" });
    expect(handle.isFinished).toBe(true);
    expect(handle).not.toHaveProperty("then");
  }));

test("a handle is the same whether polled, yielded or awaited, and wakes each once", () =>
  paused(async () => {
    const task = spawn(sleep(5));
    const first = step(task);
    const second = step(task);
    expect(first.poll()).toBe(PENDING);
    expect(second.poll()).toBe(PENDING);
    first.drop();
    await task;
    expect([first.wakeCount, second.wakeCount]).toEqual([0, 1]);
    expect(second.poll()).toBeUndefined();
  }));

test("RT-03 a task is polled once for each wake-up, and once to begin with", () =>
  paused(async () => {
    const { metrics } = { metrics: () => Runtime.current().metrics().polls };
    let polls = 0;
    const task = spawn(function* () {
      polls++;
      for (let i = 0; i < 3; i++) {
        yield* sleep(1);
        polls++;
      }
    });
    const before = metrics();
    await task;
    expect(polls).toBe(4);
    // Its four polls, and that of whoever awaits it.
    expect(metrics() - before).toBe(5);
  }));

test("a detached task's failure is reported at once, a cancellation never", async () => {
  const failures: TaskFailure[] = [];
  await paused(
    async () => {
      const failing = spawn(
        async () => {
          await sleep(5);
          throw new Error("unseen");
        },
        { name: "failing" },
      );
      failing.detach();
      const aborted = spawn(pending());
      aborted.detach();
      await sleep(1);
      aborted.abort();
      expect(failures).toEqual([]);
      await sleep(5);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatchObject({ id: failing.id, name: "failing", error: { message: "unseen" } });
      const late = spawn(() => Promise.reject(new Error("late")));
      await sleep(1);
      expect(failures).toHaveLength(1);
      late.detach();
      expect(failures).toHaveLength(2);
    },
    { onTaskFailure: (failure) => failures.push(failure) },
  );
  expect(failures).toHaveLength(2);
});

test("a handle disposed with await using reports a failure of the cleanup", async () => {
  const failures: unknown[] = [];
  await paused(
    async () => {
      await using _task = spawn(async () => {
        try {
          await pending();
        } finally {
          await Promise.reject(new Error("cleanup"));
        }
      });
      await sleep(1);
    },
    { onTaskFailure: ({ error }) => failures.push((error as Error).message) },
  );
  expect(failures).toEqual(["cleanup"]);
});

test("a joiner that is cancelled leaves the joined task alone", () =>
  paused(async () => {
    const task = spawn(sleep(50).map(() => "kept"));
    const joiner = spawn(async () => await task);
    await sleep(1);
    joiner.abort();
    await expect(joiner).rejects.toBeInstanceOf(CancelledError);
    expect(await task).toBe("kept");
  }));

test("a chain of tasks joining one another is as deep as it likes", () =>
  paused(async () => {
    const chain = (depth: number): JoinHandle<number> =>
      spawn(function* () {
        return depth === 0 ? 0 : 1 + (yield* chain(depth - 1));
      });
    expect(await chain(5000)).toBe(5000);
  }));
