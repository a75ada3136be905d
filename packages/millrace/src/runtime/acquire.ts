/**
 * The future of everything that waits in a `WaitQueue`: taking a permit, a slot, a message, a turn.
 *
 *   FRESH ──tryTake──────────────► DONE
 *     └───enter──► WAITING ──give──► GRANTED ──poll──► DONE
 *                     │                 │
 *                     └──────drop───────┴─► GONE (the queue passes on what was held)
 */
import { FutureConsumedError } from "../errors.ts";
import { PENDING, type Poll, type Waker } from "./body.ts";
import { Operation } from "./future.ts";
import { mayProceed } from "./cooperation.ts";
import { cx } from "./kernel.ts";
import type { Waiter, WaitQueue } from "./wait-queue.ts";

export abstract class Acquire<T> extends Operation<T> {
  declare protected readonly queue: WaitQueue;
  declare protected readonly need: number;
  declare private waiter: Waiter | null;
  declare private isDone: boolean;

  constructor(queue: WaitQueue, need: number) {
    super();
    this.waiter = null;
    this.isDone = false;
    this.queue = queue;
    this.need = need;
  }

  /** `need` has been taken from the queue: make the result. */
  protected abstract granted(): T;
  /** The queue was closed: the result, or throws. */
  protected abstract closed(): T;
  /** Whether what is there can still be taken after the queue was closed (messages can, slots cannot). */
  protected get survivesClose(): boolean {
    return false;
  }

  poll(waker: Waker): Poll<T> {
    const { queue } = this;
    const waiter = this.waiter;
    if (waiter === null) {
      if (this.isDone) throw new FutureConsumedError("this operation has already completed; start a new one");
      if (!mayProceed(waker)) return PENDING;
      const isOpen = !queue.isClosed;
      if ((isOpen || this.survivesClose) && queue.tryTake(this.need)) {
        cx.budget--;
        this.isDone = true;
        return this.granted();
      }
      if (!isOpen) return this.close();
      this.waiter = queue.enter(this.need, waker);
      return PENDING;
    }
    if (waiter.isWaiting) {
      waiter.waker = waker;
      return PENDING;
    }
    if (!waiter.isGranted || (queue.isClosed && !this.survivesClose)) return this.close();
    if (!mayProceed(waker)) return PENDING;
    cx.budget--;
    this.isDone = true;
    this.waiter = null;
    queue.take(waiter);
    return this.granted();
  }

  override drop(): void {
    this.isDone = true;
    this.leave();
  }

  private close(): T {
    cx.budget--;
    this.isDone = true;
    this.leave();
    return this.closed();
  }

  private leave(): void {
    const waiter = this.waiter;
    this.waiter = null;
    if (waiter !== null) this.queue.abandon(waiter);
  }
}
