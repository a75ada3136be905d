import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Clock, Timer } from "../../src/runtime/clock.ts";
import { PausedClock } from "../../src/runtime/paused-clock.ts";
import { earliestIn } from "../../src/internal/timer-wheel.ts";
import { host, MAX_HOST_DELAY } from "../../src/runtime/host.ts";
import { randomPrograms } from "../random-programs.ts";

/** A host whose time stands still until the test moves it, and whose timers can be early or late. */
class FakeHost {
  time: number;
  readonly timers: Map<number, { readonly at: number; readonly run: () => void }> = new Map();
  readonly delays: number[] = [];
  #nextId: number = 1;
  readonly #original = { ...host };

  constructor(time: number = 0) {
    this.time = time;
    host.now = () => this.time;
    host.timer = (delay, run) => {
      this.delays.push(delay);
      this.timers.set(this.#nextId, { at: this.time + delay, run });
      return this.#nextId++;
    };
    host.clearTimer = (handle) => void this.timers.delete(handle as number);
  }
  restore(): void {
    Object.assign(host, this.#original);
  }
  /** Moves time to `time`; each host timer that is due runs at its own time, `late` ms later. */
  moveTo(time: number, late: number = 0): void {
    for (;;) {
      const due = [...this.timers]
        .filter(([, { at }]) => at + late <= time)
        .sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at + late);
      due[1].run();
    }
    this.time = Math.max(this.time, time);
  }
}

class Probe extends Timer {
  readonly deadline: number;
  firedAt: number[] = [];
  readonly #onFire: () => void;
  constructor(deadline: number, onFire: () => void = () => {}) {
    super();
    this.deadline = deadline;
    this.#onFire = onFire;
  }
  fire(): void {
    this.firedAt.push(fake.time);
    this.#onFire();
  }
}

let fake: FakeHost;
beforeEach(() => {
  fake = new FakeHost(1234.5);
});
afterEach(() => {
  fake.restore();
});

describe("a system clock", () => {
  test("arms one host timer, for the next expiry, and none when nothing is pending", () => {
    const clock = new Clock();
    expect(fake.timers.size).toBe(0);
    const far = new Probe(5000);
    const near = new Probe(2000);
    clock.schedule(far, far.deadline);
    expect(fake.timers.size).toBe(1);
    clock.schedule(near, near.deadline);
    expect(fake.timers.size).toBe(1);
    clock.cancel(near);
    clock.cancel(far);
    expect(fake.timers.size).toBe(0);
    expect(clock.wheel.size).toBe(0);
  });

  test("leaves the host timer alone for a later deadline", () => {
    const clock = new Clock();
    clock.schedule(new Probe(2000), 2000);
    for (let i = 0; i < 1000; i++) clock.schedule(new Probe(3000 + i), 3000 + i);
    expect(fake.delays).toHaveLength(1);
  });

  test("wakes the host once for a single timer, however long it was idle before", () => {
    const clock = new Clock();
    for (const idle of [1, 70, 5000, 300_000, 2 ** 31 + 5]) {
      fake.moveTo(fake.time + idle);
      fake.delays.length = 0;
      const probe = new Probe(fake.time + 130);
      clock.schedule(probe, probe.deadline);
      fake.moveTo(fake.time + 200);
      expect(probe.firedAt).toHaveLength(1);
      expect(fake.delays).toHaveLength(1);
    }
  });

  test("wakes the host once for a timer that was set in a drain, and not at all for one removed in it", () => {
    const clock = new Clock();
    const far = new Probe(1e9);
    clock.schedule(far, far.deadline);
    for (const delay of [3, 70, 5000, 300_000]) {
      fake.delays.length = 0;
      const probe = new Probe(fake.time + delay);
      clock.hold(fake.time);
      for (const early of [1, 2, 60]) {
        const removed = new Probe(fake.time + early);
        clock.schedule(removed, removed.deadline);
        clock.cancel(removed);
      }
      expect(fake.delays).toEqual([]);
      clock.release();
      // Nothing is armed for what was removed.
      expect(fake.delays.filter((armed) => armed < 1e6)).toEqual([]);
      fake.delays.length = 0;
      clock.hold(fake.time);
      clock.schedule(probe, probe.deadline);
      clock.release();
      expect(fake.delays).toHaveLength(1);
      fake.moveTo(probe.deadline + 1);
      expect(probe.firedAt).toHaveLength(1);
    }
    clock.hold(fake.time);
    clock.cancel(far);
    clock.release();
    expect(fake.timers.size).toBe(0);
  });

  test("never fires early when the host does, and asks again", () => {
    const clock = new Clock();
    const probe = new Probe(1300.2);
    clock.schedule(probe, probe.deadline);
    const [id, { run }] = [...fake.timers][0]!;
    fake.timers.delete(id);
    fake.time = 1300.1;
    run();
    expect(probe.firedAt).toEqual([]);
    expect(fake.timers.size).toBe(1);
    fake.moveTo(1302);
    expect(probe.firedAt).toHaveLength(1);
    expect(probe.firedAt[0]).toBeGreaterThanOrEqual(1300.2);
  });

  test("gives the host no delay past 2^31 - 1 ms, and meets the deadline nevertheless", () => {
    const clock = new Clock();
    for (const delay of [2 ** 31 - 1, 2 ** 31, 2 ** 32 + 17, 2 ** 36 + 3, 2 ** 38]) {
      const probe = new Probe(fake.time + delay);
      clock.schedule(probe, probe.deadline);
      fake.moveTo(probe.deadline - 1);
      expect(probe.firedAt).toEqual([]);
      fake.moveTo(probe.deadline + 1);
      expect(probe.firedAt).toHaveLength(1);
    }
    expect(Math.max(...fake.delays)).toBe(MAX_HOST_DELAY);
    expect(MAX_HOST_DELAY).toBe(2 ** 31 - 1);
  });

  test("arms nothing for a deadline that never comes", () => {
    const clock = new Clock();
    for (const never of [Infinity, Number.MAX_VALUE, 2 ** 53]) clock.schedule(new Probe(never), never);
    expect(fake.timers.size).toBe(0);
    expect(earliestIn(clock.wheel)).toBe(Infinity);
  });

  test("fires a deadline that has passed as soon as the host lets it", () => {
    const clock = new Clock();
    const probe = new Probe(3);
    clock.schedule(probe, probe.deadline);
    expect(probe.firedAt).toEqual([]);
    fake.moveTo(fake.time + 2);
    expect(probe.firedAt).toHaveLength(1);
  });

  test("loses nothing when a waker throws", () => {
    const clock = new Clock();
    clock.schedule(
      new Probe(1300, () => {
        throw new Error("a bad waker");
      }),
      1300,
    );
    const sibling = new Probe(1300);
    const later = new Probe(1400);
    clock.schedule(sibling, sibling.deadline);
    clock.schedule(later, later.deadline);
    expect(() => fake.moveTo(1310)).toThrow("a bad waker");
    fake.moveTo(1500);
    expect(sibling.firedAt).toHaveLength(1);
    expect(later.firedAt).toHaveLength(1);
  });

  test("asks the host for nothing more once it was stopped", () => {
    const clock = new Clock();
    clock.schedule(new Probe(2000), 2000);
    clock.stop();
    expect(fake.timers.size).toBe(0);
  });
});

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant("schedule" as const),
      delay: fc.oneof(
        fc.double({ min: 0, max: 200, noNaN: true }),
        fc.double({ min: 0, max: 2 ** 20, noNaN: true }),
        fc.double({ min: 0, max: 2 ** 37, noNaN: true }),
      ),
      /** What firing it does: schedule another, or cancel one. */
      then: fc.constantFrom("nothing", "schedule", "cancel"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("cancel" as const), at: fc.nat(100) }) },
  /** A drain of the run queue begins, or is over. */
  { weight: 2, arbitrary: fc.record({ op: fc.constant("drain" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("move" as const),
      by: fc.oneof(
        fc.double({ min: 0, max: 300, noNaN: true }),
        fc.double({ min: 0, max: 2 ** 33, noNaN: true }),
      ),
      late: fc.constantFrom(0, 0, 0.5, 3, 200),
    }),
  },
);

describe.each([
  ["system", false],
  ["paused", true],
] as const)("a %s clock under random programs", (_, isPaused) => {
  test("is never early, loses nothing, fires each timer once and in order, with one host timer at most", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (program) => {
        fake.restore();
        fake = new FakeHost(isPaused ? 0 : 777.25);
        const paused = isPaused ? new PausedClock() : null;
        const clock = paused ?? new Clock();
        const probes: Probe[] = [];
        const cancelled = new Set<Probe>();
        const order: Probe[] = [];
        const schedule = (delay: number, then: string): void => {
          const probe: Probe = new Probe(clock.now() + delay, () => {
            order.push(probe);
            if (then === "schedule") schedule(delay / 3, "nothing");
            if (then === "cancel") cancel(probes[probes.length >> 1]);
          });
          probes.push(probe);
          clock.schedule(probe, probe.deadline);
        };
        const cancel = (probe: Probe | undefined): void => {
          if (probe === undefined || probe.firedAt.length > 0) return;
          clock.cancel(probe);
          cancelled.add(probe);
        };
        const moveBy = (by: number, late: number): void => {
          if (paused !== null) {
            fake.time += by;
            paused.jumpTo(fake.time);
          } else fake.moveTo(fake.time + by, late);
        };
        let isDraining = false;
        const drain = (): void => {
          isDraining = !isDraining;
          if (isDraining) clock.hold(clock.now());
          else clock.release();
        };
        for (const each of program) {
          if (each.op === "schedule") schedule(each.delay, each.then);
          else if (each.op === "cancel") cancel(probes[each.at]);
          else if (each.op === "drain") drain();
          else {
            // The host's timers cannot come while a drain is on.
            if (isDraining) drain();
            moveBy(each.by, each.late);
          }
          if (isDraining) continue;
          if (isPaused) expect(fake.timers.size).toBe(0);
          else expect(fake.timers.size).toBe(clock.wheel.size > 0 ? 1 : 0);
        }
        if (isDraining) drain();
        moveBy(2 ** 38, 0);
        // What was scheduled by the last ones.
        moveBy(2 ** 38, 0);
        for (const probe of probes) {
          expect(probe.firedAt).toHaveLength(cancelled.has(probe) ? 0 : 1);
          if (probe.firedAt.length > 0) expect(probe.firedAt[0]).toBeGreaterThanOrEqual(probe.deadline);
        }
        expect(clock.wheel.size).toBe(0);
        expect(Math.max(0, ...fake.delays)).toBeLessThanOrEqual(MAX_HOST_DELAY);
        if (program.every((each) => each.op !== "schedule" || each.then === "nothing")) {
          // Timers that fire together fire by deadline.
          for (let i = 1; i < order.length; i++) {
            const [before, after] = [order[i - 1]!, order[i]!];
            if (before.firedAt[0] === after.firedAt[0])
              expect(Math.ceil(before.deadline)).toBeLessThanOrEqual(Math.ceil(after.deadline));
          }
        }
      }),
      randomPrograms(0.2),
    );
  });
});
