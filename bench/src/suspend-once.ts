/**
 * What stands for "work that waits" inside of a lock: not ready when first polled, ready a microtask (for
 * us: one poll) later. Unlike `yieldNow` it does not let timers and I/O in, as `await undefined` does not.
 */
import { Future, PENDING, type Poll, type Waker } from "millrace";

class SuspendOnce extends Future<void> {
  /** One is always alive, as in any program that waits, so that its hidden class outlives the harness's collections. */
  static readonly kept: SuspendOnce = new SuspendOnce();
  declare private isPolled: boolean;
  constructor() {
    super();
    this.isPolled = false;
  }
  poll(waker: Waker): Poll<void> {
    if (this.isPolled) return undefined;
    this.isPolled = true;
    waker.wake();
    return PENDING;
  }
}

export function suspendOnce(): Future<void> {
  return new SuspendOnce();
}
