import {
  asyncFn,
  CancelledError,
  consumeBudget,
  FutureConsumedError,
  join,
  joinAll,
  joinSettled,
  PENDING,
  pending,
  pollFn,
  ready,
  Semaphore,
  sleep,
  spawn,
  tryJoin,
  tryJoinAll,
} from "millrace";
import { paused, step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Probe } from "../probe.ts";

const after = (ms: number) => sleep(ms).map(() => ms);
const fails = asyncFn(async (ms: number, message: string): Promise<number> => {
  await sleep(ms);
  throw new Error(message);
});
const refuses = asyncFn(function* (ms: number, error: unknown) {
  yield* sleep(ms);
  throw error;
});

describe("join", () => {
  inBothStyles("join waits for all at once and gives results in argument order", function* ({ clock }) {
    const all = yield* get(join(after(30), after(10), after(20)));
    const typed: [number, number, number] = all;
    expect(typed).toEqual([30, 10, 20]);
    expect(clock.now()).toBe(30);
  });

  inBothStyles("join takes values, promises, handles and futures alike", function* () {
    const [a, b, c, d, e] = yield* get(
      join(1, Promise.resolve("two"), spawn(after(5)), ready(null), undefined),
    );
    const n: number = a;
    const s: string = b;
    expect([n, s, c, d, e]).toEqual([1, "two", 5, null, undefined]);
  });

  inBothStyles(
    "join waits for the others even when one fails, then throws that failure",
    function* ({ clock }) {
      const slow = new Probe<number>();
      const joined = spawn(join(fails(10, "first"), after(50), slow));
      yield* get(sleep(60));
      expect(joined.isFinished).toBe(false);
      slow.resolve(1);
      const end = yield* get(joined.settled());
      expect(end).toMatchObject({ status: "rejected", reason: { message: "first" } });
      expect([clock.now(), slow.drops]).toEqual([60, 0]);
    },
  );

  inBothStyles("several failures make an AggregateError in argument order", function* () {
    const end = yield* get(join(fails(30, "a"), after(5), fails(10, "b"), fails(20, "c")).settled());
    expect(end.status).toBe("rejected");
    const { reason } = end as { reason: AggregateError };
    expect(reason).toBeInstanceOf(AggregateError);
    expect(reason.errors.map(({ message }: Error) => message)).toEqual(["a", "b", "c"]);
    expect(reason.message).toBe("3 of 4 joined futures failed");
  });

  inBothStyles("a failure with undefined is a failure", function* () {
    expect(yield* get(join(refuses(1, undefined)).settled())).toEqual({
      status: "rejected",
      reason: undefined,
    });
    const two = yield* get(join(refuses(1, undefined), refuses(1, null)).settled());
    expect((two as { reason: AggregateError }).reason.errors).toEqual([undefined, null]);
  });

  inBothStyles("JOI-05: joining nothing completes at once", function* ({ clock }) {
    expect(yield* get(join())).toEqual([]);
    expect(yield* get(tryJoin())).toEqual([]);
    expect(yield* get(joinAll([]))).toEqual([]);
    expect(yield* get(tryJoinAll([]))).toEqual([]);
    expect(yield* get(joinSettled())).toEqual([]);
    expect(clock.now()).toBe(0);
  });

  inBothStyles("joinAll takes any iterable, once, when it is called", function* () {
    let taken = 0;
    const joined = joinAll(
      (function* () {
        for (; taken < 3; taken++) yield after(taken);
      })(),
    );
    expect(taken).toBe(3);
    expect(yield* get(joined)).toEqual([0, 1, 2]);
    expect(yield* get(joinAll(new Set([ready(1), ready(2)])))).toEqual([1, 2]);
  });

  inBothStyles("the iterable's own failure is thrown to the caller, who loses nothing", function* () {
    const probe = new Probe<number>();
    const broken = function* () {
      yield probe;
      throw new Error("iterable");
    };
    expect(() => joinAll(broken())).toThrow("iterable");
    expect(probe.drops).toBe(1);
    yield* get(ready(0));
  });

  inBothStyles("abandoning a join abandons what has not settled, and only that", function* () {
    const [done, waiting, other] = [new Probe<number>(), new Probe<number>(), new Probe<number>()];
    const joined = step(join(done, waiting, other));
    joined.poll();
    done.resolve(1);
    joined.poll();
    joined.drop();
    expect([done, waiting, other].map(({ drops }) => drops)).toEqual([0, 1, 1]);
    yield* get(ready(0));
  });
});

describe("the cost of a join", () => {
  test("10 000 sleeps are joined in one go", () =>
    paused(async (clock) => {
      const all = await joinAll(Array.from({ length: 10_000 }, (_, at) => after(at % 7)));
      expect([all.length, all[9999], clock.now()]).toEqual([10_000, 9999 % 7, 6]);
    }));

  test("a wake-up polls the one child that woke: n children cost O(n) polls", () => {
    const probes = Array.from({ length: 1000 }, () => new Probe<number>());
    const joined = step(joinAll(probes));
    joined.poll();
    for (const [at, probe] of probes.entries()) {
      probe.resolve(at);
      joined.poll();
    }
    expect(probes.reduce((sum, { polls }) => sum + polls, 0)).toBe(2000);
  });

  test("FUN-02: every child is polled at most once in one poll, also if it wakes itself", () => {
    for (const children of [10, 33]) {
      let polls = 0;
      const selfWaking = () =>
        pollFn<void>((waker) => {
          polls++;
          waker.wake();
          return PENDING;
        });
      const joined = step(joinAll(Array.from({ length: children }, selfWaking)));
      expect(joined.poll()).toBe(PENDING);
      expect([polls, joined.isWoken]).toEqual([children, true]);
      joined.poll();
      expect(polls).toBe(2 * children);
    }
  });

  test("FUN-05: a child that throws is polled no more; the others survive", () => {
    let polls = 0;
    const bad = pollFn<number>(() => {
      polls++;
      throw new Error("bad");
    });
    const [a, b] = [new Probe<number>(), new Probe<number>()];
    const joined = step(join(a, bad, b));
    joined.poll();
    a.resolve(1);
    joined.poll();
    b.resolve(2);
    expect(() => joined.poll()).toThrow("bad");
    expect([polls, a.drops, b.drops]).toEqual([1, 0, 0]);
  });

  inBothStyles("FUN-06: dropping a join cancels what its children do", function* ({ body }) {
    const limit = new Semaphore(1);
    const holder = asyncFn(
      body(function* () {
        using permit = yield* get(limit.acquire());
        yield* get(pending());
        return permit.count;
      }),
    );
    yield* get(join(holder(), holder(), holder()).timeout(5).settled());
    yield* get(sleep(1));
    expect(limit.availablePermits).toBe(1);
  });

  test("a child that was dropped by the end of the join may be woken without harm", () => {
    const [a, b] = [new Probe<number>(), new Probe<number>()];
    const joined = step(tryJoin(a, b));
    joined.poll();
    a.reject(new Error("end"));
    expect(() => joined.poll()).toThrow("end");
    const { wakeCount } = joined;
    b.wake();
    expect([joined.wakeCount, b.drops]).toEqual([wakeCount, 1]);
  });
});

// JOI-03 (`biased` order) does not apply: the API has no biased join.
describe("fairness", () => {
  test("the child that is polled first rotates", () => {
    const order: string[] = [];
    const child = (name: string) =>
      pollFn<void>((waker) => {
        order.push(name);
        waker.wake();
        return PENDING;
      });
    const joined = step(join(child("a"), child("b"), child("c")));
    for (let i = 0; i < 4; i++) joined.poll();
    expect([0, 3, 6, 9].map((at) => order[at])).toEqual(["a", "b", "c", "a"]);
  });

  test("whoever waited longest leads, whatever wakes in between", () => {
    const leaders: string[] = [];
    const wakers: Record<string, () => void> = {};
    let isFirst = true;
    const child = (name: string) =>
      pollFn<void>((waker) => {
        wakers[name] = () => waker.wake();
        if (isFirst) leaders.push(name);
        isFirst = false;
        return PENDING;
      });
    const joined = step(join(child("a"), child("b"), child("c")));
    const round = (...names: string[]) => {
      for (const name of names) wakers[name]?.();
      isFirst = true;
      joined.poll();
    };
    round();
    for (let i = 0; i < 4; i++) {
      round("a", "b");
      round("c");
    }
    expect(leaders.filter((name) => name === "b").length).toBeGreaterThanOrEqual(2);
    expect(leaders.filter((name) => name === "a").length).toBeGreaterThanOrEqual(2);
  });

  inBothStyles("JOI-04: a branch that burns the whole budget cannot starve the other", function* ({ body }) {
    const limit = new Semaphore(1000);
    const rounds: string[] = [];
    const burn = asyncFn(
      body(function* (name: string) {
        for (let round = 0; round < 5; round++) {
          for (let i = 0; i < 128; i++) (yield* get(limit.acquire())).release();
          rounds.push(name);
        }
        return name;
      }),
    );
    expect(yield* get(join(burn("a"), burn("b")))).toEqual(["a", "b"]);
    expect(rounds.length).toBe(10);
    const lead = rounds.map(
      (_, at) => rounds.slice(0, at + 1).filter((name) => name === "a").length * 2 - at - 1,
    );
    expect(Math.max(...lead.map(Math.abs))).toBeLessThanOrEqual(2);
  });

  inBothStyles("JOI-04: nor can one that does so without end", function* ({ body }) {
    const forEver = asyncFn(
      body(function* () {
        for (;;) yield* get(consumeBudget());
      }),
    );
    let count = 0;
    const other = asyncFn(
      body(function* () {
        while (count < 300) {
          yield* get(consumeBudget());
          count++;
        }
        throw new Error("done");
      }),
    );
    const end = yield* get(tryJoin(forEver(), other()).settled());
    expect(end).toMatchObject({ reason: { message: "done" } });
    expect(count).toBe(300);
  });
});

describe("tryJoin", () => {
  inBothStyles("tryJoin gives all results when all succeed", function* ({ clock }) {
    const [a, b]: [number, number] = yield* get(tryJoin(after(10), after(20)));
    expect([a, b, clock.now()]).toEqual([10, 20, 20]);
    expect(yield* get(tryJoinAll([after(1), 2, Promise.resolve(3)]))).toEqual([1, 2, 3]);
  });

  inBothStyles(
    "TJO-01: the first failure ends it while another branch is still pending",
    function* ({ clock }) {
      const [before, behind] = [new Probe(), new Probe()];
      const end = yield* get(tryJoin(before, fails(10, "no"), behind, fails(5, "first")).settled());
      expect(end).toMatchObject({ status: "rejected", reason: { message: "first" } });
      expect([clock.now(), before.drops, behind.drops]).toEqual([5, 1, 1]);
    },
  );

  inBothStyles(
    "of two failures in one poll the first polled is thrown, the other branch is dropped",
    function* () {
      const [a, b] = [new Probe(), new Probe()];
      const joined = step(tryJoin(a, b));
      joined.poll();
      a.reject(new Error("a"));
      b.reject(new Error("b"));
      expect(() => joined.poll()).toThrow(/^[ab]$/u);
      expect([a, b].map(({ polls, drops }) => polls + drops)).toEqual([2, 2]);
      yield* get(ready(0));
    },
  );
});

describe("joinSettled", () => {
  inBothStyles("joinSettled gives each outcome, cancelled ones included, and never rejects", function* () {
    const task = spawn(pending());
    task.abort("reason");
    const outcomes = yield* get(
      joinSettled(after(1), fails(2, "no"), task, 5, Promise.reject(new CancelledError("x", "promised"))),
    );
    expect(outcomes).toEqual([
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: expect.objectContaining({ message: "no" }) },
      { status: "cancelled", reason: "reason" },
      { status: "fulfilled", value: 5 },
      { status: "cancelled", reason: "promised" },
    ]);
  });

  inBothStyles("a consumed future is among the outcomes as a failure", function* () {
    const future = after(1);
    const outcomes = yield* get(joinSettled(future, future));
    expect(outcomes[0]).toEqual({ status: "fulfilled", value: 1 });
    expect(outcomes[1]).toMatchObject({ status: "rejected", reason: expect.any(FutureConsumedError) });
  });
});
