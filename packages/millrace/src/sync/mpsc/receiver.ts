/** The receiving half of a channel. */
import { threadBound } from "../../internal/thread-bound.ts";
import { Acquire } from "../../runtime/acquire.ts";
import { PENDING, SUSPENDED, type Poll, type Suspend, type Waker } from "../../runtime/body.ts";
import { checkCount, shown } from "../../runtime/argument.ts";
import { type Future } from "../../runtime/future.ts";
import { doneWith } from "../../runtime/suspension.ts";
import { iterate } from "../../runtime/iterate.ts";
import type { Resource } from "../../runtime/resource.ts";
import type { WaitQueue } from "../../runtime/wait-queue.ts";
import { refused, type Try } from "../try.ts";
import type { Channel } from "./channel.ts";
import { describe } from "./sender.ts";

class Recv<T> extends Acquire<T | undefined> {
  declare private readonly channel: Channel<T>;
  /** Whoever waits keeps the receiver alive. */
  declare protected readonly receiver: object;
  constructor(channel: Channel<T>, receiver: object) {
    super();
    this.channel = channel;
    this.receiver = receiver;
  }
  override futureNow(): Poll<T | undefined> {
    return this.takesAtOnce(this.channel.items, 1) ? this.channel.shift() : PENDING;
  }
  override get wouldWait(): boolean {
    return this.findsNothing(this.channel.items, 1);
  }
  override next(): IteratorResult<Suspend, T | undefined> {
    const { items } = this.channel;
    if (this.takesNow(items, 1)) return doneWith(this.channel.shift());
    return this.waits(items, 1) ? SUSPENDED : super.next();
  }
  protected get queue(): WaitQueue {
    return this.channel.items;
  }
  protected override entered(): void {
    this.channel.messageAwaited();
  }
  protected granted(): T | undefined {
    return this.channel.shift();
  }
  protected closed(): undefined {
    return undefined;
  }
  override describeWait(): string {
    return `recv on ${describe(this.channel)}`;
  }
  override get waitedResource(): Resource {
    return this.channel;
  }
}

class RecvMany<T> extends Acquire<number> {
  declare private readonly channel: Channel<T>;
  declare private readonly into: T[];
  declare private readonly limit: number;
  /** Whoever waits keeps the receiver alive. */
  declare protected readonly receiver: object;
  constructor(channel: Channel<T>, receiver: object, into: T[], limit: number) {
    super();
    this.channel = channel;
    this.receiver = receiver;
    this.into = into;
    this.limit = limit;
  }
  protected get queue(): WaitQueue {
    return this.channel.items;
  }
  protected override entered(): void {
    this.channel.messageAwaited();
  }
  override poll(waker: Waker): Poll<number> {
    return this.limit === 0 ? 0 : super.poll(waker);
  }
  protected granted(): number {
    const channel = this.channel;
    let count = 0;
    do {
      this.into.push(channel.shift());
      count++;
    } while (count < this.limit && channel.items.tryTake(1));
    return count;
  }
  protected closed(): number {
    return 0;
  }
  override describeWait(): string {
    return `recvMany on ${describe(this.channel)}`;
  }
  override get waitedResource(): Resource {
    return this.channel;
  }
}

/** Receives from a channel, bounded or not. Several `recv` waiting at once are served in order. */
export class Receiver<T> implements AsyncIterable<T>, Disposable {
  declare private readonly channel: Channel<T>;

  /** @internal */
  constructor(channel: Channel<T>) {
    this.channel = channel;
    channel.receiver = this;
  }

  /**
   * The next message; `undefined` when closed and drained, for ever after.
   *
   * **Cancel safety.** An abandoned `recv` loses nothing: the message goes to the next one.
   */
  recv(): Future<T | undefined> {
    return new Recv(this.channel, this);
  }

  /**
   * Appends up to `limit` messages to `into` and gives how many; 0 only when closed and drained (or
   * `limit` is 0). Waits for the first only.
   *
   * **Cancel safety.** An abandoned `recvMany` has appended nothing and loses nothing.
   *
   * @throws RangeError unless `limit` is a non-negative integer; TypeError unless `into` is an array.
   */
  recvMany(into: T[], limit: number): Future<number> {
    if (!Array.isArray(into))
      throw new TypeError(`Receiver.recvMany expects an array to append to, got ${shown(into)}`);
    // What was taken out for it would be lost.
    if (!Object.isExtensible(into))
      throw new TypeError("Receiver.recvMany expects an array to append to, got one that cannot grow");
    return new RecvMany(this.channel, this, into, checkCount("Receiver.recvMany", "limit", limit, 0));
  }

  /** "empty" as well while every buffered message is assigned to a `recv` that was woken for it. */
  tryRecv(): Try<T, "empty" | "closed"> {
    const { items } = this.channel;
    if (items.isClosed) return refused("closed");
    if (items.tryTake(1)) return { ok: true, value: this.channel.shift() };
    this.channel.messageAwaited();
    return refused("empty");
  }

  /** No more sends; what is buffered, and what outstanding permits send, can still be received. */
  close(): void {
    this.channel.closeReceiver();
  }
  /** True once nothing new can be sent, though messages may still be buffered. */
  get isClosed(): boolean {
    if (this.channel.isReceiverClosed || this.channel.isAbandonedBySenders) return true;
    this.channel.messageAwaited();
    return false;
  }
  /** Buffered messages. */
  get size(): number {
    return this.channel.size;
  }

  /** Closes and discards. */
  [Symbol.dispose](): void {
    this.channel.discard();
  }
  /** Leaving the loop early loses nothing and leaves the receiver open. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return iterate(() => this.recv());
  }
}

threadBound(Receiver, "the receiver of an mpsc channel");
