/** What `abort` does to a body that waits, in both styles. */
import {
  asyncFn,
  CancelledError,
  currentTask,
  join,
  mpsc,
  Notify,
  pending,
  pollFn,
  PENDING,
  scope,
  select,
  sleep,
  spawn,
  timeout,
  yieldNow,
  type Future,
  type JoinHandle,
  type TaskScope,
} from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles, styles } from "../both-styles.ts";

function fail(message: string): never {
  throw new RangeError(message);
}

inBothStyles(
  "aborting drops the innermost pending future and throws CancelledError there, once",
  function* ({ body }) {
    const log: string[] = [];
    const task = spawn(
      body(function* () {
        try {
          yield* get(
            pollFn(
              () => PENDING,
              () => log.push("dropped"),
            ),
          );
        } catch (error) {
          log.push((error as Error).name);
          yield* get(sleep(10));
          log.push("cleaned up");
          throw error;
        }
      }),
    );
    yield* get(sleep(1));
    task.abort("enough");
    expect(log).toEqual([]);
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "enough" });
    expect(log).toEqual(["dropped", "AbortError", "cleaned up"]);
  },
);

inBothStyles(
  "a body that was aborted while an await had its result already is cancelled at the next one, even if that fails at once",
  function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(1);
    const task = spawn(
      body(function* () {
        for (let n = 1; ; n++) yield* get(tx.send(n));
      }),
    );
    yield* get(rx.recv());
    yield* get(rx.recv()); // what it waits for is there, and it has not gone on
    task.abort("left");
    rx[Symbol.dispose]();
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "left" });
  },
);

inBothStyles(
  "ABT-01 aborting a sleeping task does not throw; awaiting it gives CancelledError",
  function* ({ body, clock }) {
    const task = spawn(
      body(function* () {
        yield* get(sleep(1000));
      }),
      { name: "sleeper" },
    );
    yield* get(sleep(5));
    task.abort();
    let caught: unknown;
    try {
      yield* get(task);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(CancelledError);
    expect((caught as CancelledError).code).toBe("ABORT_ERR");
    expect((caught as CancelledError).message).toContain("sleeper");
    expect(clock.now()).toBe(5);
    expect(task.isFinished).toBe(true);
  },
);

inBothStyles(
  "ABT-04 a task whose handle was let go is still cancelled promptly",
  function* ({ body, clock }) {
    let ended = -1;
    {
      const task = spawn(
        body(function* () {
          try {
            yield* get(sleep(1000));
          } finally {
            ended = clock.now();
          }
        }),
      );
      yield* get(sleep(5));
      task.abort();
      task.detach();
    }
    yield* get(sleep(1));
    expect(ended).toBe(5);
  },
);

inBothStyles("a task that never started runs nothing", function* ({ body }) {
  let ran = false;
  const task = spawn(
    body(function* () {
      ran = true;
      yield* get(sleep(1));
    }),
  );
  task.abort("no");
  expect(task.isFinished).toBe(true);
  expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "no" });
  expect(ran).toBe(false);
});

inBothStyles("a future given to spawn is dropped when its task is aborted, started or not", function* () {
  const drops: string[] = [];
  const never = (name: string) =>
    pollFn<void>(
      () => PENDING,
      () => drops.push(name),
    );
  const fresh = spawn(never("fresh"));
  fresh.abort();
  const started = spawn(never("started"));
  yield* get(sleep(1));
  started.abort();
  expect(yield* get(fresh.settled())).toMatchObject({ status: "cancelled" });
  expect(yield* get(started.settled())).toMatchObject({ status: "cancelled" });
  expect(drops).toEqual(["fresh", "started"]);
});

inBothStyles("aborting is idempotent and the first reason stays", function* ({ body }) {
  let thrown = 0;
  const task = spawn(
    body(function* () {
      try {
        yield* get(pending());
      } catch (error) {
        thrown++;
        yield* get(sleep(5));
        throw error;
      }
    }),
  );
  yield* get(sleep(1));
  task.abort("first");
  task.abort("second");
  yield* get(sleep(1));
  task.abort("third");
  expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "first" });
  expect(thrown).toBe(1);
});

inBothStyles("aborting a finished task has no effect", function* ({ body }) {
  const task = spawn(
    body(function* () {
      yield* get(sleep(1));
      return 7;
    }),
  );
  expect(yield* get(task)).toBe(7);
  task.abort();
  expect(yield* get(task)).toBe(7);
});

inBothStyles("a task that aborts itself goes on to its next suspension point", function* ({ body }) {
  const log: string[] = [];
  const task: JoinHandle<void> = spawn(
    body(function* () {
      task.abort("self");
      log.push(`still running, cancelled: ${currentTask()?.isCancelled}`);
      try {
        yield* get(sleep(1));
        log.push("not reached");
      } finally {
        log.push("finally");
      }
    }),
  );
  expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "self" });
  expect(log).toEqual(["still running, cancelled: true", "finally"]);
});

inBothStyles("a task that aborts itself in its last step is fulfilled", function* ({ body }) {
  const task: JoinHandle<number> = spawn(
    body(function* () {
      yield* get(sleep(1));
      task.abort();
      return 3;
    }),
  );
  expect(yield* get(task)).toBe(3);
});

inBothStyles(
  "a child can abort its parent; the parent's cleanup may wait for the child",
  function* ({ body }) {
    const log: string[] = [];
    const parent: JoinHandle<void> = spawn(
      body(function* () {
        const child = spawn(
          body(function* () {
            yield* get(sleep(1));
            parent.abort("from below");
            yield* get(sleep(5));
            log.push("child done");
          }),
        );
        try {
          yield* get(pending());
        } finally {
          yield* get(child);
          log.push("parent cleaned up");
        }
      }),
    );
    expect(yield* get(parent.settled())).toEqual({ status: "cancelled", reason: "from below" });
    expect(log).toEqual(["child done", "parent cleaned up"]);
  },
);

inBothStyles("a message is not lost when its receiver is aborted after it was woken", function* ({ body }) {
  const [tx, rx] = mpsc.channel<string>(4);
  const got: string[] = [];
  const task = spawn(
    body(function* () {
      for (;;) got.push((yield* get(rx.recv()))!);
    }),
  );
  yield* get(sleep(1));
  tx.trySend("a");
  task.abort();
  yield* get(task.settled());
  expect(got).toEqual([]);
  expect(rx.tryRecv()).toMatchObject({ ok: true, value: "a" });
});

inBothStyles(
  "a catch that swallows the cancellation and returns a value: fulfilled with it",
  function* ({ body }) {
    const task = spawn(
      body(function* () {
        try {
          yield* get(pending());
        } catch {
          yield* get(sleep(3));
          return "anyway";
        }
        return "no";
      }),
    );
    yield* get(sleep(1));
    task.abort();
    expect(yield* get(task)).toBe("anyway");
  },
);

inBothStyles("an error thrown by cleanup wins over the cancellation", function* ({ body }) {
  const task = spawn(
    body(function* () {
      try {
        yield* get(pending());
      } finally {
        yield* get(sleep(1));
        fail("cleanup failed");
      }
    }),
  );
  yield* get(sleep(1));
  task.abort();
  const outcome = yield* get(task.settled());
  expect(outcome).toMatchObject({ status: "rejected", reason: { message: "cleanup failed" } });
});

inBothStyles(
  "cleanup may wait for the cleanup window; then every wait rejects again",
  function* ({ body, clock }) {
    const log: string[] = [];
    const task = spawn(
      body(function* () {
        try {
          yield* get(pending());
        } finally {
          yield* get(sleep(99));
          log.push(`first ${clock.now()}`);
          try {
            yield* get(sleep(50));
          } catch (error) {
            log.push(`${(error as Error).name} ${clock.now()}`);
          }
        }
      }),
    );
    yield* get(sleep(1));
    task.abort();
    yield* get(task.settled());
    expect(log).toEqual(["first 100", "AbortError 101"]);
    expect(clock.now()).toBe(101);
  },
  { cleanupWindow: 100 },
);

inBothStyles(
  "a body that swallows every cancellation in a loop is left behind after the window",
  function* ({ body, clock }) {
    let caught = 0;
    let isOver = false;
    const task = spawn(
      body(function* () {
        while (!isOver) {
          try {
            yield* get(sleep(10));
          } catch {
            caught++;
          }
        }
      }),
    );
    yield* get(sleep(1));
    task.abort("stop");
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "stop" });
    expect(clock.now()).toBe(101);
    expect(caught).toBeGreaterThanOrEqual(2);
    isOver = true;
  },
  { cleanupWindow: 100 },
);

inBothStyles(
  "a body stuck in a foreign promise past the window settles as cancelled",
  function* ({ clock }) {
    let release!: () => void;
    const foreign = new Promise<void>((resolve) => (release = resolve));
    const seen: string[] = [];
    const task = spawn(
      async () => {
        await foreign;
        try {
          await sleep(1);
        } catch (error) {
          seen.push((error as Error).name);
        } finally {
          seen.push("finally");
        }
      },
      { name: "stuck" },
    );
    yield* get(sleep(1));
    task.abort("now");
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "now" });
    expect(clock.now()).toBe(101);
    // Should it come back after all, its awaits reject, so that it still unwinds.
    release();
    yield* get(sleep(1));
    expect(seen).toEqual(["AbortError", "finally"]);
  },
  { cleanupWindow: 100 },
);

inBothStyles("a body in a foreign promise is cancelled at its next await of a future", function* ({ clock }) {
  let release!: () => void;
  const foreign = new Promise<void>((resolve) => (release = resolve));
  const log: string[] = [];
  const task = spawn(async () => {
    await foreign;
    log.push("foreign done");
    await sleep(1000);
    log.push("not reached");
  });
  yield* get(sleep(1));
  task.abort();
  yield* get(sleep(10));
  expect(task.isFinished).toBe(false);
  release();
  expect(yield* get(task.settled())).toMatchObject({ status: "cancelled" });
  expect(log).toEqual(["foreign done"]);
  expect(clock.now()).toBe(11);
});

inBothStyles(
  "using and await using run while the cancellation unwinds, in reverse order",
  function* ({ body }) {
    const log: string[] = [];
    const resource = (name: string) => ({
      [Symbol.dispose]: () => void log.push(name),
    });
    const slow = (name: string) => ({
      async [Symbol.asyncDispose]() {
        await sleep(5);
        log.push(name);
      },
    });
    const task = spawn(async () => {
      using _a = resource("a");
      await using _b = slow("b");
      using _c = resource("c");
      await sleep(1000);
    });
    const generator = spawn(function* () {
      using _a = resource("ga");
      using _b = resource("gb");
      yield* sleep(1000);
    });
    void body;
    yield* get(sleep(1));
    task.abort();
    generator.abort();
    yield* get(task.settled());
    yield* get(generator.settled());
    expect(log.filter((name) => name.startsWith("g"))).toEqual(["gb", "ga"]);
    expect(log.filter((name) => !name.startsWith("g"))).toEqual(["c", "b", "a"]);
  },
);

inBothStyles(
  "nested asyncFn calls unwind from the inside out, waiting for each cleanup",
  function* ({ body, clock }) {
    const log: string[] = [];
    const level = (depth: number): Future<void> =>
      asyncFn(
        body(function* () {
          try {
            yield* get(depth === 0 ? sleep(10_000) : level(depth - 1));
          } catch (error) {
            yield* get(sleep(10));
            log.push(`${depth} ${(error as Error).name} ${clock.now()}`);
            throw error;
          }
        }),
      )();
    const task = spawn(
      body(function* () {
        try {
          yield* get(level(2));
        } finally {
          yield* get(sleep(10));
          log.push(`task ${clock.now()}`);
        }
      }),
    );
    yield* get(sleep(1));
    task.abort("why");
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "why" });
    expect(log).toEqual(["0 AbortError 11", "1 AbortError 21", "2 AbortError 31", "task 41"]);
  },
);

inBothStyles(
  "each level of an unwinding has a cleanup window of its own",
  function* ({ body, clock }) {
    const log: string[] = [];
    const inner = asyncFn(
      body(function* () {
        try {
          yield* get(pending());
        } finally {
          yield* get(sleep(80));
          log.push(`inner ${clock.now()}`);
        }
      }),
    );
    const task = spawn(
      body(function* () {
        try {
          yield* get(inner());
        } finally {
          yield* get(sleep(80));
          log.push(`outer ${clock.now()}`);
        }
      }),
    );
    yield* get(sleep(1));
    task.abort();
    yield* get(task.settled());
    expect(log).toEqual(["inner 81", "outer 161"]);
  },
  { cleanupWindow: 100 },
);

inBothStyles(
  "past the window the inner level is unwound before the outer one",
  function* ({ body }) {
    const log: string[] = [];
    const inner = asyncFn(
      body(function* () {
        try {
          yield* get(pending());
        } finally {
          try {
            yield* get(sleep(1000));
          } finally {
            log.push("inner");
          }
        }
      }),
    );
    const task = spawn(
      body(function* () {
        try {
          yield* get(inner());
        } finally {
          log.push("outer");
        }
      }),
    );
    yield* get(sleep(1));
    task.abort();
    yield* get(task.settled());
    expect(log).toEqual(["inner", "outer"]);
  },
  { cleanupWindow: 100 },
);

type Make = () => Future<void>;
const wraps: readonly (readonly [string, (a: Make, b: Make) => Future<unknown>])[] = [
  ["join", (a, b) => join(a(), b())],
  ["select", (a, b) => select({ a: a(), b: b() })],
  ["timeout", (a, b) => timeout(1e6, join(a(), b()))],
  [
    "scope",
    (a, b) =>
      scope(async (s) => {
        s.spawn(a());
        await b();
      }),
  ],
];
for (const [name, wrap] of wraps) {
  inBothStyles(
    `a cancellation reaches every branch of ${name}, and waits for their cleanup`,
    function* ({ body, clock }) {
      const log: string[] = [];
      const branch = asyncFn(
        body(function* (id: string) {
          try {
            yield* get(pending<void>());
          } finally {
            yield* get(sleep(10));
            log.push(id);
          }
        }),
      );
      const task = spawn(
        body(function* () {
          yield* get(
            wrap(
              () => branch("a"),
              () => branch("b"),
            ),
          );
        }),
      );
      yield* get(sleep(1));
      task.abort();
      expect(yield* get(task.settled())).toMatchObject({ status: "cancelled" });
      expect(log.sort()).toEqual(["a", "b"]);
      expect(clock.now()).toBe(11);
    },
  );
}

inBothStyles(
  "a losing branch cleans up by itself, and its task does not end before it has",
  function* ({ body, clock }) {
    const log: string[] = [];
    const slow = asyncFn(
      body(function* () {
        try {
          yield* get(sleep(1000));
        } finally {
          yield* get(sleep(20));
          log.push(`loser ${clock.now()}`);
        }
      }),
    );
    const task = spawn(
      body(function* () {
        const won = yield* get(select({ slow: slow(), quick: sleep(5) }));
        log.push(`${won.key} ${clock.now()}`);
      }),
    );
    yield* get(task);
    expect(log).toEqual(["quick 5", "loser 25"]);
    expect(clock.now()).toBe(25);
  },
);

inBothStyles(
  "the signal of the context fires with the cancellation, and isCancelled follows",
  function* ({ body }) {
    let signal!: AbortSignal;
    let isCancelled: () => boolean = () => false;
    const task = spawn((cx) => {
      signal = cx.signal;
      isCancelled = () => cx.isCancelled;
      return body(function* () {
        yield* get(pending());
      })() as never;
    });
    yield* get(sleep(1));
    expect([signal.aborted, isCancelled()]).toEqual([false, false]);
    task.abort("gone");
    expect([signal.aborted, isCancelled()]).toEqual([true, true]);
    expect(signal.reason).toBeInstanceOf(CancelledError);
    expect((signal.reason as CancelledError).reason).toBe("gone");
    yield* get(task.settled());
  },
);

inBothStyles("a signal asked for after the cancellation has already fired", function* ({ body }) {
  let aborted: boolean | undefined;
  const task: JoinHandle<void> = spawn(
    body(function* () {
      try {
        yield* get(pending());
      } finally {
        aborted = currentTask()!.id === task.id && (currentTask() as { signal: AbortSignal }).signal.aborted;
      }
    }),
  );
  yield* get(sleep(1));
  task.abort();
  yield* get(task.settled());
  expect(aborted).toBe(true);
});

inBothStyles(
  "a cancelled task that does not wait is not disturbed: ready futures give their values",
  function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(8);
    for (let i = 0; i < 5; i++) tx.trySend(i);
    const got: number[] = [];
    const task: JoinHandle<void> = spawn(
      body(function* () {
        task.abort();
        for (let i = 0; i < 5; i++) got.push((yield* get(rx.recv()))!);
        yield* get(rx.recv());
      }),
    );
    expect(yield* get(task.settled())).toMatchObject({ status: "cancelled" });
    expect(got).toEqual([0, 1, 2, 3, 4]);
  },
);

inBothStyles(
  "what an abandoned scope started is waited for, also after a self-abort",
  function* ({ body, clock }) {
    const log: string[] = [];
    const task: JoinHandle<void> = spawn(
      body(function* () {
        task.abort("self");
        yield* get(
          scope(
            body(function* (s: TaskScope) {
              s.spawn(
                body(function* () {
                  try {
                    yield* get(pending());
                  } finally {
                    yield* get(sleep(10));
                    log.push("child");
                  }
                }),
              );
              yield* get(yieldNow());
              yield* get(pending());
            }) as never,
          ),
        );
      }),
    );
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "self" });
    expect(clock.now() === 10 ? log : log.length).toEqual(clock.now() === 10 ? ["child"] : 0);
  },
);

test.each(styles)(
  "a waiter that is aborted leaves no trace in what it waited for [$name]",
  async ({ body }) => {
    await paused(async () => {
      const notify = new Notify();
      const tasks = Array.from({ length: 3 }, (_, i) =>
        spawn(
          body(function* () {
            yield* get(notify.notified());
            return i;
          }),
        ),
      );
      await sleep(1);
      tasks[0]!.abort();
      await sleep(1);
      notify.notifyOne();
      expect(await tasks[1]).toBe(1);
      notify.notifyOne();
      expect(await tasks[2]).toBe(2);
    });
  },
);

inBothStyles(
  "aborting one of two tasks that await the same memoised future disturbs neither it nor the other",
  function* ({ clock }) {
    const future = sleep(50);
    const first = spawn(async () => await future);
    yield* get(sleep(1));
    const second = spawn(async () => await future);
    yield* get(sleep(1));
    second.abort("me only");
    expect(yield* get(second.settled())).toEqual({ status: "cancelled", reason: "me only" });
    expect(clock.now()).toBe(2);
    yield* get(first);
    expect(clock.now()).toBe(50);
  },
);

inBothStyles(
  "an async function called through asyncFn belongs to the task that calls it, not to its spawner",
  function* ({ body }) {
    const ids: unknown[] = [];
    const notify = new Notify();
    const helper = asyncFn(async () => {
      ids.push(currentTask()?.id);
      await sleep(1);
      ids.push(currentTask()?.id);
      await notify.notified();
      return "helped";
    });
    let inner: JoinHandle<string> | undefined;
    const holder = spawn(async () => {
      inner = spawn(
        body(function* () {
          return yield* get(helper());
        }),
      );
      await pending();
    });
    yield* get(sleep(5));
    expect(ids).toEqual([inner!.id, inner!.id]);
    // The spawner's end is none of its business.
    holder.abort();
    yield* get(holder.settled());
    notify.notifyOne();
    expect(yield* get(inner!)).toBe("helped");
  },
);

test("cancelling an async task ends the plain async functions that it waits for", () =>
  paused(async (clock) => {
    const log: string[] = [];
    const helper = async () => {
      try {
        await sleep(1000);
      } finally {
        log.push(`helper ${clock.now()}`);
      }
    };
    const task = spawn(async () => {
      await sleep(1);
      await Promise.all([helper(), helper()]);
    });
    await sleep(5);
    task.abort();
    expect(await task.settled()).toMatchObject({ status: "cancelled" });
    expect(log).toEqual(["helper 5", "helper 5"]);
  }));
