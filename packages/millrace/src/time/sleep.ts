/** Waiting for a point in time. */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { checkDeadline, toMs, type Duration } from "../runtime/duration.ts";
import { Future, renew } from "../runtime/future.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { cx, type Kernel } from "../runtime/kernel.ts";
import type { Attributes, Resource, ResourceKind } from "../runtime/resource.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { Alarm } from "./alarm.ts";

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
  declare private kernel: Kernel | null;
  declare private timer: Alarm | null;
  declare private hasElapsed: boolean;
  /** Polled, and neither finished nor abandoned since. */
  declare private isWaiting: boolean;

  /** @internal */
  constructor(deadline: number) {
    super();
    this.kernel = null;
    this.timer = null;
    this.hasElapsed = false;
    this.isWaiting = false;
    this.wakesAt = deadline;
  }

  // #region poll
  poll(waker: Waker): Poll<void> {
    if (!mayProceed(waker)) return PENDING;
    const kernel = (this.kernel ??= ambientKernel());
    const { clock } = kernel;
    const timer = this.timer;
    if (timer !== null && timer.isArmed) {
      timer.waker = waker;
      return PENDING;
    }
    if (this.wakesAt <= clock.now()) {
      cx.budget--;
      this.isWaiting = false;
      this.hasElapsed = true;
      return undefined;
    }
    if (timer === null) this.timer = new Alarm(waker);
    else timer.waker = waker;
    this.isWaiting = true;
    clock.schedule(this.timer!, this.wakesAt);
    return PENDING;
  }

  override drop(): void {
    this.isWaiting = false;
    if (this.timer !== null) this.kernel!.clock.cancel(this.timer);
  }
  // #endregion poll

  /** In ms of the runtime's clock, as `now()` gives. */
  get deadline(): number {
    return this.wakesAt;
  }
  /** True once its time has come after it was first polled, until it is reset. */
  get isElapsed(): boolean {
    return this.hasElapsed || this.timer?.hasFired === true;
  }

  /** Moves the deadline; re-arms a finished sleep for one more use. */
  reset(deadline: number): void {
    this.wakesAt = checkDeadline("Sleep.reset", deadline);
    this.hasElapsed = false;
    const { timer } = this;
    if (timer !== null) timer.hasFired = false;
    if (!this.isWaiting) return renew(this);
    const { clock } = this.kernel!;
    timer!.set(clock, deadline);
    // Over already: whoever waits need not see the clock move.
    if (deadline <= clock.now()) timer!.fireEarly(clock);
  }

  /** @internal */
  override describeWait(): string {
    return `a sleep until ${Math.round(this.wakesAt)} ms`;
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
  return new Sleep(ms === Infinity ? Infinity : now() + ms);
}

/** Waits until `deadline`, in ms as `now()` gives; one in the past is over at once. Cancel safety as `sleep`. */
export function sleepUntil(deadline: number): Sleep {
  return new Sleep(checkDeadline("sleepUntil", deadline));
}
