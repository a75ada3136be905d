/** The simplest futures: a value, nothing ever, a poll function. */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { Future, markReusable } from "../runtime/future.ts";
import { pin } from "../internal/pin.ts";

class Ready<T> extends Future<T> {
  declare private readonly value: T;
  constructor(value: T) {
    super();
    this.value = value;
    markReusable(this);
  }
  poll(): T {
    return this.value;
  }
}

/** A future that has its value already. May be used any number of times. */
export function ready<T>(value: T): Future<T> {
  return new Ready(value);
}

class Pending extends Future<never> {
  poll(): Poll<never> {
    return PENDING;
  }
  override describeWait(): string {
    return "something that never comes (pending())";
  }
}

/** A future that never completes. */
export function pending<T = never>(): Future<T> {
  return new Pending();
}

class PollFn<T> extends Future<T> {
  declare private readonly onPoll: (waker: Waker) => Poll<T>;
  declare private readonly onDrop: (() => void) | undefined;
  constructor(poll: (waker: Waker) => Poll<T>, drop: (() => void) | undefined) {
    super();
    this.onPoll = poll;
    this.onDrop = drop;
  }
  poll(waker: Waker): Poll<T> {
    return this.onPoll(waker);
  }
  override drop(): void {
    this.onDrop?.();
  }
}

/**
 * A future from a poll function: it returns the value, or arranges for `waker.wake()` and returns
 * `PENDING`.
 *
 * **Cancel safety.** `drop` is called once if the future is abandoned; undo there what `poll` arranged.
 *
 * @example
 * ```ts
 * import { PENDING, pollFn } from "millrace";
 *
 * let polls = 0;
 * console.log(await pollFn((waker) => {
 *   if (++polls === 3) return polls;
 *   waker.wake();
 *   return PENDING;
 * })); // 3
 * ```
 */
export function pollFn<T>(poll: (waker: Waker) => Poll<T>, drop?: () => void): Future<T> {
  if (typeof poll !== "function") throw new TypeError(`pollFn expects a function, got ${typeof poll}`);
  if (drop !== undefined && typeof drop !== "function") {
    throw new TypeError(`pollFn expects drop to be a function, got ${typeof drop}`);
  }
  return new PollFn(poll, drop);
}

pin(ready(null));
