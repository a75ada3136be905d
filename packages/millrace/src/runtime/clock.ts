/**
 * A runtime's time: one hierarchical wheel behind one host timer, armed for the next expiry. A tick is
 * a millisecond; deadlines are rounded up, so nothing fires early. `PausedClock` is one that stands still.
 */
import { NONE, Timer, type TimerEntry, TimerWheel } from "../internal/timer-wheel.ts";
import { host, MAX_HOST_DELAY } from "./host.ts";

export { NONE, Timer, type TimerEntry };

/** Deadlines past this cannot be told apart any more; they never come. */
export const NEVER: number = Number.MAX_SAFE_INTEGER;

export class Clock {
  readonly wheel: TimerWheel;
  /** During a drain the host's timer is left alone: most timers set in it are removed in it. */
  #isHeld: boolean = false;
  /** The earliest tick that was set during the drain; perhaps removed again. */
  #earliestHeld: number = Infinity;
  #armed: unknown = undefined;
  #armedFor: number = Infinity;
  readonly #onHostTimer: () => void = () => {
    this.#armed = undefined;
    this.#armedFor = Infinity;
    // What a timer throws is the host's to report; the timers behind it must not be lost with it.
    try {
      this.fireUpTo(host.now());
    } finally {
      this.#arm(this.wheel.nextTick());
    }
  };

  constructor(startTick: number = Math.floor(host.now())) {
    this.wheel = new TimerWheel(startTick);
  }

  now(): number {
    return host.now();
  }
  /** Whether others that do so tell the same time. */
  get isHostTime(): boolean {
    return true;
  }
  /** What it shows more than `other` does. */
  since(other: Clock): number {
    return this.isHostTime && other.isHostTime ? 0 : this.now() - other.now();
  }

  /** Fires `entry` at `deadline` or as soon after as the host allows. A deadline of `Infinity` never comes. */
  schedule(entry: TimerEntry, deadline: number): void {
    const { wheel } = this;
    const tick = Math.ceil(deadline);
    if (tick >= NEVER) return;
    if (this.#isHeld || tick >= this.#armedFor) {
      wheel.insert(entry, tick);
      if (entry.tick < this.#earliestHeld) this.#earliestHeld = entry.tick;
      return;
    }
    // Time passes by an empty wheel at no cost, and what is then placed low needs no second look.
    if (wheel.size === 0) wheel.advance(Math.floor(host.now()));
    wheel.insert(entry, tick);
    this.#arm(entry.tick);
  }

  cancel(entry: TimerEntry): void {
    if (entry.slot < 0) return;
    this.wheel.remove(entry);
    if (this.wheel.size === 0 && !this.#isHeld) this.stop();
  }

  /** A drain begins. */
  hold(now: number): void {
    this.#isHeld = true;
    this.#earliestHeld = Infinity;
    if (this.wheel.size === 0) this.wheel.advance(Math.floor(now));
  }
  /** The drain is over: what it changed reaches the host's timer, once. */
  release(): void {
    this.#isHeld = false;
    // The wheel knows a far tick only by its slot. If it was set just now it is known exactly; if it was
    // there before, the host's timer is armed for it.
    const next = this.wheel.nextTick();
    if (next === Infinity) this.stop();
    else this.#arm(Math.max(next, this.#earliestHeld));
  }

  /** Fires what is due by then, in order. */
  fireUpTo(time: number): void {
    const { wheel } = this;
    wheel.advance(Math.floor(time));
    for (let entry = wheel.popExpired(); entry !== null; entry = wheel.popExpired()) entry.fire();
  }

  /** Stops the host timer. */
  stop(): void {
    if (this.#armed !== undefined) host.clearTimer(this.#armed);
    this.#armed = undefined;
    this.#armedFor = Infinity;
  }

  /** Has the host's timer come at `tick`, unless it comes before. */
  #arm(tick: number): void {
    if (tick >= this.#armedFor) return;
    this.stop();
    this.#armedFor = tick;
    // The host may fire up to a millisecond early; then nothing is due yet and the rest is waited for.
    const delay = Math.max(Math.ceil(tick - host.now()), 1);
    this.#armed = host.timer(Math.min(delay, MAX_HOST_DELAY), this.#onHostTimer);
  }
}
