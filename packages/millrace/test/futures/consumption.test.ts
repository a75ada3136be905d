import {
  asyncFn,
  DeadlockError,
  type JoinHandle,
  pending,
  type Future,
  FutureConsumedError,
  fromPromise,
  join,
  pollFn,
  ready,
  scope,
  select,
  sleep,
  spawn,
} from "millrace";
import { paused } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles, styles } from "../both-styles.ts";
import { Probe } from "../probe.ts";
import { nextTurn, turn } from "../turn.ts";

describe("laziness", () => {
  test("making, mapping and combining a future runs nothing", async () => {
    let runs = 0;
    const count = asyncFn(async () => ++runs);
    const source = new Probe<number>();
    void join(count().map(String), source.shared(), select({ a: count() }), count().settled());
    await turn();
    expect([runs, source.polls]).toEqual([0, 0]);
  });

  inBothStyles("a future runs when it is waited for, once", function* () {
    let runs = 0;
    const future = asyncFn(async () => ++runs)();
    expect(runs).toBe(0);
    expect(yield* get(future)).toBe(1);
    expect(runs).toBe(1);
  });

  inBothStyles("a future runs when it is spawned", function* () {
    let runs = 0;
    const handle = spawn(asyncFn(async () => ++runs)());
    expect(runs).toBe(0);
    expect(yield* get(handle)).toBe(1);
  });

  test("a ready future costs an await one microtask and no turn of the scheduler", async () => {
    await paused(async () => {
      const order: string[] = [];
      const other = Promise.resolve().then(() => order.push("promise"));
      await ready(1);
      order.push("future");
      await other;
      expect(order).toEqual(["promise", "future"]);
    });
  });
});

describe("single use", () => {
  const uses: Record<string, (future: Future<number>) => Future<unknown>> = {
    "yield*": (future) =>
      asyncFn(function* () {
        return yield* future;
      })(),
    join: (future) => join(future),
    select: (future) => select({ future }),
    map: (future) => future.map((n) => n),
    timeout: (future) => future.timeout(100),
    until: (future) => future.until(new AbortController().signal),
    spawn: (future) => spawn(future),
    scope: (future) => scope((all) => all.spawn(future)),
    shared: (future) => future.shared(),
  };

  for (const [first, use] of Object.entries(uses)) {
    for (const [second, useAgain] of [...Object.entries(uses), ["await", fromAwait] as const]) {
      test(`after ${first}, ${second} is refused`, () =>
        paused(async () => {
          const future = asyncFn(async () => 1)();
          await use(future);
          const error = await useAgain(future).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          expect(error).toBeInstanceOf(FutureConsumedError);
          expect(error).toMatchObject({ code: "ERR_FUTURE_CONSUMED", name: "FutureConsumedError" });
        }));
    }
  }

  function fromAwait(future: Future<number>): Future<unknown> {
    return asyncFn(async () => await future)();
  }

  test("a future that a combinator owns but has not polled yet is consumed, too", () =>
    paused(async () => {
      const future = sleep(1);
      const joined = join(future);
      await expect(future).rejects.toBeInstanceOf(FutureConsumedError);
      await joined;
    }));

  test("using a future twice in one combinator fails the second use", () =>
    paused(async () => {
      const future = sleep(1);
      await expect(join(future, future)).rejects.toBeInstanceOf(FutureConsumedError);
    }));

  test("the refusal names the kind of future, says what to do, and points at the second use", () =>
    paused(async () => {
      const future = new Probe<number>();
      future.resolve(1);
      await join(future);
      const error = (await future.catch((reason: unknown) => reason)) as Error;
      expect(error.message).toMatch(/^this Probe was already used: .*\.shared\(\).*\.ref\(\)/u);
      expect(error.stack).toContain("consumption.test.ts");
    }));

  test("await is memoised: every later use gives the same result without another poll", () =>
    paused(async () => {
      for (const use of Object.values(uses)) {
        const future = new Probe<object>();
        const value = {};
        future.resolve(value);
        expect(await future).toBe(value);
        expect(await future).toBe(value);
        await use(future as unknown as Future<number>);
        expect(future.polls).toBe(1);
      }
    }));

  inBothStyles("a use after an await gives the awaited result", function* () {
    const future = asyncFn(async () => ({ n: 1 }))();
    const value = yield* get(fromPromise(future.then((v) => v)));
    expect(yield* get(future)).toBe(value);
    expect(yield* get(join(future))).toEqual([value]);
    expect(yield* get(future.map((v) => v.n))).toBe(1);
  });

  test("await is memoised for a failure", () =>
    paused(async () => {
      const error = new Error("no");
      const future = asyncFn(async () => {
        throw error;
      })();
      await expect(future).rejects.toBe(error);
      await expect(future).rejects.toBe(error);
      await expect(join(future)).rejects.toBe(error);
      expect(await future.settled()).toEqual({ status: "rejected", reason: error });
    }));

  test("a future that is being awaited can be joined meanwhile", () =>
    paused(async () => {
      const future = new Probe<number>();
      const awaited = future.then((n) => n + 1);
      const joined = join(future, future);
      nextTurn(() => future.resolve(1));
      expect(await joined).toEqual([1, 1]);
      expect(await awaited).toBe(2);
      expect(future.drops).toBe(0);
    }));

  test("abandoning a later use of an awaited future does not abandon the await", () =>
    paused(async () => {
      const future = new Probe<number>();
      const awaited = future.then((n) => n);
      await expect(future.timeout(5)).rejects.toMatchObject({ name: "TimeoutError" });
      expect(future.drops).toBe(0);
      future.resolve(7);
      expect(await awaited).toBe(7);
    }));
});

describe("a future that several await", () => {
  for (const style of styles) {
    for (const victim of [0, 1, 2]) {
      test(`aborting number ${victim} of three disturbs no other [await, then ${style.name}]`, () =>
        paused(async (clock) => {
          const probe = new Probe<number>();
          const user = style.body(function* () {
            return yield* get(probe);
          });
          const tasks = [spawn(async () => await probe)];
          await clock.settle();
          tasks.push(spawn(user), spawn(user));
          await clock.settle();
          tasks[victim]!.abort();
          expect((await tasks[victim]!.settled()).status).toBe("cancelled");
          expect(probe.drops).toBe(0);
          probe.resolve(1);
          for (const task of tasks) if (task !== tasks[victim]) expect(await task).toBe(1);
          expect(await probe).toBe(1);
          expect(await join(probe)).toEqual([1]);
        }));
    }
  }

  test("drops it once when the last of them is aborted", () =>
    paused(async (clock) => {
      const probe = new Probe<number>();
      const tasks: JoinHandle<number>[] = [];
      for (let i = 0; i < 3; i++) {
        tasks.push(spawn(async () => await probe));
        await clock.settle();
      }
      for (const task of tasks) {
        expect(probe.drops).toBe(0);
        task.abort();
        await task.settled();
      }
      expect(probe.drops).toBe(1);
      await expect(probe).rejects.toMatchObject({ name: "AbortError" });
    }));

  test("is no hiding place for a deadlock", () =>
    expect(
      paused(async () => {
        const never = pending();
        spawn(async () => await never);
        await sleep(1);
        await never;
      }),
    ).rejects.toBeInstanceOf(DeadlockError));
});

describe("reuse", () => {
  const reusable: Record<string, () => Future<number>> = {
    "a JoinHandle": () => spawn(asyncFn(async () => 5)()),
    "a SharedFuture": () =>
      sleep(5)
        .map(() => 5)
        .shared(),
    "ready()": () => ready(5),
  };
  for (const [name, make] of Object.entries(reusable)) {
    inBothStyles(`${name} may be used any number of times, in every way`, function* () {
      const future = make();
      expect(yield* get(future)).toBe(5);
      expect(yield* get(future)).toBe(5);
      expect(yield* get(join(future, future))).toEqual([5, 5]);
      expect(yield* get(select({ future }))).toEqual({ key: "future", value: 5 });
      expect(yield* get(fromPromise(future.then((n) => n)))).toBe(5);
      expect(yield* get(future.map((n) => n + 1))).toBe(6);
      expect(yield* get(future.timeout(1))).toBe(5);
      expect(yield* get(spawn(future))).toBe(5);
      expect(yield* get(future.shared())).toBe(5);
    });

    inBothStyles(`${name} may be used by several at a time`, function* ({ body }) {
      const future = make();
      const users = [1, 2, 3].map(() =>
        spawn(
          body(function* () {
            return yield* get(future);
          }),
        ),
      );
      for (const user of users) expect(yield* get(user)).toBe(5);
    });
  }

  for (const name of ["a JoinHandle", "a SharedFuture"] as const) {
    inBothStyles(`${name} that lost a select can be used again`, function* ({ clock }) {
      const handle = spawn(sleep(50).map(() => 5));
      const future =
        name === "a JoinHandle"
          ? handle
          : sleep(50)
              .map(() => 5)
              .shared();
      for (const at of [10, 20]) {
        expect(yield* get(select({ future, late: sleep(10) }))).toMatchObject({ key: "late" });
        expect(clock.now()).toBe(at);
      }
      expect(yield* get(future)).toBe(5);
      expect(clock.now()).toBe(50);
    });
  }
});

test("a future belongs to the runtime that polls it first", () =>
  paused(async (outer) => {
    let time = -1;
    const body = asyncFn(async () => {
      await sleep(30);
      time = outer.now();
    });
    const future = body();
    await paused(async (inner) => {
      await future;
      expect(inner.now()).toBe(30);
    });
    expect([time, outer.now()]).toEqual([0, 0]);
  }));

test("a routine that nobody drives says so", () => {
  const routine = (function* () {
    yield* pollFn(() => 1);
  })();
  expect(() => routine.next()).toThrow(/outside a running task.*spawn/u);
});
