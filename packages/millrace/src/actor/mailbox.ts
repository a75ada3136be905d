/**
 * The bounded queue between those who send to an actor and the actor, which takes one message at a time.
 *
 *   senders ──slots──► messages ──► the actor
 *
 * A slot belongs to a message from when it is put in until it is taken out, to be run or withdrawn. It is
 * a list and no ring: an abandoned `ask` leaves from the middle, and its room is free at once.
 */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import type { Future } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";
import { cx } from "../runtime/kernel.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import type { Message } from "./message.ts";

export class Mailbox {
  /** Where those wait who have a message and no room for it. */
  readonly slots: WaitQueue;
  /** Messages that wait. */
  length: number = 0;
  /** Nothing more is put in. */
  isClosed: boolean = false;
  /** The actor, while it waits for a message. */
  consumer: Waker | null = null;
  readonly #onIdle: () => void;
  #head: Message | null = null;
  #tail: Message | null = null;

  /** `onIdle` is told when the actor begins to wait. */
  constructor(capacity: number, onIdle: () => void) {
    this.slots = new WaitQueue(capacity);
    this.#onIdle = onIdle;
  }

  /** The sender has a slot. */
  push(message: Message): void {
    message.isQueued = true;
    message.prev = this.#tail;
    if (this.#tail === null) this.#head = message;
    else this.#tail.next = message;
    this.#tail = message;
    this.length++;
    this.consumer?.wake();
  }

  shift(): Message | undefined {
    const first = this.#head;
    if (first === null) return undefined;
    this.withdraw(first);
    return first;
  }

  /** Takes a message out, wherever it is. */
  withdraw(message: Message): void {
    const { prev, next } = message;
    if (prev === null) this.#head = next;
    else prev.next = next;
    if (next === null) this.#tail = prev;
    else next.prev = prev;
    message.prev = message.next = null;
    message.isQueued = false;
    this.length--;
    this.slots.give(1);
  }

  /** The next message; `undefined` when it is closed and empty. `who` is for reports. */
  next(who: string): Future<Message | undefined> {
    return new Next(this, who);
  }
  /** @internal */
  idle(waker: Waker): void {
    const isNew = this.consumer === null;
    this.consumer = waker;
    if (isNew) this.#onIdle();
  }

  /** Those who wait for room are refused; what is in it stays. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.slots.close();
    this.consumer?.wake();
  }
}

class Next extends Operation<Message | undefined> {
  declare private readonly mailbox: Mailbox;
  declare private readonly who: string;
  constructor(mailbox: Mailbox, who: string) {
    super();
    this.mailbox = mailbox;
    this.who = who;
  }
  poll(waker: Waker): Poll<Message | undefined> {
    const { mailbox } = this;
    if (!mayProceed(waker)) return PENDING;
    if (mailbox.length === 0 && !mailbox.isClosed) {
      mailbox.idle(waker);
      return PENDING;
    }
    cx.budget--;
    mailbox.consumer = null;
    return mailbox.shift();
  }
  override drop(): void {
    this.mailbox.consumer = null;
  }
  override describeWait(): string {
    return `a message to ${this.who}`;
  }
}
