import {
  interval,
  now,
  PENDING,
  select,
  sleep,
  spawn,
  yieldNow,
  type Duration,
  type Interval,
  type MissedTick,
} from "millrace";
import { paused, step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles, type Steps } from "../both-styles.ts";

/** The scheduled instant of each tick, and when it came. */
function* ticks(timer: Interval, count: number): Steps<[number, number][]> {
  const seen: [number, number][] = [];
  for (let i = 0; i < count; i++) seen.push([yield* get(timer.tick()), now()]);
  return seen;
}

describe("an interval", () => {
  const bad: [unknown, RegExp][] = [
    [0, /more than 0 ms, got 0/],
    [{ seconds: 0 }, /more than 0 ms/],
    [-1, /0 ms or more/],
    [NaN, /got NaN/],
    ["5", /got "5"/],
    [undefined, /got undefined/],
  ];
  test.each(bad)("of a period of %o throws a RangeError at the caller's line (INT-01)", (period, message) => {
    expect(() => interval(period as Duration)).toThrow(RangeError);
    expect(() => interval(period as Duration)).toThrow(message);
  });
  test("with a missed-tick behaviour or a start that is none throws a RangeError", () => {
    expect(() => interval(1, { missedTick: "later" as MissedTick })).toThrow(RangeError);
    expect(() => interval(1, { start: NaN })).toThrow(RangeError);
    const timer = interval(1);
    expect(() => (timer.missedTick = "never" as MissedTick)).toThrow(RangeError);
    expect(() => timer.resetAfter(-1)).toThrow(RangeError);
    expect(() => timer.resetAt(NaN)).toThrow(RangeError);
  });

  inBothStyles("ticks at once, then on a grid, and gives the scheduled instants", function* () {
    const timer = interval({ milliseconds: 300 });
    expect(timer.period).toBe(300);
    expect(timer.missedTick).toBe("burst");
    expect(yield* ticks(timer, 4)).toEqual([
      [0, 0],
      [300, 300],
      [600, 600],
      [900, 900],
    ]);
  });

  inBothStyles("ticks first at its start, also one in the past", function* () {
    expect(yield* ticks(interval(10, { start: 25 }), 2)).toEqual([
      [25, 25],
      [35, 35],
    ]);
    expect(yield* ticks(interval(10, { start: 5 }), 2)).toEqual([
      [5, 35],
      [15, 35],
    ]);
  });

  inBothStyles("in bursts gives what was missed back to back (INT-02)", function* () {
    const timer = interval(300);
    yield* ticks(timer, 2);
    yield* get(sleep(650));
    expect(yield* ticks(timer, 4)).toEqual([
      [600, 950],
      [900, 950],
      [1200, 1200],
      [1500, 1500],
    ]);
  });

  inBothStyles("with delay goes on one period after the late tick", function* () {
    const timer = interval(300, { missedTick: "delay" });
    yield* ticks(timer, 2);
    yield* get(sleep(650));
    expect(yield* ticks(timer, 3)).toEqual([
      [600, 950],
      [1250, 1250],
      [1550, 1550],
    ]);
  });

  inBothStyles("with skip goes on at the next multiple of its period (INT-04)", function* () {
    const timer = interval(300, { missedTick: "skip" });
    yield* ticks(timer, 2);
    yield* get(sleep(650));
    expect(yield* ticks(timer, 3)).toEqual([
      [600, 950],
      [1200, 1200],
      [1500, 1500],
    ]);
  });

  inBothStyles("with skip, late by whole periods, does not tick twice at one instant", function* () {
    const timer = interval(100, { missedTick: "skip" });
    yield* ticks(timer, 1);
    yield* get(sleep(300));
    expect(yield* ticks(timer, 2)).toEqual([
      [100, 300],
      [400, 400],
    ]);
  });

  inBothStyles("late by no more than the host's grain has missed nothing", function* () {
    for (const missedTick of ["burst", "delay", "skip"] as const) {
      const timer = interval(100, { missedTick });
      const start = yield* get(timer.tick());
      yield* get(sleep(105));
      expect(yield* ticks(timer, 2)).toEqual([
        [start + 100, start + 105],
        [start + 200, start + 200],
      ]);
    }
  });

  inBothStyles("takes a new missed-tick behaviour at any time", function* () {
    const timer = interval(10);
    yield* ticks(timer, 1);
    yield* get(sleep(38));
    yield* ticks(timer, 1);
    timer.missedTick = "skip";
    expect(timer.missedTick).toBe("skip");
    expect(yield* ticks(timer, 2)).toEqual([
      [20, 38],
      [40, 40],
    ]);
  });

  inBothStyles("ready ticks leave no wake-up behind (INT-06)", function* () {
    const timer = interval(10);
    const first = step(timer.tick());
    expect(first.poll()).toBe(0);
    yield* get(sleep(100));
    expect(first.wakeCount).toBe(0);
  });

  inBothStyles("of a period that never ends ticks once (INT-07)", function* () {
    for (const period of [Infinity, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER]) {
      const timer = interval(period);
      expect(yield* get(timer.tick())).toBe(now());
      const next = yield* get(select({ tick: timer.tick(), other: sleep({ days: 400 }) }));
      expect(next.key).toBe("other");
    }
  });

  test("under advance delivers 300, 600, 900 and 1200 as a burst does (PAU-05)", () =>
    paused(
      async (clock) => {
        const timer = interval(300);
        const seen: number[] = [];
        spawn(async () => {
          for await (const at of timer) seen.push(at);
        }).detach();
        await clock.settle();
        for (const by of [300, 650, 250]) await clock.advance(by);
        expect(seen).toEqual([0, 300, 600, 900, 1200]);
      },
      { autoAdvance: false },
    ));

  test("jumped over delivers what was missed as a burst, too (PAU-05)", () =>
    paused(
      async (clock) => {
        const timer = interval(300);
        const seen: [number, number][] = [];
        spawn(async () => {
          for await (const at of timer) seen.push([at, now()]);
        }).detach();
        await clock.settle();
        for (const by of [300, 650, 250]) {
          clock.jump(by);
          await clock.settle();
        }
        expect(seen).toEqual([
          [0, 0],
          [300, 300],
          [600, 950],
          [900, 950],
          [1200, 1200],
        ]);
      },
      { autoAdvance: false },
    ));

  inBothStyles("loses no tick when one is abandoned, pending or woken", function* () {
    const timer = interval(10);
    expect(yield* get(timer.tick())).toBe(0);
    for (let i = 0; i < 5; i++) {
      expect((yield* get(select({ tick: timer.tick(), short: sleep(1) }))).key).toBe("short");
    }
    const woken = step(timer.tick());
    woken.poll();
    yield* get(sleep(5));
    expect(woken.isWoken).toBe(true);
    woken.drop();
    expect(yield* get(timer.tick())).toBe(10);
    expect(now()).toBe(10);
  });

  inBothStyles("gives each tick to one of several waiters", function* () {
    const timer = interval(10, { start: 10 });
    const takers = [1, 2, 3].map(() => spawn(timer.tick()));
    const taken: number[] = [];
    for (const taker of takers) taken.push(yield* get(taker));
    expect(taken.toSorted((a, b) => a - b)).toEqual([10, 20, 30]);
  });

  inBothStyles("reset: the next tick comes one period from now", function* () {
    const timer = interval(100);
    yield* ticks(timer, 1);
    yield* get(sleep(30));
    timer.reset();
    expect(yield* ticks(timer, 2)).toEqual([
      [130, 130],
      [230, 230],
    ]);
  });

  inBothStyles("resetImmediately, resetAfter and resetAt move the next tick", function* () {
    const timer = interval(100);
    yield* ticks(timer, 1);
    yield* get(sleep(30));
    timer.resetImmediately();
    expect(yield* ticks(timer, 2)).toEqual([
      [30, 30],
      [130, 130],
    ]);
    timer.resetAfter({ milliseconds: 7 });
    expect(yield* ticks(timer, 2)).toEqual([
      [137, 137],
      [237, 237],
    ]);
    timer.resetAt(1000);
    expect(yield* ticks(timer, 2)).toEqual([
      [1000, 1000],
      [1100, 1100],
    ]);
  });

  inBothStyles("reset while a tick is pending moves that tick, earlier or later", function* () {
    const timer = interval(100);
    yield* ticks(timer, 1);
    const early = spawn(timer.tick().map((at) => [at, now()]));
    yield* get(sleep(10));
    timer.resetAfter(5);
    expect(yield* get(early)).toEqual([15, 15]);
    const late = spawn(timer.tick().map((at) => [at, now()]));
    yield* get(sleep(10));
    timer.resetAt(500);
    expect(yield* get(late)).toEqual([500, 500]);
    const atOnce = spawn(timer.tick().map((at) => [at, now()]));
    yield* get(sleep(10));
    timer.resetImmediately();
    expect(yield* get(atOnce)).toEqual([510, 510]);
    const never = spawn(timer.tick().map((at) => [at, now()]));
    yield* get(yieldNow());
    timer.resetAfter(Infinity);
    yield* get(sleep(10_000));
    timer.reset();
    expect(yield* get(never)).toEqual([10_610, 10_610]);
  });

  test("can be iterated; leaving the loop leaves the grid as it is", () =>
    paused(async () => {
      const timer = interval(10);
      const seen: number[] = [];
      for await (const at of timer) if (seen.push(at) === 3) break;
      for await (const at of timer) if (seen.push(at) === 5) break;
      expect(seen).toEqual([0, 10, 20, 30, 40]);
    }));

  test("that is busy for ever lets others run", () =>
    paused(async () => {
      const timer = interval(1, { start: -1e9 });
      const spin = spawn(function* () {
        for (;;) yield* timer.tick();
      });
      await yieldNow();
      spin.abort();
      expect((await spin.settled()).status).toBe("cancelled");
    }));

  test("a pending tick wakes only whoever polled it last", () =>
    paused(async (clock) => {
      const tick = interval(10, { start: 10 }).tick();
      let first = 0;
      let second = 0;
      expect(tick.poll({ wake: () => void first++ })).toBe(PENDING);
      expect(tick.poll({ wake: () => void second++ })).toBe(PENDING);
      clock.jump(10);
      expect([first, second]).toEqual([0, 1]);
    }));
});
