/**
 * A runtime's time: one hierarchical wheel behind one host timer, armed for the next expiry. A tick is
 * a millisecond; deadlines are rounded up, so nothing fires early.
 *
 * A paused clock has no host timer. Its time moves when somebody moves it: a test, or the runtime when
 * nothing else can run.
 */
import { NONE, Timer, type TimerEntry, TimerWheel } from "../internal/timer-wheel.ts";
import { host, MAX_HOST_DELAY } from "./host.ts";

export { NONE, Timer, type TimerEntry };

/** Deadlines past this cannot be told apart any more; they never come. */
const NEVER = Number.MAX_SAFE_INTEGER;

export class Clock {
  readonly isPaused: boolean;
  /** Told of every new timer of a paused clock. */
  onSchedule: (() => void) | null = null;
  /** During a drain the host's timer is left alone: most timers set in it are removed in it. */
  private isHeld: boolean = false;
  /** The earliest tick that was set during the drain; perhaps removed again. */
  private earliestHeld: number = Infinity;
  readonly #wheel: TimerWheel;
  #virtual: number = 0;
  #armed: unknown = undefined;
  #armedFor: number = Infinity;
  readonly #onHostTimer: () => void = () => {
    this.#armed = undefined;
    this.#armedFor = Infinity;
    // What a waker throws is the host's to report; the timers behind it must not be lost with it.
    try {
      this.#fireUpTo(host.now());
    } finally {
      this.#arm();
    }
  };

  constructor(isPaused: boolean) {
    this.isPaused = isPaused;
    this.#wheel = new TimerWheel(isPaused ? 0 : Math.floor(host.now()));
  }

  now(): number {
    return this.isPaused ? this.#virtual : host.now();
  }

  /** Pending timers. */
  get size(): number {
    return this.#wheel.size;
  }

  /** Fires `entry` at `deadline` or as soon after as the host allows. A deadline of `Infinity` never comes. */
  schedule(entry: TimerEntry, deadline: number): void {
    const tick = Math.ceil(deadline);
    if (tick >= NEVER) return;
    if (this.isPaused) {
      this.#wheel.insert(entry, tick);
      this.onSchedule?.();
      return;
    }
    if (this.isHeld || tick >= this.#armedFor) {
      this.#wheel.insert(entry, tick);
      if (entry.tick < this.earliestHeld) this.earliestHeld = entry.tick;
      return;
    }
    const now = host.now();
    // Time passes by an empty wheel at no cost, and what is then placed low needs no second look.
    if (this.#wheel.size === 0) this.#wheel.advance(Math.floor(now));
    this.#wheel.insert(entry, tick);
    this.#armAt(entry.tick, now);
  }

  cancel(entry: TimerEntry): void {
    if (entry.slot < 0) return;
    this.#wheel.remove(entry);
    if (this.#wheel.size === 0 && !this.isHeld) this.#disarm();
  }

  /** A drain begins. */
  hold(now: number): void {
    this.isHeld = true;
    this.earliestHeld = Infinity;
    if (!this.isPaused && this.#wheel.size === 0) this.#wheel.advance(Math.floor(now));
  }
  /** The drain is over: what it changed reaches the host's timer, once. */
  release(): void {
    this.isHeld = false;
    if (this.isPaused) return;
    const next = this.#wheel.nextTick();
    if (next === Infinity) return this.#disarm();
    // The wheel knows a far tick only by its slot. If it was set just now it is known exactly; if it was
    // there before, the host's timer is armed for it.
    const tick = Math.max(next, this.earliestHeld);
    if (tick < this.#armedFor) this.#armAt(tick, host.now());
  }

  /** The deadline of the earliest timer, `Infinity` when there is none. */
  earliest(): number {
    return this.#wheel.earliest();
  }

  /** Moves a paused clock to `time`, never back, in one jump: everything due fires together. */
  jumpTo(time: number): void {
    this.#virtual = Math.max(this.#virtual, time);
    this.#fireUpTo(this.#virtual);
  }

  /** Moves a paused clock to its earliest timer without firing anything; false when there is none. */
  moveToEarliest(): boolean {
    const time = this.earliest();
    if (time === Infinity) return false;
    this.#virtual = Math.max(this.#virtual, time);
    this.#wheel.advance(Math.floor(this.#virtual));
    return true;
  }
  /** Timers whose time has come and that have not fired. */
  due(): IterableIterator<TimerEntry> {
    return this.#wheel.due();
  }
  /** Fires one that is due, out of turn. */
  fireNow(entry: TimerEntry): void {
    this.#wheel.remove(entry);
    entry.fire();
  }

  /** Stops the host timer for good: the runtime has ended. */
  stop(): void {
    this.#disarm();
  }

  #fireUpTo(time: number): void {
    const wheel = this.#wheel;
    wheel.advance(Math.floor(time));
    for (let entry = wheel.popExpired(); entry !== null; entry = wheel.popExpired()) entry.fire();
  }

  #arm(): void {
    const tick = this.#wheel.nextTick();
    if (tick === Infinity) this.#disarm();
    else if (tick < this.#armedFor) this.#armAt(tick, host.now());
  }

  #armAt(tick: number, now: number): void {
    this.#disarm();
    this.#armedFor = tick;
    // The host may fire up to a millisecond early; then nothing is due yet and the rest is waited for.
    const delay = Math.max(Math.ceil(tick - now), 1);
    this.#armed = host.timer(Math.min(delay, MAX_HOST_DELAY), this.#onHostTimer);
  }

  #disarm(): void {
    if (this.#armed !== undefined) host.clearTimer(this.#armed);
    this.#armed = undefined;
    this.#armedFor = Infinity;
  }
}
