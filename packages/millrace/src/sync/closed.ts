/** `sender.closed()` of the channels whose receivers come and go. */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { Operation } from "../runtime/operation.ts";
import { cx } from "../runtime/kernel.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import { Handles } from "./handle.ts";

/** How many receivers there are, and who waits for the last to go. */
export class ReceiverCount {
  count: number;
  readonly waiters: WaitQueue = new WaitQueue(0);
  readonly handles: Handles = new Handles();
  constructor(count: number) {
    this.count = count;
  }
  add(): void {
    this.count++;
  }
  remove(): void {
    if (--this.count === 0) this.waiters.grantAll();
  }
}

/** Completes when it is polled and there is no receiver: one that comes before makes it wait again. */
export class ReceiversGone extends Operation<void> {
  readonly #receivers: ReceiverCount;
  readonly #channel: string;
  #waiter: Waiter | null = null;
  constructor(receivers: ReceiverCount, channel: string) {
    super();
    this.#receivers = receivers;
    this.#channel = channel;
  }
  poll(waker: Waker): Poll<void> {
    if (!mayProceed(waker)) return PENDING;
    if (this.#receivers.count === 0) {
      this.drop();
      cx.budget--;
      return undefined;
    }
    if (this.#waiter !== null && this.#waiter.isWaiting) this.#waiter.waker = waker;
    else {
      this.#receivers.handles.awaited();
      this.#waiter = this.#receivers.waiters.enter(1, waker);
    }
    return PENDING;
  }
  override drop(): void {
    if (this.#waiter !== null) this.#receivers.waiters.abandon(this.#waiter);
    this.#waiter = null;
  }
  override describeWait(): string {
    return `the last receiver of a ${this.#channel} channel to close`;
  }
}
