import {
  asyncFn,
  fromPromise,
  Future,
  join,
  PENDING,
  pending,
  pollFn,
  race,
  ready,
  select,
  sleep,
  spawn,
} from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Probe } from "../probe.ts";

const failing = asyncFn(async (message: string): Promise<number> => {
  throw new Error(message);
});

test("a future is a Promise to the compiler, and says what it is", () => {
  const future: Promise<number> = ready(1);
  expect(future).toBeInstanceOf(Future);
  expect([future[Symbol.toStringTag], Object.prototype.toString.call(future)]).toEqual([
    "Future",
    "[object Future]",
  ]);
  expect(spawn(async () => 1)).toBeInstanceOf(Future);
  expect(sleep(1)).toBeInstanceOf(Future);
});

/** A promise that waits for virtual time, which `fromPromise` would hold back. */
const watch = <T>(promise: Promise<T>): Future<T> => join(promise).map(([value]) => value);

inBothStyles("Promise.all accepts futures", function* ({ clock }) {
  const all = watch(Promise.all([sleep(20).map(() => "a"), ready("b"), spawn(sleep(30)), "d"]));
  expect(yield* get(all)).toEqual(["a", "b", undefined, "d"]);
  expect(clock.now()).toBe(30);
});

inBothStyles("Promise.race, any and allSettled accept futures", function* ({ clock }) {
  const first = Promise.race([pending<string>(), sleep(5).map(() => "first")]);
  expect(yield* get(watch(first))).toBe("first");
  expect(clock.now()).toBe(5);
  const any = Promise.any([failing("no"), sleep(5).map(() => "second")]);
  expect(yield* get(watch(any))).toBe("second");
  const settled = yield* get(watch(Promise.allSettled([failing("no"), ready(1)])));
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});

test("then, catch and finally do what a promise's do", () =>
  paused(async () => {
    const order: string[] = [];
    expect(await sleep(1).then(() => 1)).toBe(1);
    expect(await ready(1).then()).toBe(1);
    expect(await ready(1).then(null, null)).toBe(1);
    expect(await failing("a").then(undefined, (error: unknown) => (error as Error).message)).toBe("a");
    expect(await failing("b").catch((error: unknown) => (error as Error).message)).toBe("b");
    await expect(failing("c").catch()).rejects.toThrow("c");
    expect(await ready(1).finally(() => order.push("ok"))).toBe(1);
    await expect(failing("d").finally(() => order.push("failed"))).rejects.toThrow("d");
    expect(order).toEqual(["ok", "failed"]);
  }));

test("then gives a native promise, which flattens what the callback returns", () =>
  paused(async () => {
    const chained = ready(1).then((n) => sleep(5).map(() => n + 1));
    expect(chained).toBeInstanceOf(Promise);
    expect(await chained).toBe(2);
  }));

test("an async function may return a future, and a promise may resolve with one", () =>
  paused(async () => {
    const returns = async (): Promise<number> => sleep(5).map(() => 3);
    expect(await returns()).toBe(3);
    expect(await Promise.resolve(sleep(5).map(() => 4))).toBe(4);
    expect(await new Promise((resolve) => resolve(ready(5)))).toBe(5);
  }));

test("a failure has the line that awaited in its stack", () =>
  paused(async () => {
    async function awaitingCaller(): Promise<unknown> {
      return await fromPromise(async () => {
        await Promise.resolve();
        throw new Error("deep");
      });
    }
    const error = (await awaitingCaller().catch((reason: unknown) => reason)) as Error;
    expect(error.stack).toContain("promise.test.ts");
  }));

class Countdown extends Future<string> {
  #left: number;
  drops = 0;
  constructor(left: number) {
    super();
    this.#left = left;
  }
  poll(waker: { wake(): void }) {
    if (this.#left === 0) return "lift-off";
    this.#left--;
    waker.wake();
    return PENDING;
  }
  override drop() {
    this.drops++;
  }
}

inBothStyles("a hand-written future may wake itself while it is polled", function* ({ clock }) {
  expect(yield* get(new Countdown(3))).toBe("lift-off");
  expect(yield* get(new Countdown(3).map((text) => text.length))).toBe(8);
  expect(yield* get(new Countdown(500).timeout(1))).toBe("lift-off");
  expect(yield* get(new Countdown(3).until(new AbortController().signal))).toBe("lift-off");
  expect(yield* get(new Countdown(3).ref())).toBe("lift-off");
  const shared = new Countdown(3).shared();
  expect(yield* get(join(shared, shared, new Countdown(10)))).toEqual(["lift-off", "lift-off", "lift-off"]);
  expect(yield* get(select({ a: new Countdown(3), b: new Countdown(5) }))).toEqual({
    key: "a",
    value: "lift-off",
  });
  expect(yield* get(spawn(new Countdown(3)))).toBe("lift-off");
  expect(clock.now()).toBe(0);
});

inBothStyles("waking more than once, late, or after the end is harmless", function* ({ clock }) {
  const probe = new Probe<number>();
  const task = spawn(probe);
  yield* get(clock.settle());
  for (let i = 0; i < 3; i++) probe.wake();
  probe.resolve(1);
  for (let i = 0; i < 3; i++) probe.wake();
  expect(yield* get(task)).toBe(1);
  for (let i = 0; i < 3; i++) probe.wake();
  yield* get(clock.settle());
  expect(probe.polls).toBe(2);
});

inBothStyles("a poll that throws rejects the future with that error", function* () {
  const error = new Error("poll");
  for (const thrown of [error, undefined, null, 0]) {
    const broken = pollFn(() => {
      throw thrown;
    });
    expect(yield* get(broken.settled())).toEqual({ status: "rejected", reason: thrown });
  }
});

inBothStyles("a future may give undefined, a promise-like or a function", function* () {
  const give = () => 1;
  expect(yield* get(ready(undefined))).toBe(undefined);
  expect(yield* get(pollFn(() => undefined))).toBe(undefined);
  expect(yield* get(ready(give))).toBe(give);
});

inBothStyles("pollFn drops once, and only when it is abandoned", function* () {
  let drops = 0;
  const count = () => drops++;
  expect(yield* get(pollFn(() => 1, count))).toBe(1);
  expect(drops).toBe(0);
  expect(
    yield* get(
      pollFn(() => PENDING, count)
        .timeout(1)
        .settled(),
    ),
  ).toMatchObject({ status: "rejected" });
  expect(drops).toBe(1);
});

inBothStyles("pending() never completes", function* ({ clock }) {
  expect(yield* get(race(pending(), sleep({ days: 365 })))).toBe(undefined);
  expect(clock.now()).toBe(365 * 24 * 60 * 60 * 1000);
});
