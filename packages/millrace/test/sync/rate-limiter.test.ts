import { joinAll, now, PENDING, RateLimiter, Runtime, sleep, spawn, TimeoutError, yieldNow } from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught, expectMisuse } from "./outcome.ts";

inBothStyles("it starts full: the burst at once, then the rate", function* ({ clock }) {
  const limiter = new RateLimiter({ rate: 10, per: 1000, burst: 3 });
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    yield* get(limiter.acquire());
    times.push(clock.now());
  }
  expect(times).toEqual([0, 0, 0, 100, 200, 300]);
});

inBothStyles(
  "the burst is the rate unless said otherwise, and what is saved up is never more",
  function* ({ clock }) {
    const limiter = new RateLimiter({ rate: 4, per: 1000 });
    yield* get(sleep(60_000));
    for (let i = 0; i < 4; i++) yield* get(limiter.acquire());
    expect(clock.now()).toBe(60_000);
    yield* get(limiter.acquire());
    expect(clock.now()).toBe(60_250);
  },
);

inBothStyles("at most the burst at once, however long nobody could look", function* ({ body, clock }) {
  const limiter = new RateLimiter({ rate: 1, per: 10, burst: 2 });
  const times: number[] = [];
  const tasks = Array.from({ length: 7 }, () =>
    spawn(
      body(function* () {
        yield* get(limiter.acquire());
        times.push(clock.now());
      }),
    ),
  );
  yield* get(yieldNow());
  clock.jump(55);
  for (const task of tasks) yield* get(task);
  expect(times).toEqual([0, 0, 55, 55, 65, 75, 85]);
});

inBothStyles("first come, first served, across sizes", function* ({ body, clock }) {
  const limiter = new RateLimiter({ rate: 10, per: 100, burst: 5 });
  const order: string[] = [];
  yield* get(limiter.acquire(5));
  const tasks = [5, 1, 3].map((count) =>
    spawn(
      body(function* () {
        yield* get(limiter.acquire(count));
        order.push(`${count} at ${clock.now()}`);
      }),
    ),
  );
  yield* get(yieldNow());
  expect(limiter.tryAcquire()).toBe(false);
  for (const task of tasks) yield* get(task);
  expect(order).toEqual(["5 at 50", "1 at 60", "3 at 90"]);
});

inBothStyles(
  "an acquire that is abandoned takes nothing, and those behind it move up",
  function* ({ body, clock }) {
    const limiter = new RateLimiter({ rate: 10, per: 100, burst: 5 });
    yield* get(limiter.acquire(5));
    const large = spawn(
      body(function* () {
        yield* get(limiter.acquire(5).timeout(30));
      }),
    );
    const small = spawn(
      body(function* () {
        yield* get(limiter.acquire(4));
        return clock.now();
      }),
    );
    expect(yield* caught(large)).toBeInstanceOf(TimeoutError);
    expect(yield* get(small)).toBe(40);
  },
);

inBothStyles(
  "over time it gives exactly the rate, also one that is no whole number of ms",
  function* ({ clock }) {
    const limiter = new RateLimiter({ rate: 3, per: 10, burst: 1 });
    yield* get(joinAll(Array.from({ length: 301 }, () => limiter.acquire())));
    expect(clock.now()).toBe(1000);
  },
);

inBothStyles("an endless loop of acquiring lets others run", function* ({ body }) {
  const limiter = new RateLimiter({ rate: 1_000_000_000, per: 1 });
  let isOver = false;
  const busy = spawn(
    body(function* () {
      while (!isOver) yield* get(limiter.acquire());
    }),
  );
  yield* get(yieldNow());
  isOver = true;
  yield* get(busy);
});

test("tryAcquire takes what is there, and 0 at any time", () =>
  paused(async () => {
    const limiter = new RateLimiter({ rate: 2, per: 10 });
    expect([limiter.tryAcquire(2), limiter.tryAcquire(), limiter.tryAcquire(0)]).toEqual([true, false, true]);
    await sleep(5);
    expect([limiter.tryAcquire(2), limiter.tryAcquire()]).toEqual([false, true]);
  }));

test("a wake-up that is not taken goes to the next, and no timer is left behind", () =>
  paused(async (clock) => {
    const limiter = new RateLimiter({ rate: 1, per: 10 });
    limiter.tryAcquire();
    const [first, second] = [step(limiter.acquire()), step(limiter.acquire())];
    expect([first.poll(), second.poll()]).toEqual([PENDING, PENDING]);
    await clock.advance(10);
    expect([first.wakeCount, second.wakeCount]).toEqual([1, 0]);
    first.drop();
    expect([second.wakeCount, second.poll()]).toEqual([1, undefined]);
    const late = step(limiter.acquire());
    late.poll();
    late.drop();
    await clock.advance(100);
    expect([late.wakeCount, limiter.tryAcquire()]).toEqual([0, true]);
  }));

test("a waiter that goes away leaves the next one what has been earned by then, at once", () =>
  paused((clock) => {
    const limiter = new RateLimiter({ rate: 1, per: 10, burst: 2 });
    limiter.tryAcquire(2);
    const [large, small] = [step(limiter.acquire(2)), step(limiter.acquire(1))];
    expect([large.poll(), small.poll()]).toEqual([PENDING, PENDING]);
    clock.jump(10);
    large.drop();
    expect([small.isWoken, small.poll()]).toEqual([true, undefined]);
  }));

test("options and counts are checked at the caller's line", () => {
  for (const rate of [0, -1, 1.5, NaN]) expectMisuse(RangeError, () => new RateLimiter({ rate, per: 10 }));
  for (const per of [0, -1, NaN, Infinity]) expectMisuse(RangeError, () => new RateLimiter({ rate: 1, per }));
  expectMisuse(RangeError, () => new RateLimiter({ rate: 1, per: 10, burst: 0 }));
  const limiter = new RateLimiter({ rate: 2, per: 10 });
  for (const count of [3, -1, 0.5, NaN]) {
    expectMisuse(RangeError, () => limiter.acquire(count));
    expectMisuse(RangeError, () => limiter.tryAcquire(count));
  }
});

test("runtimes that look in turn share what is earned", async () => {
  const limiter = new RateLimiter({ rate: 1, per: 8 });
  await using one = new Runtime();
  await using other = new Runtime();
  const takes = async () => limiter.tryAcquire();
  for (let taken = 0; taken < 3; await sleep(1)) {
    for (const runtime of [one, other]) if (await runtime.run(takes)) taken++;
  }
});

test("whoever waits gets its turn though a runtime that looked or waited before it is gone", async () => {
  const limiter = new RateLimiter({ rate: 1, per: 10 });
  await using runtime = new Runtime();
  expect(limiter.tryAcquire()).toBe(true);
  const waitsFirst = new Runtime();
  const first = waitsFirst.run(() => limiter.acquire());
  const second = runtime.run(() => limiter.acquire());
  const looks = new Runtime();
  expect(await looks.run(async () => limiter.tryAcquire())).toBe(false);
  await Promise.all([looks.shutdown(), waitsFirst.shutdown()]);
  await expect(first).rejects.toThrow("shut down");
  await second;
});

test("a look from a runtime whose clock is paused does not hurry those who wait", async () => {
  const limiter = new RateLimiter({ rate: 1, per: 10 });
  const began = now();
  await limiter.acquire();
  const waiting = limiter.acquire().then(() => now());
  await paused(async () => {
    expect(limiter.tryAcquire()).toBe(false);
    await sleep(1000);
    expect(limiter.tryAcquire()).toBe(false);
  });
  expect((await waiting) - began).toBeGreaterThanOrEqual(10);
});
