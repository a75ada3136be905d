/**
 * What the two halves of an mpsc channel share: a ring of messages between two wait queues.
 *
 *   senders ──slots──► ring ──items──► receivers
 *
 * A slot is what a sender waits for, an item what a receiver waits for; both pass on what an abandoned
 * waiter held, by the rule of `WaitQueue`. So a message is never assigned to somebody who has gone.
 *
 * The channel ends when nobody can send any more: no sender, no permit and nobody who waits for a slot
 * is left, or the receiver was closed and no permit is left. `slots` is then closed. What is buffered can
 * still be received; `items` is closed once the last message was taken (not when it was assigned: a
 * receiver that goes away gives it back).
 */
import { Ring } from "../../internal/ring.ts";
import { WaitQueue } from "../../runtime/wait-queue.ts";

export class Channel<T> {
  readonly capacity: number;
  readonly ring: Ring<T> = new Ring();
  readonly slots: WaitQueue;
  readonly items: WaitQueue = new WaitQueue(0);
  /** Those who wait in `sender.closed()`. */
  readonly closedWaiters: WaitQueue = new WaitQueue(0);
  /** Open sender handles. */
  senders: number = 1;
  weakSenders: number = 0;
  /** Permits that may still send. */
  permits: number = 0;
  /** Sends and reserves that wait: they keep the channel open, though their handle may be closed. */
  pendingSends: number = 0;
  /** Nobody can send any more. */
  isEnded: boolean = false;
  isReceiverClosed: boolean = false;
  /** The receiver was disposed: what is sent by a last permit is discarded. */
  isDiscarding: boolean = false;

  constructor(capacity: number) {
    this.capacity = capacity;
    // Nobody takes a slot of an unbounded channel, so none is counted.
    this.slots = capacity === Infinity ? new WaitQueue(0, 0) : new WaitQueue(capacity);
  }

  /** The sender has a slot. */
  push(value: T): void {
    if (this.isDiscarding) return this.slots.give(1);
    this.ring.push(value);
    this.items.give(1);
  }

  /** The receiver has an item. */
  shift(): T {
    const value = this.ring.shift() as T;
    this.slots.give(1);
    if (this.isEnded && this.ring.length === 0) this.items.close();
    return value;
  }

  get isAbandonedBySenders(): boolean {
    return this.senders === 0 && this.permits === 0 && this.pendingSends === 0;
  }

  /** A sender, a permit or somebody who waited for a slot has gone, or the receiver was closed. */
  checkEnd(): void {
    if (this.isEnded) return;
    if (!this.isAbandonedBySenders && !(this.isReceiverClosed && this.permits === 0)) return;
    this.isEnded = true;
    this.slots.close();
    if (this.ring.length === 0) this.items.close();
  }

  closeReceiver(): void {
    if (this.isReceiverClosed) return;
    this.isReceiverClosed = true;
    this.slots.close();
    this.closedWaiters.close();
    this.checkEnd();
  }

  /** Closes, and forgets what is buffered. */
  discard(): void {
    this.isDiscarding = true;
    this.closeReceiver();
    const forgotten = this.ring.length;
    this.ring.clear();
    this.items.available = 0;
    this.items.close();
    this.slots.give(forgotten);
  }
}
