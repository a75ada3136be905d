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
import type { Waker } from "../../runtime/body.ts";
import {
  made,
  type Attributes,
  type Named,
  type Resource,
  type ResourceKind,
} from "../../runtime/resource.ts";
import { OrderedQueue } from "../../runtime/ordered-queue.ts";
import { WaitQueue, type Waiter } from "../../runtime/wait-queue.ts";

import { type HandleKind, Handles, Remains, watch } from "../handle.ts";

/** The capacity of an unbounded channel: a small integer as all the others are, so that the field stays one. */
export const UNBOUNDED = 0;

/** A channel of at most this many keeps its storage once it has it: it would grow and shrink all the time. */
const KEPT = 64;

const RECEIVER: HandleKind<Channel<unknown>> = {
  what: "the receiver of an mpsc channel",
  isAwaited: ({ isReceiverAwaited }) => isReceiverAwaited,
  release: (channel) => channel.discard(),
};

export class Channel<T> implements Resource {
  declare readonly capacity: number;
  /** The buffer; none before the first message, since many channels stay empty. */
  declare private ring: Ring<T> | null;
  declare readonly slots: WaitQueue;
  declare readonly items: OrderedQueue;
  /** Those who wait in `sender.closed()`, if anybody ever did. */
  declare private closedWaiters: WaitQueue | null;
  /** Senders and permits: what receivers wait for, and permits senders as well. */
  declare readonly handles: Handles;
  /** Until somebody waits for it to go, or to receive. */
  declare receiver: object | null;
  declare receiverRemains: Remains | null;
  /** Open sender handles. */
  declare senders: number;
  /** Permits that may still send. */
  declare permits: number;
  /** Sends and reserves that wait: they keep the channel open, though their handle may be closed. */
  declare pendingSends: number;
  /** Nobody can send any more. */
  declare isEnded: boolean;
  declare isReceiverClosed: boolean;
  /** The receiver was disposed: what is sent by a last permit is discarded. */
  declare isDiscarding: boolean;

  constructor(capacity: number, options?: Named) {
    this.capacity = capacity;
    this.ring = null;
    // Nobody takes a slot of an unbounded channel, so none is counted.
    this.slots = new WaitQueue(capacity === UNBOUNDED ? 0 : capacity);
    this.items = new OrderedQueue(0);
    this.closedWaiters = null;
    this.handles = new Handles();
    this.receiver = null;
    this.receiverRemains = null;
    this.senders = 1;
    this.permits = 0;
    this.pendingSends = 0;
    this.isEnded = false;
    this.isReceiverClosed = false;
    this.isDiscarding = false;
    made(this, options);
  }

  get resourceKind(): ResourceKind {
    return "mpsc";
  }
  attributes(): Attributes {
    const { size, capacity, senders, permits, isReceiverClosed } = this;
    const waiting = this.items.waiting + this.slots.waiting;
    return capacity === UNBOUNDED
      ? { size, unbounded: true, senders, waiting, closed: isReceiverClosed }
      : { size, capacity, senders, permits, waiting, closed: isReceiverClosed };
  }

  /** Buffered messages, those that are assigned to receivers included. */
  get size(): number {
    return this.ring === null ? 0 : this.ring.length;
  }

  /** The sender has a slot. */
  push(value: T): void {
    if (this.isDiscarding) return this.giveSlots(1);
    this.ring ??= new Ring(this.capacity <= KEPT ? this.capacity : 0);
    this.ring.push(value);
    this.items.give(1);
  }

  /** The receiver has an item: the one that it took from `items` just now. */
  shift(): T {
    const ring = this.ring!;
    const { rank } = this.items;
    const value = (rank === 0 ? ring.shift() : ring.takeAt(rank)) as T;
    this.giveSlots(1);
    if (this.isEnded && ring.length === 0) this.items.close();
    return value;
  }

  giveSlots(count: number): void {
    if (this.capacity !== UNBOUNDED) this.slots.give(count);
  }

  /** Somebody waits for a message, or for the end, or was refused it. */
  messageAwaited(): void {
    this.handles.awaited();
  }
  /** Somebody waits for a slot, or was refused one. */
  slotAwaited(): void {
    this.handles.awaited();
    this.receiverAwaited();
  }
  receiverAwaited(): void {
    const { receiver } = this;
    if (receiver === null) return;
    this.receiver = null;
    this.receiverRemains = new Remains(RECEIVER, this);
    watch(receiver, this.receiverRemains, this);
  }

  waitUntilClosed(waker: Waker): Waiter {
    this.receiverAwaited();
    return (this.closedWaiters ??= new WaitQueue(0)).enter(1, waker);
  }
  stopWaitingUntilClosed(waiter: Waiter): void {
    this.closedWaiters!.abandon(waiter);
  }

  get isAbandonedBySenders(): boolean {
    return this.senders === 0 && this.permits === 0 && this.pendingSends === 0;
  }

  senderClosed(): void {
    this.senders--;
    this.checkEnd();
  }
  permitGone(): void {
    this.permits--;
    this.checkEnd();
  }

  /** A sender, a permit or somebody who waited for a slot has gone, or the receiver was closed. */
  checkEnd(): void {
    if (this.isEnded) return;
    if (!this.isAbandonedBySenders && !(this.isReceiverClosed && this.permits === 0)) return;
    this.isEnded = true;
    this.slots.close();
    if (this.size === 0) this.items.close();
  }

  closeReceiver(): void {
    if (this.isReceiverClosed) return;
    this.isReceiverClosed = true;
    this.receiver = null;
    if (this.receiverRemains !== null) this.receiverRemains.isOpen = false;
    this.slots.close();
    this.closedWaiters?.close();
    this.checkEnd();
  }

  /** Somebody waits for a slot, or for the receiver to close. */
  get isReceiverAwaited(): boolean {
    return !this.slots.isEmpty || (this.closedWaiters !== null && !this.closedWaiters.isEmpty);
  }

  /** Closes, and forgets what is buffered. */
  discard(): void {
    this.isDiscarding = true;
    this.closeReceiver();
    const forgotten = this.size;
    this.ring = null;
    this.items.available = 0;
    this.items.close();
    this.giveSlots(forgotten);
  }
}
