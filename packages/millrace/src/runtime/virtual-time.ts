/**
 * Time that moves by itself under a paused clock: to the next timer, whenever a full turn of the host
 * loop finds nothing else to do. When there is no timer either, and nothing outside can wake anybody,
 * the runtime is deadlocked, and it is known exactly.
 */
import { isStuck } from "./deadlock.ts";
import { host } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import type { PausedClock } from "./paused-clock.ts";
import { isIdle } from "./scheduler.ts";

export class VirtualTime {
  autoAdvance: boolean;
  readonly #kernel: Kernel;
  readonly #clock: PausedClock;
  readonly #onDeadlock: () => void;
  /** Whoever waits until nothing else can run; time stands still for them. */
  readonly #settling: Set<() => void> = new Set();
  #isChecking: boolean = false;

  constructor(kernel: Kernel, clock: PausedClock, autoAdvance: boolean, onDeadlock: () => void) {
    this.#kernel = kernel;
    this.#clock = clock;
    this.autoAdvance = autoAdvance;
    this.#onDeadlock = onDeadlock;
    kernel.onIdle = () => this.check();
    kernel.scheduler.onIdle = kernel.onIdle;
    clock.onSchedule = kernel.onIdle;
  }

  /** Something changed; look whether time may move once the host has had a full turn. */
  check(): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    const { polls } = this.#kernel.scheduler;
    // One macrotask may still belong to the turn in which it was queued.
    host.macrotask(() =>
      host.macrotask(() => {
        this.#isChecking = false;
        const { scheduler } = this.#kernel;
        if (scheduler.polls !== polls) this.check();
        else if (isIdle(scheduler)) this.#quiet();
      }),
    );
  }

  /** Calls `settled` once, when nothing else can run, unless the returned function is called first. */
  onSettled(settled: () => void): () => void {
    this.#settling.add(settled);
    this.check();
    return () => this.#settling.delete(settled);
  }

  // #region quiet
  /** Nothing else can run. */
  #quiet(): void {
    const { foreign } = this.#kernel;
    if (this.#settling.size > 0) {
      const settling = [...this.#settling];
      this.#settling.clear();
      for (const settled of settling) settled();
      return;
    }
    if (foreign > 0) return;
    const next = this.#clock.earliest();
    if (next === Infinity) {
      if (isStuck(this.#kernel)) this.#onDeadlock();
    } else if (this.autoAdvance) this.moveTo(next);
  }
  // #endregion quiet

  /** The host's loop is empty: foreign work that was waited for will never come. */
  moveAnyway(): boolean {
    const next = this.#clock.earliest();
    if (next === Infinity || !this.autoAdvance) return false;
    this.moveTo(next);
    return true;
  }

  /** The deadline of the earliest timer, `Infinity` when there is none. */
  earliest(): number {
    return this.#clock.earliest();
  }

  moveTo(time: number): void {
    this.#clock.jumpTo(time);
    this.check();
  }
}
