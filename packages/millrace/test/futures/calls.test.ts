import {
  asyncFn,
  CancelledError,
  currentTask,
  fromPromise,
  join,
  now,
  pending,
  race,
  ready,
  select,
  shield,
  sleep,
  spawn,
  type Future,
} from "millrace";
import { paused, step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles, styles, type Steps, type Style } from "../both-styles.ts";
import { Probe } from "../probe.ts";

describe("asyncFn", () => {
  const double: Record<string, (n: number) => Future<number>> = {
    "an async function": asyncFn(async (n: number) => {
      await sleep(1);
      return n * 2;
    }),
    "a generator function": asyncFn(function* (n: number) {
      yield* sleep(1);
      return n * 2;
    }),
    "a plain function": asyncFn((n: number) => n * 2),
    "a function that returns a promise": asyncFn((n: number) => Promise.resolve(n * 2)),
    "a function that returns a future": asyncFn((n: number) => sleep(1).map(() => n * 2)),
    "a function that returns a routine": asyncFn((n: number) =>
      (function* () {
        yield* sleep(1);
        return n * 2;
      })(),
    ),
  };
  for (const [name, f] of Object.entries(double)) {
    inBothStyles(`the body may be ${name}`, function* () {
      expect(yield* get(f(21))).toBe(42);
      expect(yield* get(join(f(1), f(2), f(3)))).toEqual([2, 4, 6]);
      expect(yield* get(spawn(f(4)))).toBe(8);
    });
  }

  const failing: Record<string, (error: unknown) => Future<unknown>> = {
    "an async function": asyncFn(async (error: unknown) => {
      throw error;
    }),
    "a generator function": asyncFn(function* (error: unknown) {
      yield* sleep(1);
      throw error;
    }),
    "a plain function": asyncFn((error: unknown) => {
      throw error;
    }),
    "a function that returns a future": asyncFn((error: unknown) =>
      ready(1).map(() => {
        throw error;
      }),
    ),
  };
  for (const [name, f] of Object.entries(failing)) {
    inBothStyles(`what ${name} throws is thrown unchanged`, function* () {
      const error = new Error("mine");
      let caught: unknown;
      try {
        yield* get(f(error));
      } catch (reason) {
        caught = reason;
      }
      expect(caught).toBe(error);
      for (const value of [undefined, null, 0, "text"]) {
        expect(yield* get(f(value).settled())).toEqual({ status: "rejected", reason: value });
      }
    });
  }

  inBothStyles("every argument arrives, and each call is a run of its own", function* ({ body }) {
    const seen: unknown[][] = [];
    const f = asyncFn(
      body(function* (...args: unknown[]) {
        yield* get(sleep(1));
        return seen.push(args);
      }),
    );
    expect(yield* get(f())).toBe(1);
    expect(yield* get(f(1, "two", undefined))).toBe(2);
    expect(seen).toEqual([[], [1, "two", undefined]]);
  });

  inBothStyles("a call belongs to the task that polls it, not to a task of its own", function* ({ body }) {
    const whoAmI = asyncFn(
      body(function* () {
        const first = currentTask()?.id;
        yield* get(sleep(1));
        return [first, currentTask()?.id];
      }),
    );
    const here = currentTask()?.id;
    expect(yield* get(whoAmI())).toEqual([here, here]);
    const task = spawn(whoAmI());
    expect(yield* get(task)).toEqual([task.id, task.id]);
  });

  inBothStyles("calls nest to any depth", function* ({ body }) {
    const down = (n: number): Future<number> =>
      asyncFn(
        body(function* () {
          if (n > 0) return (yield* get(down(n - 1))) + 1;
          yield* get(sleep(1));
          return 0;
        }),
      )();
    expect(yield* get(down(200))).toBe(200);
  });
});

describe("each call is a cancellation branch of its own", () => {
  inBothStyles(
    "dropping one call unwinds it alone; its siblings and its caller go on",
    function* ({ body, clock }) {
      const log: string[] = [];
      const work = asyncFn(
        body(function* (name: string, ms: number) {
          try {
            yield* get(sleep(ms));
            log.push(`${name} done at ${clock.now()}`);
          } catch (error) {
            log.push(`${name} ${(error as Error).name} at ${clock.now()}`);
            throw error;
          } finally {
            log.push(`${name} finally`);
          }
          return name;
        }),
      );
      const won = yield* get(race(work("slow", 100), work("fast", 10)));
      expect(won).toBe("fast");
      yield* get(sleep(200));
      expect(log).toEqual(["fast done at 10", "fast finally", "slow AbortError at 10", "slow finally"]);
    },
  );

  inBothStyles("what it waits for is dropped before CancelledError is thrown in it", function* ({ body }) {
    const probe = new Probe();
    let drops = -1;
    const work = asyncFn(
      body(function* () {
        try {
          yield* get(probe);
        } finally {
          drops = probe.drops;
        }
      }),
    );
    yield* get(select({ work: work(), tick: sleep(1) }));
    yield* get(sleep(1));
    expect([drops, probe.drops]).toEqual([1, 1]);
  });

  inBothStyles(
    "the error says which call was abandoned, and carries the reason of the abort",
    function* ({ body }) {
      let caught: unknown;
      const work = asyncFn(
        body(function* work() {
          try {
            yield* get(pending());
          } catch (error) {
            caught = error;
            throw error;
          }
        }),
      );
      const task = spawn(
        body(function* () {
          yield* get(join(work(), sleep(100)));
        }),
        { name: "outer" },
      );
      yield* get(sleep(1));
      task.abort("because");
      expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "because" });
      expect(caught).toBeInstanceOf(CancelledError);
      expect(caught).toMatchObject({ reason: "because", message: expect.stringContaining("'outer'") });
    },
  );

  inBothStyles("a call that was dropped before it began runs nothing", function* ({ body }) {
    let runs = 0;
    const work = asyncFn(
      body(function* () {
        runs++;
        yield* get(sleep(1));
      }),
    );
    {
      using call = work();
      void call;
    }
    yield* get(select({ never: work(), now: ready(1) }, { biased: false }));
    const stepper = step(work());
    stepper.drop();
    yield* get(sleep(10));
    expect(runs).toBeLessThanOrEqual(1);
  });

  inBothStyles("a call that swallows its cancellation and ends is only late", function* ({ body, clock }) {
    const log: string[] = [];
    const stubborn = asyncFn(
      body(function* () {
        try {
          yield* get(pending());
        } catch {
          yield* get(sleep(20));
          log.push(`went on until ${clock.now()}`);
        }
      }),
    );
    const task = spawn(
      body(function* () {
        yield* get(select({ stubborn: stubborn(), tick: sleep(10) }));
        log.push(`selected at ${clock.now()}`);
      }),
    );
    yield* get(task);
    log.push(`ended at ${clock.now()}`);
    expect(log).toEqual(["selected at 10", "went on until 30", "ended at 30"]);
  });
});

describe("an async function inside a generator body", () => {
  const helper = async (): Promise<[number | undefined, number | undefined]> => {
    const before = currentTask()?.id;
    await sleep(5);
    await Promise.resolve();
    await sleep(5);
    return [before, currentTask()?.id];
  };
  const foreignFirst = async (): Promise<number> => {
    await Promise.resolve();
    await sleep(10);
    return now();
  };

  for (const style of styles) {
    inStyle(style, "belongs to its task", function* () {
      const task = spawn(function* () {
        return (yield* join(helper()))[0];
      });
      expect(yield* get(task)).toEqual([task.id, task.id]);
    });
    inStyle(style, "runs on its task's clock, whatever it awaits first", function* () {
      const task = spawn(function* () {
        const [at] = yield* join(foreignFirst());
        yield* join(Promise.all([sleep(15), sleep(12)]));
        return [at, now()];
      });
      expect(yield* get(task)).toEqual([10, 25]);
    });
  }

  function inStyle(style: Style, name: string, steps: () => Steps<void>): void {
    test(`${name}, when the spawner is in ${style.name} style`, () => paused(style.body(steps)));
  }

  test("finds its task in the function form of fromPromise as well", () =>
    paused(async () => {
      const task = spawn(function* () {
        return yield* fromPromise(async () => {
          await Promise.resolve();
          return currentTask()?.id;
        });
      });
      expect(await task).toBe(task.id);
      const call = asyncFn(function* () {
        return yield* fromPromise(async () => {
          await Promise.resolve();
          return currentTask()?.id;
        });
      });
      expect(await call()).toBe(currentTask()?.id);
    }));
});

describe("shield", () => {
  inBothStyles(
    "an abandoned shield goes on to its end, and the task ends after it",
    function* ({ body, clock }) {
      const log: string[] = [];
      const task = spawn(
        body(function* () {
          const commit = shield(
            body(function* () {
              yield* get(sleep(20));
              log.push(`committed at ${clock.now()}`);
            }),
          );
          yield* get(select({ commit, tick: sleep(5) }));
          log.push(`left at ${clock.now()}`);
        }),
      );
      yield* get(task);
      expect([...log, clock.now()]).toEqual(["left at 5", "committed at 20", 20]);
    },
  );

  inBothStyles("abort is delivered after the shield, not inside it", function* ({ body, clock }) {
    const log: string[] = [];
    const task = spawn(
      body(function* () {
        try {
          yield* get(
            shield(
              body(function* () {
                yield* get(sleep(20));
                log.push("inside");
              }),
            ),
          );
          yield* get(sleep(100));
        } finally {
          log.push(`out at ${clock.now()}`);
        }
      }),
    );
    yield* get(sleep(5));
    task.abort();
    expect((yield* get(task.settled())).status).toBe("cancelled");
    expect(log).toEqual(["inside", "out at 20"]);
  });
});

describe("a call begun in one task", () => {
  inBothStyles("and taken over by another is waited for by the other", function* ({ body, clock }) {
    const log: string[] = [];
    const call = cleaning(log)(body, clock);
    yield* get(spawn(select({ call: call.ref(), tick: sleep(5) })));
    const other = spawn(call);
    yield* get(sleep(5));
    other.abort();
    yield* get(other.settled());
    expect([...log, `ended at ${clock.now()}`]).toEqual(["cleaned at 20", "ended at 20"]);
  });

  inBothStyles("and shared is waited for by whoever drops it last", function* ({ body, clock }) {
    const log: string[] = [];
    const shared = cleaning(log)(body, clock).shared();
    const [a, b] = [spawn(shared), spawn(shared)];
    yield* get(clock.settle());
    shared.drop();
    b.abort();
    yield* get(b.settled());
    expect(log).toEqual([]);
    a.abort();
    yield* get(a.settled());
    expect(log).toEqual(["cleaned at 10"]);
  });

  inBothStyles("may even wait for itself by ref, and can still be given up", function* ({ body }) {
    const own: Future<number>[] = [];
    const call = asyncFn(
      body(function* (): Steps<number> {
        return yield* get(own[0]!.ref());
      }),
    )();
    own.push(call);
    const end = yield* get(call.ref().timeout(10).settled());
    expect(end).toMatchObject({ status: "rejected", reason: { name: "TimeoutError" } });
  });

  function cleaning(log: string[]) {
    return (body: Style["body"], clock: { now(): number }): Future<void> =>
      asyncFn(
        body(function* () {
          try {
            yield* get(sleep(100));
          } finally {
            yield* get(sleep(10));
            log.push(`cleaned at ${clock.now()}`);
          }
        }),
      )();
  }
});
