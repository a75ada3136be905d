/** Time limits. */
import { TimeoutError } from "../errors.ts";
import { PENDING, type Awaitable, type Poll, type Waker } from "../runtime/body.ts";
import { Guard } from "../combinators/adapters.ts";
import { toFuture } from "../combinators/to-future.ts";
import { checkDeadline, toMs, type Duration } from "../runtime/duration.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import type { Future } from "../runtime/future.ts";
import { cx, type Kernel } from "../runtime/kernel.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { Alarm } from "./alarm.ts";
import { pin } from "../internal/pin.ts";

class Timeout<T> extends Guard<T, never> {
  /** The limit in ms, counted from the first poll, or the deadline. */
  declare private readonly ms: number;
  declare private readonly isDeadline: boolean;
  declare private kernel: Kernel | null;
  declare private timer: Alarm | null;
  declare private deadline: number;

  constructor(future: Future<T>, ms: number, isDeadline: boolean) {
    super(future);
    this.kernel = null;
    this.timer = null;
    this.deadline = Infinity;
    this.ms = ms;
    this.isDeadline = isDeadline;
  }

  poll(waker: Waker): Poll<T> {
    // A ready future could not give its value now, and must not lose for that.
    if (!mayProceed(waker)) {
      this.timer ??= this.arm(waker);
      return PENDING;
    }
    // A ready operation never touches the clock.
    const value = this.pollInner(waker);
    if (value !== PENDING) return value;
    const timer = (this.timer ??= this.arm(waker));
    timer.waker = waker;
    // An operation that uses up the whole budget in every turn must not outrun its limit.
    if (timer.hasFired || (cx.budget <= 0 && this.isPast())) this.elapse();
    return PENDING;
  }

  override get givesUp(): boolean {
    return this.deadline !== Infinity;
  }

  private isPast(): boolean {
    return this.kernel!.clock.now() >= this.deadline;
  }

  private arm(waker: Waker): Alarm {
    const kernel = (this.kernel = ambientKernel());
    const { clock } = kernel;
    this.deadline = this.isDeadline ? this.ms : clock.now() + this.ms;
    const timer = new Alarm(waker);
    if (this.deadline <= clock.now()) timer.hasFired = true;
    else if (this.deadline !== Infinity) clock.schedule(timer, this.deadline);
    return timer;
  }

  protected close(): void {
    if (this.timer !== null) this.kernel!.clock.cancel(this.timer);
  }

  private elapse(): never {
    const limit = this.isDeadline ? "by its deadline" : `within ${this.ms} ms`;
    const error = new TimeoutError(`the operation did not finish ${limit}`);
    this.drop();
    throw error;
  }
}

/**
 * Limits `future` to `limit` ms, counted from the first poll. The future is polled first, so one that
 * is ready wins over a deadline already past; then `TimeoutError` is thrown and the future abandoned.
 *
 * **Cancel safety.** Abandoning it abandons the future and removes the timer.
 *
 * @throws RangeError when the limit is negative or NaN (`Infinity` means no limit); TypeError for a function.
 *
 * @example
 * ```ts
 * import { pending, timeout, TimeoutError } from "millrace";
 *
 * try {
 *   await timeout(10, pending());
 * } catch (error) {
 *   console.log(error instanceof TimeoutError); // true
 * }
 * ```
 */
export function timeout<T>(limit: Duration, future: Awaitable<T>): Future<T> {
  // A bad limit leaves the future to the caller.
  const ms = toMs("timeout", limit);
  return new Timeout(toFuture("timeout", future), ms, false);
}

/** Limits `future` to a deadline, in ms as `now()` gives. Otherwise as `timeout`. */
export function timeoutAt<T>(deadline: number, future: Awaitable<T>): Future<T> {
  const ms = checkDeadline("timeoutAt", deadline);
  return new Timeout(toFuture("timeoutAt", future), ms, true);
}

pin(timeout(1, null));
