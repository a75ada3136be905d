/** Waiting for a point in time. */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { checkDeadline, toMs, type Duration } from "../runtime/duration.ts";
import { Future, renew } from "../runtime/future.ts";
import { iteratesItself } from "../runtime/operation.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { cx, type Kernel } from "../runtime/kernel.ts";
import { pin } from "../internal/pin.ts";
import type { Attributes, Resource, ResourceKind } from "../runtime/resource.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { NONE, type TimerEntry } from "../runtime/clock.ts";
import { wakeSafely } from "../runtime/listeners.ts";

// Bits of `progress`.
/** Polled, and neither finished nor abandoned since. */
const WAITING = 1;
const FIRED = 2;
const ELAPSED = 4;
/** Polled ever: it goes by the time of the runtime that did so first. */
const BOUND = 8;

/** Monotonic milliseconds of the current runtime's clock (virtual when the clock is paused). */
export function now(): number {
  return ambientKernel().clock.now();
}

/**
 * Completes at its deadline. Made by `sleep` and `sleepUntil`; the timer is set when it is first polled.
 *
 * **Cancel safety.** Abandoning it removes the timer.
 */
export class Sleep extends Future<void> {
  declare private wakesAt: number;
  /** Where it was made, if that matters; once it is bound, that of whoever polled it first. */
  declare private kernel: Kernel | null;
  /** @internal */
  declare waker: Waker | null;
  declare private progress: number;
  // It is its own entry in the timer wheel: a million sleeps are a million objects less.
  /** @internal */
  declare tick: number;
  /** @internal */
  declare slot: number;
  /** @internal */
  declare prevTimer: TimerEntry | null;
  /** @internal */
  declare nextTimer: TimerEntry | null;

  /** @internal */
  constructor(deadline: number, kernel: Kernel | null = null) {
    super();
    this.wakesAt = deadline;
    this.kernel = kernel;
    this.waker = null;
    this.progress = 0;
    this.tick = 0;
    this.slot = NONE;
    this.prevTimer = null;
    this.nextTimer = null;
  }

  // #region poll
  /** Polls it; the driver's part. */
  poll(waker: Waker): Poll<void> {
    if (!mayProceed(waker)) return PENDING;
    if (this.slot !== NONE) {
      this.waker = waker;
      return PENDING;
    }
    if ((this.progress & BOUND) === 0) bind(this);
    const { clock } = this.kernel!;
    if (this.wakesAt <= clock.now()) {
      cx.budget--;
      this.progress = ELAPSED | BOUND;
      return undefined;
    }
    this.waker = waker;
    this.progress |= WAITING;
    clock.schedule(this, this.wakesAt);
    return PENDING;
  }

  /** @internal */
  fire(): void {
    this.progress |= FIRED;
    wakeSafely(this.waker!);
  }

  /** Takes its timer out. */
  override drop(): void {
    this.progress &= ~WAITING;
    if (this.slot !== NONE) this.kernel!.clock.cancel(this);
  }
  // #endregion poll

  /** In ms of the runtime's clock, as `now()` gives. */
  get deadline(): number {
    return this.wakesAt;
  }
  /** True once its time has come after it was first polled, until it is reset. */
  get isElapsed(): boolean {
    return (this.progress & (ELAPSED | FIRED)) !== 0;
  }

  /** Moves the deadline; re-arms a finished sleep for one more use. */
  reset(deadline: number): void {
    this.wakesAt = checkDeadline("Sleep.reset", deadline);
    this.progress &= WAITING | BOUND;
    // Told by the time of whoever is going to poll it.
    if ((this.progress & BOUND) === 0) this.kernel = null;
    if ((this.progress & WAITING) === 0) return renew(this);
    const { clock } = this.kernel!;
    clock.cancel(this);
    // Over already: whoever waits need not see the clock move.
    if (deadline <= clock.now()) this.fire();
    else clock.schedule(this, deadline);
  }

  /** @internal */
  override describeWait(): string {
    return `a sleep until ${Math.round(this.wakesAt)} ms`;
  }
  /** @internal */
  override get waitedClock(): object | undefined {
    return this.kernel?.clock;
  }
  /** @internal */
  override get waitedResource(): Resource {
    return this;
  }
  /** @internal */
  get resourceKind(): ResourceKind {
    return "timer";
  }
  /** @internal */
  attributes(): Attributes {
    return { deadline: this.wakesAt };
  }
}

iteratesItself(Sleep);

/** It is polled for the first time. */
function bind(sleep: Sleep): void {
  const madeIn = sleep["kernel"];
  const kernel = (sleep["kernel"] = ambientKernel());
  sleep["progress"] |= BOUND;
  if (madeIn !== null && madeIn !== kernel) sleep["wakesAt"] += kernel.clock.since(madeIn.clock);
}

/**
 * Waits for `duration` (ms), counted from this call: 1 ms grain, rounded up, never early.
 *
 * **Cancel safety.** Abandoning it removes the timer.
 *
 * @throws RangeError when the duration is negative or NaN.
 *
 * @example
 * ```ts
 * import { sleep } from "millrace";
 *
 * await sleep(100);
 * await sleep({ seconds: 0.1 });
 * ```
 */
export function sleep(duration: Duration): Sleep {
  const ms = toMs("sleep", duration);
  const kernel = ambientKernel();
  return new Sleep(ms === Infinity ? Infinity : kernel.clock.now() + ms, kernel);
}

/** Waits until `deadline`, in ms as `now()` gives; one in the past is over at once. Cancel safety as `sleep`. */
export function sleepUntil(deadline: number): Sleep {
  return new Sleep(checkDeadline("sleepUntil", deadline));
}

pin(new Sleep(0));
