import {
  CancellationToken,
  CancelledError,
  currentTask,
  FutureConsumedError,
  pending,
  ready,
  Runtime,
  sleep,
  spawn,
  consumeBudget,
  yieldNow,
  type Future,
  type JoinHandle,
} from "millrace";
import { paused } from "millrace/testing";
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { get, inBothStyles, type Steps } from "../both-styles.ts";
import { nextTurn } from "../turn.ts";

const host = (steps: () => Promise<void>) => () => new Runtime().run(steps);

inBothStyles(
  "a task starts no earlier than its spawner's next suspension, and in order",
  function* ({ body }) {
    const log: string[] = [];
    const record = (name: string) =>
      spawn(
        body(function* (): Steps<void> {
          log.push(name);
        }),
      );
    const handles = [record("a"), record("b"), record("c")];
    log.push("spawner");
    yield* get(yieldNow());
    expect(log).toEqual(["spawner", "a", "b", "c"]);
    expect(handles.map((handle) => handle.isFinished)).toEqual([true, true, true]);
  },
);

inBothStyles(
  "a task that is joined before it ran may run at once; the others keep their order",
  function* ({ body }) {
    const log: string[] = [];
    const record = (name: string) =>
      spawn(
        body(function* () {
          log.push(name);
          yield* get(sleep(1));
          return name;
        }),
      );
    const [a, b, c] = [record("a"), record("b"), record("c")];
    expect(yield* get(c)).toBe("c");
    expect(yield* get(a)).toBe("a");
    expect(yield* get(b)).toBe("b");
    expect(log.filter((name) => name !== "c")).toEqual(["a", "b"]);
  },
);

test("async, generator and plain functions and futures can be spawned", () =>
  paused(async () => {
    expect(await spawn(async () => 1)).toBe(1);
    expect(
      await spawn(function* () {
        yield* sleep(1);
        return 2;
      }),
    ).toBe(2);
    expect(await spawn(() => 3)).toBe(3);
    expect(await spawn(ready(4))).toBe(4);
    expect(await spawn(() => sleep(5).map(() => 5))).toBe(5);
    expect(
      await spawn(() => {
        // An arrow that returns a routine is a generator body, too.
        return (function* () {
          yield* sleep(1);
          return 6;
        })();
      }),
    ).toBe(6);
  }));

test("a plain function that throws fails its task with that very error", () =>
  paused(async () => {
    const error = new RangeError("mine");
    const task = spawn(() => {
      throw error;
    });
    await expect(task).rejects.toBe(error);
  }));

test.each([
  ["a number", 1],
  ["nothing", undefined],
  ["null", null],
  ["a promise", Promise.resolve()],
  ["a routine", (function* () {})()],
])("spawning %s throws a TypeError at the caller's line, and starts nothing", (_name, body) =>
  paused(async () => {
    const before = Runtime.current().metrics().spawned;
    expect(() => spawn(body as never)).toThrow(TypeError);
    expect(Runtime.current().metrics().spawned).toBe(before);
  }),
);

test("a consumed future can be spawned only as a rejection", () =>
  paused(async () => {
    const future = sleep(1);
    await spawn(future);
    await expect(spawn(future)).rejects.toBeInstanceOf(FutureConsumedError);
  }));

inBothStyles(
  "TID-01 live tasks have different ids, and the handle's is the one inside",
  function* ({ body }) {
    const tasks: JoinHandle<[number, string | undefined]>[] = [];
    for (let i = 0; i < 10; i++) {
      tasks.push(
        spawn(
          body(function* (): Steps<[number, string | undefined]> {
            const first = currentTask()!.id;
            yield* get(sleep(1));
            expect(currentTask()!.id).toBe(first);
            return [first, currentTask()!.name];
          }),
          { name: `task ${i}` },
        ),
      );
    }
    const ids = new Set<number>();
    for (const [i, task] of tasks.entries()) {
      expect(yield* get(task)).toEqual([task.id, `task ${i}`]);
      expect(task.name).toBe(`task ${i}`);
      ids.add(task.id);
    }
    expect(ids.size).toBe(10);
  },
);

test("outside of any task there is no current one", () => {
  expect(currentTask()).toBeUndefined();
});

inBothStyles("the context given to the body is the current task", function* () {
  let same: boolean | undefined;
  const task = spawn((cx) => {
    same = cx === currentTask();
  });
  yield* get(task);
  expect(same).toBe(true);
});

const stops: readonly (readonly [
  string,
  () => { stop: AbortSignal | CancellationToken; fire(reason: unknown): void },
])[] = [
  [
    "an AbortSignal",
    () => {
      const controller = new AbortController();
      return { stop: controller.signal, fire: (reason) => controller.abort(reason) };
    },
  ],
  [
    "a CancellationToken",
    () => {
      const token = new CancellationToken();
      return { stop: token, fire: (reason) => token.cancel(reason) };
    },
  ],
  [
    "a child token",
    () => {
      const token = new CancellationToken();
      return { stop: token.childToken(), fire: (reason) => token.cancel(reason) };
    },
  ],
];

for (const [name, make] of stops) {
  inBothStyles(`${name} given to spawn aborts the task with its reason`, function* ({ body, clock }) {
    const { stop, fire } = make();
    const task = spawn(
      body(function* () {
        yield* get(sleep(1000));
      }),
      { signal: stop },
    );
    yield* get(sleep(5));
    expect(task.isFinished).toBe(false);
    fire("over");
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "over" });
    expect(clock.now()).toBe(5);
  });

  inBothStyles(`${name} that has already fired runs nothing`, function* ({ body }) {
    const { stop, fire } = make();
    fire("early");
    let ran = false;
    const task = spawn(
      body(function* () {
        ran = true;
        yield* get(sleep(1));
      }),
      { signal: stop },
    );
    expect(task.isFinished).toBe(true);
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "early" });
    expect(ran).toBe(false);
  });
}

inBothStyles("a token is not mistaken for fired by a spawner without budget", function* ({ body }) {
  const token = new CancellationToken();
  for (let i = 0; i < 128; i++) yield* get(consumeBudget());
  const task = spawn(
    body(function* () {
      yield* get(sleep(10));
      return "ran";
    }),
    { signal: token },
  );
  expect(yield* get(task)).toBe("ran");
});

test("a listener on a signal is removed when the task ends, however it ends", () =>
  paused(async () => {
    const { signal } = new AbortController();
    const done = spawn(async () => 1, { signal });
    const failed = spawn(() => Promise.reject(new Error("no")), { signal });
    const aborted = spawn(pending(), { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(3);
    await done;
    await expect(failed).rejects.toThrow("no");
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    aborted.abort();
    await expect(aborted).rejects.toBeInstanceOf(CancelledError);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  }));

test(
  "RT-08 a task that spins with yieldNow starves nobody: tasks, timers and I/O go on",
  host(async () => {
    let spins = 0;
    let stop = false;
    const spinner = spawn(function* () {
      while (!stop) {
        spins++;
        yield* yieldNow();
      }
    });
    const other = spawn(async () => {
      await sleep(3);
      return "other";
    });
    const immediate = new Promise((resolve) => nextTurn(() => resolve("immediate")));
    expect(await immediate).toBe("immediate");
    expect(await other).toBe("other");
    stop = true;
    await spinner;
    expect(spins).toBeGreaterThan(1);
  }),
);

const endless: readonly (readonly [string, () => Future<unknown>])[] = [
  ["joins of finished tasks", () => finished],
  ["joins of fresh tasks", () => spawn(() => 1)],
  ["consumeBudget", () => consumeBudget()],
];
let finished: JoinHandle<number>;
for (const [name, make] of endless) {
  inBothStyles(`a loop of ${name} lets others run`, function* ({ body }) {
    finished = spawn(() => 1);
    yield* get(finished);
    let others = 0;
    let rounds = 0;
    const other = spawn(
      body(function* () {
        for (let i = 0; i < 3; i++) {
          yield* get(yieldNow());
          others++;
        }
      }),
    );
    while (others < 3 && rounds++ < 10_000) yield* get(make());
    expect(others).toBe(3);
    yield* get(other);
  });
}
