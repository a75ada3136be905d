/**
 * A clock that has no host timer. Its time moves when somebody moves it: a test, or the runtime when nothing
 * else can run.
 */
import { dueIn, earliestIn } from "../internal/timer-wheel.ts";
import { Clock, NEVER, type TimerEntry } from "./clock.ts";

export class PausedClock extends Clock {
  /** Told of every new timer. */
  onSchedule: (() => void) | null = null;
  #time: number = 0;

  constructor() {
    super(0);
  }

  override now(): number {
    return this.#time;
  }
  override get isHostTime(): boolean {
    return false;
  }

  override schedule(entry: TimerEntry, deadline: number): void {
    const tick = Math.ceil(deadline);
    if (tick >= NEVER) return;
    this.wheel.insert(entry, tick);
    this.onSchedule?.();
  }

  /** A drain moves no time. */
  override hold(): void {}
  /** Nor does its end. */
  override release(): void {}

  /** The deadline of the earliest timer, `Infinity` when there is none. */
  earliest(): number {
    return earliestIn(this.wheel);
  }

  /** Moves it to `time`, never back, in one jump: everything due fires together. */
  jumpTo(time: number): void {
    this.#time = Math.max(this.#time, time);
    this.fireUpTo(this.#time);
  }

  /** Moves it to its earliest timer without firing anything; false when there is none. */
  moveToEarliest(): boolean {
    const time = this.earliest();
    if (time === Infinity) return false;
    this.#time = Math.max(this.#time, time);
    this.wheel.advance(Math.floor(this.#time));
    return true;
  }
  /** Timers whose time has come and that have not fired. */
  due(): IterableIterator<TimerEntry> {
    return dueIn(this.wheel);
  }
  /** Fires one that is due, out of turn. */
  fireNow(entry: TimerEntry): void {
    this.wheel.remove(entry);
    entry.fire();
  }
}
