/**
 * The future of everything that waits in a `WaitQueue`: taking a permit, a slot, a message, a turn.
 *
 *   FRESH ──tryTake──────────────► DONE
 *     └───enter──► WAITING ──give──► GRANTED ──poll──► DONE
 *                     │                 │
 *                     └──────drop───────┴─► GONE (the queue passes on what was held)
 */
import { PENDING, type Poll, type Waker } from "./body.ts";
import { completed, Operation } from "./operation.ts";
import { mayProceed } from "./cooperation.ts";
import { cx } from "./kernel.ts";
import { USED, type Waiter, type WaitQueue } from "./wait-queue.ts";

export abstract class Acquire<T> extends Operation<T> {
  declare private waiter: Waiter | null;

  constructor() {
    super();
    this.waiter = null;
  }

  protected abstract readonly queue: WaitQueue;

  /** How many it takes. */
  protected get need(): number {
    return 1;
  }
  /** `need` has been taken from the queue: make the result. */
  protected abstract granted(): T;
  /** The queue was closed: the result, or throws. */
  protected abstract closed(): T;
  /** Whether what is there can still be taken after the queue was closed (results can, slots cannot). */
  protected get survivesClose(): boolean {
    return false;
  }
  /** It has begun to wait. */
  protected entered(): void {}
  /** It waits no more, for whatever reason; what it was granted has been used. */
  protected left(): void {}

  // What follows is `poll` in parts, for methods of the operations themselves (`futureNow`, `next`), which
  // make the result: of those the engine knows what they call (the channel and mutex rows of the bench).

  /** The first poll, if it need not wait. */
  protected takesAtOnce(queue: WaitQueue, need: number): boolean {
    if (this.waiter !== null || cx.budget <= 0 || queue.isClosed) return false;
    if (!queue.tryTake(need)) return false;
    cx.budget--;
    this.waiter = USED;
    return true;
  }

  /** For `next`: the first poll if it need not wait, or the one after it was granted what it waited for. */
  protected takesNow(queue: WaitQueue, need: number): boolean {
    if (cx.waker === null) return false;
    const { waiter } = this;
    if (waiter === null) return this.takesAtOnce(queue, need);
    if (!waiter.isGranted || cx.budget <= 0 || queue.isClosed) return false;
    cx.budget--;
    this.waiter = USED;
    queue.take(waiter);
    return true;
  }

  /** For `next`: the first poll, once it is known that it must wait. */
  protected waits(queue: WaitQueue, need: number): boolean {
    const { branch, waker, budget } = cx;
    if (this.waiter !== null || branch === null || waker === null || budget <= 0 || queue.isClosed)
      return false;
    this.waiter = queue.enter(need, waker);
    this.entered();
    branch.work = this;
    return true;
  }

  /** What `wouldWait` of an operation is whose `poll` is the one below. */
  protected findsNothing(queue: WaitQueue, need: number): boolean {
    return this.waiter === null && cx.budget > 0 && !queue.isClosed && !queue.has(need);
  }

  // #region poll
  poll(waker: Waker): Poll<T> {
    const { queue, waiter } = this;
    if (waiter !== null) return this.pollWaiting(waiter, waker);
    if (!mayProceed(waker)) return PENDING;
    const isOpen = !queue.isClosed;
    if ((isOpen || this.survivesClose) && queue.tryTake(this.need)) {
      cx.budget--;
      this.waiter = USED;
      return this.granted();
    }
    if (!isOpen) return this.close(null);
    this.waiter = queue.enter(this.need, waker);
    this.entered();
    return PENDING;
  }
  // #endregion poll

  private pollWaiting(waiter: Waiter, waker: Waker): Poll<T> {
    if (waiter === USED) throw completed();
    if (waiter.isWaiting) {
      waiter.waker = waker;
      return PENDING;
    }
    if (!waiter.isGranted || (this.queue.isClosed && !this.survivesClose)) return this.close(waiter);
    if (!mayProceed(waker)) return PENDING;
    cx.budget--;
    this.waiter = USED;
    this.queue.take(waiter);
    const result = this.granted();
    this.left();
    return result;
  }

  override drop(): void {
    const { waiter } = this;
    this.waiter = USED;
    if (waiter === null || waiter === USED) return;
    this.queue.abandon(waiter);
    this.left();
  }

  private close(waiter: Waiter | null): T {
    cx.budget--;
    this.waiter = USED;
    if (waiter !== null) {
      this.queue.abandon(waiter);
      this.left();
    }
    return this.closed();
  }
}
