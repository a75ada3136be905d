import {
  join,
  mpsc,
  now,
  PENDING,
  pending,
  ready,
  Runtime,
  select,
  sleep,
  Sleep,
  sleepUntil,
  spawn,
  type Duration,
} from "millrace";
import { paused, step } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

const YEAR = 365 * 24 * 3600 * 1000;

describe("a sleep", () => {
  inBothStyles("to now completes at once, and has not elapsed before it is awaited (SLP-01)", function* () {
    const s = sleepUntil(now());
    expect(s.isElapsed).toBe(false);
    yield* get(s);
    expect(now()).toBe(0);
    expect(s.isElapsed).toBe(true);
  });

  inBothStyles("takes 1, 10 and 60 ms exactly (SLP-02)", function* () {
    for (const ms of [1, 10, 60]) {
      const start = now();
      yield* get(sleep(ms));
      expect(now() - start).toBe(ms);
    }
  });

  inBothStyles("of 60 ms that starts at 5 ms crosses the wheel's 64 ms exactly (SLP-02)", function* () {
    yield* get(sleep(5));
    yield* get(sleep(60));
    expect(now()).toBe(65);
  });

  inBothStyles("rounds a deadline up to the next ms, never down (SLP-03)", function* () {
    yield* get(sleep(1.000001));
    expect(now()).toBe(2);
    yield* get(sleepUntil(2.5));
    expect(now()).toBe(3);
    yield* get(sleep(0.001));
    expect(now()).toBe(4);
  });

  inBothStyles("of 5 and of 10 years comes exactly then (SLP-05)", function* () {
    yield* get(sleep(5 * YEAR));
    expect(now()).toBe(5 * YEAR);
    yield* get(sleep(10 * YEAR));
    expect(now()).toBe(15 * YEAR);
  });

  inBothStyles("sums up year by year to ten years (SLP-05)", function* () {
    for (let year = 0; year < 10; year++) yield* get(sleep({ days: 365 }));
    expect(now()).toBe(10 * YEAR);
  });

  inBothStyles("that is too long to count neither throws nor comes early (SLP-05, SLP-09)", function* () {
    for (const huge of [Infinity, Number.MAX_VALUE, 2 ** 64, Number.MAX_SAFE_INTEGER]) {
      const first = yield* get(select({ huge: sleep(huge), tiny: sleep(1) }, { biased: true }));
      expect(first.key).toBe("tiny");
    }
    expect(now()).toBe(4);
  });

  inBothStyles("of 0 ms can be taken 1000 times (SLP-06)", function* () {
    for (let i = 0; i < 1000; i++) yield* get(sleep(0));
    expect(now()).toBe(0);
  });

  inBothStyles("counts from the call, not from the await", function* () {
    const s = sleep(10);
    yield* get(sleep(4));
    yield* get(s);
    expect(now()).toBe(10);
  });

  inBothStyles("to a deadline in the past, or of minus infinity, is over at once", function* () {
    yield* get(sleep(10));
    yield* get(sleepUntil(3));
    yield* get(sleepUntil(-Infinity));
    expect(now()).toBe(10);
  });

  inBothStyles("tells its deadline", function* () {
    yield* get(sleep(5));
    expect(sleep(10).deadline).toBe(15);
    expect(sleepUntil(99).deadline).toBe(99);
    expect(sleep(Infinity).deadline).toBe(Infinity);
    expect(sleep(1)).toBeInstanceOf(Sleep);
  });

  inBothStyles("among many wakes in the order of deadlines, ties in the order of their polls", function* () {
    const woken: number[] = [];
    const naps = [30, 10, 20, 10, 64, 63, 65, 4096, 10];
    const tasks = naps.map((ms, i) => spawn(sleep(ms).map(() => woken.push(i))));
    for (const task of tasks) yield* get(task);
    expect(woken).toEqual([1, 3, 8, 2, 0, 5, 4, 6, 7]);
  });

  test("that is abandoned leaves no timer behind", async () => {
    await using runtime = new Runtime({ clock: "paused" });
    await runtime.run(async () => {
      const { timers } = runtime.metrics();
      const dropped = step(sleep(1000));
      dropped.poll();
      expect(runtime.metrics().timers).toBe(timers + 1);
      dropped.drop();
      await select({ long: sleep(1000), now: ready(1) }, { biased: true });
      const aborted = spawn(sleep(1000));
      await sleep(1);
      aborted.abort();
      await aborted.settled();
      expect(runtime.metrics().timers).toBe(timers);
    });
  });

  test("may be dropped from the wake-up of another one that is due together with it (SLP-08)", () =>
    paused(async (clock) => {
      for (const distance of [0, 1, 64]) {
        const victim = step(sleep(64 + distance));
        sleep(64).poll({ wake: () => victim.drop() });
        victim.poll();
        const later = step(sleep(64 + distance));
        later.poll();
        clock.jump(64 + distance);
        expect(victim.isWoken).toBe(false);
        expect(later.poll()).toBeUndefined();
      }
    }));

  test("wakes only whoever polled it last", () =>
    paused(async (clock) => {
      const s = sleep(5);
      let first = 0;
      let second = 0;
      s.poll({ wake: () => first++ });
      s.poll({ wake: () => second++ });
      clock.jump(5);
      expect([first, second]).toEqual([0, 1]);
    }));

  test("whose waker throws does not take others with it", () =>
    paused((clock) => {
      const report = vi.spyOn(console, "error").mockImplementation(() => {});
      sleep(5).poll({
        wake: () => {
          throw new Error("a bad waker");
        },
      });
      const next = step(sleep(5));
      next.poll();
      clock.jump(5);
      expect(next.isWoken).toBe(true);
      expect(report.mock.calls).toEqual([["millrace: a waker threw:", new Error("a bad waker")]]);
      report.mockRestore();
    }));
});

describe("a sleep that is reset", () => {
  inBothStyles("before its first poll just has another deadline", function* () {
    const s = sleep(10);
    s.reset(3);
    expect(s.deadline).toBe(3);
    yield* get(s);
    expect(now()).toBe(3);
  });

  inBothStyles("while pending wakes its waiter at the new deadline, earlier or later", function* () {
    for (const target of [30, 5000]) {
      const start = now();
      const s = sleep(100);
      const waiter = spawn(s.map(() => now() - start));
      yield* get(sleep(1));
      s.reset(start + target);
      expect(yield* get(waiter)).toBe(target);
    }
  });

  inBothStyles("while pending to an instant in the past wakes its waiter without moving time", function* () {
    yield* get(sleep(7));
    const s = sleep(1000);
    const waiter = spawn(s.map(() => now()));
    yield* get(sleep(1));
    s.reset(2);
    expect(yield* get(waiter)).toBe(8);
  });

  inBothStyles("from never to some time, and back to never, is armed and disarmed", function* () {
    const s = sleep(Infinity);
    const waiter = spawn(s.map(() => now()));
    yield* get(sleep(1));
    s.reset(50);
    yield* get(sleep(1));
    s.reset(Infinity);
    yield* get(sleep(1000));
    expect(waiter.isFinished).toBe(false);
    s.reset(2000);
    expect(yield* get(waiter)).toBe(2000);
  });

  inBothStyles("after it has finished can be waited for once more", function* () {
    const s = sleep(10);
    yield* get(s);
    s.reset(now() + 5);
    expect(s.isElapsed).toBe(false);
    yield* get(s);
    expect(now()).toBe(15);
    expect(s.isElapsed).toBe(true);
  });

  inBothStyles("after it lost a select can be waited for once more", function* () {
    const s = sleep(100);
    expect((yield* get(select({ s, quick: sleep(1) }))).key).toBe("quick");
    s.reset(now() + 4);
    expect((yield* get(select({ s, slow: sleep(1000) }))).key).toBe("s");
    expect(now()).toBe(5);
  });

  inBothStyles("while it is lent to a select keeps its place there", function* () {
    const s = sleep(100);
    for (let i = 0; i < 3; i++) {
      expect((yield* get(select({ s: s.ref(), quick: sleep(1) }))).key).toBe("quick");
      s.reset(now() + 50);
    }
    expect((yield* get(select({ s: s.ref(), slow: sleep(1000) }))).key).toBe("s");
    expect(now()).toBe(53);
  });

  test("after it has fired but before it was polled, waits for the new deadline", () =>
    paused(async (clock) => {
      const s = sleep(10);
      let woken = 0;
      const waker = { wake: () => void woken++ };
      s.poll(waker);
      clock.jump(10);
      expect(s.isElapsed).toBe(true);
      s.reset(20);
      expect(s.isElapsed).toBe(false);
      expect(s.poll(waker)).toBe(PENDING);
      clock.jump(10);
      expect(woken).toBe(2);
      expect(s.poll(waker)).toBeUndefined();
    }));

  inBothStyles("is an idle timeout: each message puts it off", function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(1);
    const idle = sleep(10);
    const reader = spawn(
      body(function* () {
        let count = 0;
        for (;;) {
          const first = yield* get(select({ message: rx.recv(), idle: idle.ref() }));
          if (first.key === "idle") return [count, now()];
          count++;
          idle.reset(now() + 10);
        }
      }),
    );
    for (let i = 0; i < 4; i++) {
      yield* get(sleep(8));
      yield* get(tx.send(i));
    }
    expect(yield* get(reader)).toEqual([4, 42]);
  });
});

describe("a duration", () => {
  inBothStyles("may be an object of days, hours, minutes, seconds and milliseconds", function* () {
    yield* get(sleep({ days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 }));
    expect(now()).toBe(93_784_005);
    yield* get(sleep({ seconds: 0 }));
    yield* get(sleep({ minutes: 1, seconds: -59 }));
    expect(now()).toBe(93_785_005);
  });

  /** Its parts are getters of its prototype, and all of them are there. */
  class TemporalDuration {
    readonly #parts: Record<string, number>;
    constructor(parts: Record<string, number>) {
      this.#parts = parts;
    }
    static {
      const names = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"];
      for (const name of [...names, "milliseconds", "microseconds", "nanoseconds"]) {
        Object.defineProperty(this.prototype, name, {
          get(this: TemporalDuration) {
            return this.#parts[name] ?? 0;
          },
        });
      }
    }
    toJSON(): string {
      return "P1Y";
    }
  }
  test("may be a Temporal.Duration, unless it has no fixed length", () =>
    paused(async () => {
      await sleep(new TemporalDuration({ weeks: 1, days: 1, microseconds: 1500 }) as Duration);
      expect(now()).toBe(8 * 86_400_000 + 2);
      expect(() => sleep(new TemporalDuration({ years: 1 }) as Duration)).toThrow(/got "P1Y"$/);
      expect(() => sleep(new TemporalDuration({ months: 1, days: 3 }) as Duration)).toThrow(RangeError);
      expect(() => sleep(new TemporalDuration({ hours: -1 }) as Duration)).toThrow(RangeError);
    }));

  const bad: [string, unknown][] = [
    ["-1", -1],
    ["NaN", NaN],
    ["-Infinity", -Infinity],
    ['"5"', "5"],
    ["undefined", undefined],
    ["null", null],
    ["{}", {}],
    ["{ seconds: -1 }", { seconds: -1 }],
    ["{ seconds: NaN, milliseconds: 5 }", { seconds: NaN, milliseconds: 5 }],
    ['{ milliseconds: "5" }', { milliseconds: "5" }],
    ["{ second: 5 }", { second: 5 }],
    ["5n", 5n],
  ];
  test.each(bad)("of %s throws a RangeError at the caller's line", (shown, value) => {
    const thrown = (): unknown => {
      try {
        return sleep(value as Duration);
      } catch (error) {
        return error;
      }
    };
    const error = thrown() as RangeError;
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe(
      `sleep expects a duration of 0 ms or more (a number, or { seconds: 5 }), got ${shown}`,
    );
    expect(error.stack).toContain("sleep.test.ts");
  });

  test("that is bad never gets as far as a future", () => {
    for (const value of [NaN, "7", undefined, null]) {
      expect(() => sleepUntil(value as number)).toThrow(RangeError);
      expect(() => sleep(1).reset(value as number)).toThrow(RangeError);
    }
  });
});

describe("now", () => {
  inBothStyles("is the time of the runtime one is in", function* () {
    expect(now()).toBe(0);
    yield* get(sleep({ hours: 1 }));
    expect(now()).toBe(3_600_000);
    const other = new Runtime({ clock: "paused" });
    expect(yield* get(other.spawn(async () => now()))).toBe(0);
  });

  test("outside any task is the host's monotonic time", async () => {
    const before = performance.now();
    const time = now();
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(performance.now());
  });
});

test("a real sleep is never early, whatever the host's timers do", async () => {
  await using runtime = new Runtime();
  await runtime.run(async () => {
    const nap = async (ms: number): Promise<void> => {
      const start = now();
      await sleep(ms);
      expect(now() - start).toBeGreaterThanOrEqual(ms);
    };
    await Promise.all([0, 0.3, 1, 1.5, 2, 5, 5.01, 9].map((ms) => nap(ms)));
  });
});

test("a real sleep past the range of the host's timers does not end at once (SLP-05, SLP-09)", async () => {
  await using runtime = new Runtime();
  await runtime.run(async () => {
    for (const long of [2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 2 ** 40, Number.MAX_VALUE, Infinity]) {
      const first = await select({ long: sleep(long), short: sleep(3) }, { biased: true });
      expect(first.key).toBe("short");
    }
  });
});

test("an unreachable deadline keeps no clock from moving", async () => {
  await paused(function* () {
    const stuck = spawn(join(sleep(Infinity), pending()));
    yield* sleep(10);
    expect(now()).toBe(10);
    stuck.abort();
  });
});
