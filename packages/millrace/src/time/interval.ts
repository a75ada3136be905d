/** Ticks at a fixed period. */
import { Line, Place } from "../runtime/line.ts";
import { optionsOf } from "../runtime/argument.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { checkDeadline, toMs, type Duration } from "../runtime/duration.ts";
import type { Future } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";
import { iterate } from "../runtime/iterate.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import type { Clock } from "../runtime/clock.ts";
import { cx } from "../runtime/kernel.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { wakeSafely } from "../runtime/listeners.ts";
import { Alarm, setAlarm } from "./alarm.ts";

/**
 * What happens when ticks were missed because nobody asked in time: "burst" gives them back to back
 * until it has caught up; "delay" goes on one period after the late tick; "skip" goes on at the next
 * multiple of the period.
 */
export type MissedTick = "burst" | "delay" | "skip";

/** A tick late by no more than this was not missed: the host's timers are that coarse. */
const GRACE_MS = 5;

class Tick extends Operation<number> {
  readonly #interval: Interval;
  #alarm: Alarm | null = null;
  #armedFor: number = NaN;
  #place: Place | null = null;

  constructor(interval: Interval) {
    super();
    this.#interval = interval;
  }

  poll(waker: Waker): Poll<number> {
    if (!mayProceed(waker)) return PENDING;
    bind(this.#interval);
    const clock = clockOf(this.#interval);
    const deadline = deadlineOf(this.#interval);
    const now = clock.now();
    const line = lineOf(this.#interval);
    if (deadline <= now) {
      if (!line.isEmpty && !line.isTurnOf((this.#place ??= new Place()), waker)) return PENDING;
      cx.budget--;
      this.#leave();
      return advance(this.#interval, deadline, now);
    }
    line.enter((this.#place ??= new Place()));
    if (this.#alarm === null) {
      this.#alarm = new Alarm(waker);
      waitersOf(this.#interval).add(this);
    }
    this.#alarm.waker = waker;
    if (this.#armedFor !== deadline || this.#alarm.slot < 0) setAlarm(this.#alarm, clock, deadline);
    this.#armedFor = deadline;
    return PENDING;
  }

  /** The interval was reset. */
  rearm(): void {
    if (this.#alarm !== null) wakeSafely(this.#alarm.waker);
  }

  override drop(): void {
    this.#leave();
  }
  #leave(): void {
    lineOf(this.#interval).leave(this.#place);
    if (this.#alarm === null) return;
    clockOf(this.#interval).cancel(this.#alarm);
    waitersOf(this.#interval).delete(this);
  }

  override get waitedClock(): object {
    return clockOf(this.#interval);
  }
  override describeWait(): string {
    return `a tick every ${this.#interval.period} ms`;
  }
}

// Doors into the class for the modules that share its internals.
let deadlineOf: (interval: Interval) => number;
let clockOf: (interval: Interval) => Clock;
let bind: (interval: Interval) => void;
let waitersOf: (interval: Interval) => Set<Tick>;
let lineOf: (interval: Interval) => Line;
let advance: (interval: Interval, scheduled: number, now: number) => number;

/**
 * Ticks at a fixed period, made by `interval`.
 *
 * **Cancel safety.** An abandoned `tick()` has taken no tick; the next one gets it.
 */
export class Interval implements AsyncIterable<number> {
  /** Between two ticks, in ms. */
  readonly period: number;
  #missedTick: MissedTick;
  /** Of the runtime where it was made; once it is bound, of the one that waited for a tick first. */
  #clock: Clock;
  #isBound: boolean = false;
  readonly #waiters: Set<Tick> = new Set();
  readonly #line: Line = new Line();
  #deadline: number;

  /** @internal */
  constructor(clock: Clock, period: number, start: number, missedTick: MissedTick) {
    this.#clock = clock;
    this.period = period;
    this.#missedTick = missedTick;
    this.#deadline = start;
  }

  /** What happens to ticks that were missed. */
  get missedTick(): MissedTick {
    return this.#missedTick;
  }
  /** @throws RangeError for anything but "burst", "delay" and "skip". */
  set missedTick(value: MissedTick) {
    this.#missedTick = checkMissedTick("Interval.missedTick", value);
  }

  /** The next tick, as the instant for which it was scheduled (ms, as `now()` gives). */
  tick(): Future<number> {
    return new Tick(this);
  }

  /** The next tick comes one period from now. */
  reset(): void {
    this.#resetTo(this.#clock.now() + this.period);
  }
  /** The next tick comes at once. */
  resetImmediately(): void {
    this.#resetTo(this.#clock.now());
  }
  /** The next tick comes after `duration`. */
  resetAfter(duration: Duration): void {
    this.#resetTo(this.#clock.now() + toMs("Interval.resetAfter", duration));
  }
  /** The next tick comes at `deadline`, in ms as `now()` gives. */
  resetAt(deadline: number): void {
    this.#resetTo(checkDeadline("Interval.resetAt", deadline));
  }

  /** Tick after tick, for ever. */
  [Symbol.asyncIterator](): AsyncIterator<number> {
    return iterate(() => this.tick());
  }

  #bind(): void {
    if (this.#isBound) return;
    this.#isBound = true;
    const { clock } = ambientKernel();
    this.#deadline += clock.since(this.#clock);
    this.#clock = clock;
  }

  #resetTo(deadline: number): void {
    this.#deadline = deadline;
    for (const tick of this.#waiters) tick.rearm();
  }

  #advance(scheduled: number, now: number): number {
    this.#deadline = now > scheduled + GRACE_MS ? this.#afterMiss(scheduled, now) : scheduled + this.period;
    return scheduled;
  }

  #afterMiss(scheduled: number, now: number): number {
    switch (this.#missedTick) {
      case "burst":
        return scheduled + this.period;
      case "delay":
        return now + this.period;
      case "skip":
        return now + this.period - ((now - scheduled) % this.period);
    }
  }

  static {
    deadlineOf = (interval) => interval.#deadline;
    clockOf = (interval) => interval.#clock;
    bind = (interval) => interval.#bind();
    waitersOf = (interval) => interval.#waiters;
    lineOf = (interval) => interval.#line;
    advance = (interval, scheduled, now) => interval.#advance(scheduled, now);
  }
}

threadBound(Interval, "an Interval");

function checkMissedTick(caller: string, value: MissedTick): MissedTick {
  if (value === "burst" || value === "delay" || value === "skip") return value;
  throw new RangeError(`${caller} expects "burst", "delay" or "skip", got ${String(value)}`);
}

/**
 * Ticks every `period` ms, the first at once (or at `start`).
 *
 * @throws RangeError when the period is 0, negative or NaN, or `missedTick` is unknown.
 *
 * @example
 * ```ts
 * import { interval } from "millrace";
 *
 * let n = 0;
 * for await (const at of interval(10)) {
 *   console.log("tick", at);
 *   if (++n === 3) break;
 * }
 * ```
 */
export function interval(
  period: Duration,
  options: { start?: number; missedTick?: MissedTick } = {},
): Interval {
  const ms = toMs("interval", period);
  if (ms === 0) throw new RangeError("interval expects a period of more than 0 ms, got 0");
  const missedTick = checkMissedTick("interval", optionsOf("interval", options).missedTick ?? "burst");
  const { clock } = ambientKernel();
  const start = options.start === undefined ? clock.now() : checkDeadline("interval", options.start);
  return new Interval(clock, ms, start, missedTick);
}
