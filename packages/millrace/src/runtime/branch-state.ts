/** What state a branch is in: the bits of its `flags`, and the questions that can be asked of them. */
import { Runnable } from "./scheduler.ts";

// Bits of `flags`; 1 is the run queue's, those from 2 ** 16 up are the task's.
export const STARTED = 2;
export const RUNNING = 4;
export const DONE = 8;
export const FAILED = 16;
export const ASYNC = 32;
export const CANCELLED = 64;
export const DELIVERED = 128;
export const EXPIRED = 256;
export const DETACHED = 512;
/** Wants to be driven when `cleanups` falls to 0. */
export const AWAITS_CLEANUPS = 1024;
export const NEEDS_DRIVE = 2048;
/** The routine is a generator of the engine's own, not a compiled-down one. */
export const NATIVE = 4096;
export const ROUTINE = 8192;
/** The result was given to whoever polled it. */
export const TAKEN = 16_384;

export abstract class BranchState extends Runnable {
  get isStarted(): boolean {
    return (this.flags & STARTED) !== 0;
  }
  /** The body is a generator: its code runs only when it is driven. */
  get isRoutine(): boolean {
    return (this.flags & ROUTINE) !== 0;
  }
  get isDone(): boolean {
    return (this.flags & DONE) !== 0;
  }
  get isFailed(): boolean {
    return (this.flags & FAILED) !== 0;
  }
  get isCancelled(): boolean {
    return (this.flags & CANCELLED) !== 0;
  }
  /**
   * Cancelled, and not yet told. Once it has ended there is nobody to tell: what awaits in its trail then is
   * something else, such as the `finally` of an async generator whose `next()` it was.
   */
  get isBeingCancelled(): boolean {
    return (this.flags & (CANCELLED | DELIVERED | DONE)) === CANCELLED;
  }
  /** The next await of the async body is where its cancellation is delivered. */
  get isCancelPending(): boolean {
    return (this.flags & (CANCELLED | DELIVERED | DONE | ASYNC)) === (CANCELLED | ASYNC);
  }
  get rejectsAwaits(): boolean {
    return (this.flags & EXPIRED) !== 0;
  }
}
