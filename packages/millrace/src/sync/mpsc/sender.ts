/** The sending half of a bounded channel. */
import { marksHeld } from "../../runtime/held.ts";
import { ClosedError, SendError } from "../../errors.ts";
import { threadBound } from "../../internal/thread-bound.ts";
import { Acquire } from "../../runtime/acquire.ts";
import { PENDING, SUSPENDED, type Poll, type Suspend, type Waker } from "../../runtime/body.ts";
import { checkCount } from "../../runtime/argument.ts";
import type { Future } from "../../runtime/future.ts";
import { Operation } from "../../runtime/operation.ts";
import { mayProceed } from "../../runtime/cooperation.ts";
import { cx } from "../../runtime/kernel.ts";
import { NOTHING } from "../../runtime/suspension.ts";
import { label, type Resource } from "../../runtime/resource.ts";
import type { Waiter, WaitQueue } from "../../runtime/wait-queue.ts";
import { Handle, type HandleKind, Remains } from "../handle.ts";
import { checkMessage, OK, refused, type Try } from "../try.ts";
import { UNBOUNDED, type Channel } from "./channel.ts";
import { counted } from "../../runtime/counted.ts";

const RECEIVER_CLOSED = "the receiver of the channel is closed";

/** Waits for slots. While it waits it keeps the channel open, though its handle may be closed. */
abstract class TakeSlots<T, R> extends Acquire<R> {
  declare protected readonly channel: Channel<T>;

  constructor(channel: Channel<T>) {
    super();
    this.channel = channel;
  }
  protected get queue(): WaitQueue {
    return this.channel.slots;
  }
  protected override entered(): void {
    this.channel.pendingSends++;
    this.channel.slotAwaited();
  }
  override get waitedResource(): Resource {
    return this.channel;
  }
  protected override left(): void {
    this.channel.pendingSends--;
    this.channel.checkEnd();
  }
  protected whyClosed(): string {
    // Otherwise it began after the last sender had gone: it was made before, and not awaited at once.
    return this.channel.isReceiverClosed
      ? RECEIVER_CLOSED
      : "the channel has ended: its last sender was closed";
  }
}

class Send<T> extends TakeSlots<T, void> {
  declare private readonly value: T;
  constructor(channel: Channel<T>, value: T) {
    super(channel);
    this.value = value;
  }
  override futureNow(): Poll<void> {
    return this.takesAtOnce(this.channel.slots, 1) ? this.channel.push(this.value) : PENDING;
  }
  override get wouldWait(): boolean {
    return this.findsNothing(this.channel.slots, 1);
  }
  override next(): IteratorResult<Suspend, void> {
    const { slots } = this.channel;
    if (cx.waker === null || !this.takesAtOnce(slots, 1))
      return this.waits(slots, 1) ? SUSPENDED : super.next();
    this.channel.push(this.value);
    return NOTHING;
  }
  protected granted(): void {
    this.channel.push(this.value);
  }
  protected closed(): never {
    throw new SendError(this.whyClosed(), this.value);
  }
  override describeWait(): string {
    return `send on ${describe(this.channel)}`;
  }
}

class Reserve<T, R extends Permit<T> | Permit<T>[]> extends TakeSlots<T, R> {
  declare private readonly count: number;
  declare private readonly wrap: (channel: Channel<T>, count: number) => R;

  constructor(channel: Channel<T>, count: number, wrap: (channel: Channel<T>, count: number) => R) {
    super(channel);
    this.count = count;
    this.wrap = wrap;
  }
  protected override get need(): number {
    return this.count;
  }
  override poll(waker: Waker): Poll<R> {
    const { count, channel } = this;
    if (count > channel.capacity) {
      throw new RangeError(
        `Sender.reserveMany expects count to be at most the channel's capacity of ${channel.capacity}, got ${count}`,
      );
    }
    return super.poll(waker);
  }
  protected granted(): R {
    return this.wrap(this.channel, this.count);
  }
  protected closed(): never {
    throw new ClosedError(this.whyClosed());
  }
  override giveBack(given: R): void {
    for (const permit of [given].flat()) permit.release();
  }
  override describeWait(): string {
    return `reserve of ${this.count} on ${describe(this.channel)}`;
  }
}

/** Completes when the receiver is closed. */
export class ReceiverClosed extends Operation<void> {
  declare private readonly sharedChannel: Channel<unknown>;
  private waiter: Waiter | null = null;
  constructor(channel: Channel<unknown>) {
    super();
    this.sharedChannel = channel;
  }
  poll(waker: Waker): Poll<void> {
    if (!mayProceed(waker)) return PENDING;
    if (this.sharedChannel.isReceiverClosed) {
      cx.budget--;
      return undefined;
    }
    if (this.waiter === null) this.waiter = this.sharedChannel.waitUntilClosed(waker);
    else this.waiter.waker = waker;
    return PENDING;
  }
  override drop(): void {
    if (this.waiter !== null) this.sharedChannel.stopWaitingUntilClosed(this.waiter);
  }
  override describeWait(): string {
    return `the receiver of ${label(this.sharedChannel, "a channel")} to close`;
  }
  override get waitedResource(): Resource {
    return this.sharedChannel;
  }
}

/**
 * A slot of the channel, held for one value. Releasing it, or disposing it unused, gives the slot to
 * the next waiter. Sending twice, or after it was released, throws `ClosedError`.
 */
export class Permit<T> extends Handle implements Disposable {
  declare private readonly sharedChannel: Channel<unknown>;
  declare private isUsed: boolean;

  /** @internal */
  constructor(channel: Channel<unknown>) {
    super();
    this.isUsed = false;
    this.sharedChannel = channel;
    channel.permits++;
    channel.handles.opened(this, !channel.slots.isEmpty || !channel.items.isEmpty);
  }
  send(value: T): void {
    if (this.isUsed) throw new ClosedError("Permit.send of a permit that was already used or released");
    checkMessage("Permit.send", value);
    this.isUsed = true;
    this.sharedChannel.push(value);
    this.gone();
  }
  release(): void {
    if (this.isUsed) return;
    this.isUsed = true;
    this.sharedChannel.slots.give(1);
    this.gone();
  }
  [Symbol.dispose](): void {
    this.release();
  }
  private gone(): void {
    this.sharedChannel.handles.closed(this);
    this.sharedChannel.permitGone();
  }
  /** @internal */
  makeRemains(): Remains {
    return new Remains(PERMIT, this.sharedChannel);
  }
}
marksHeld(Permit);

/**
 * Sends into a bounded channel. `clone()` it for each producer, `close()` it (or `using`) when done:
 * the channel ends when the last sender and the last permit are gone.
 */
export class Sender<T> extends Handle implements Disposable {
  declare private readonly sharedChannel: Channel<unknown>;
  declare private isGivenUp: boolean;

  /** @internal */
  constructor(channel: Channel<unknown>) {
    super();
    this.isGivenUp = false;
    this.sharedChannel = channel;
    channel.handles.opened(this, !channel.items.isEmpty);
  }

  /**
   * Waits, in FIFO order, for a slot. Throws `SendError` (with the value) once the receiver is closed.
   *
   * **Cancel safety.** Abandoned: the value was not sent, and the place in the queue is lost. To keep
   * the value in a `select`, use `reserve()`.
   *
   * @throws ClosedError on a closed handle; TypeError for `undefined`.
   */
  send(value: T): Future<void> {
    const channel = this.open("send");
    checkMessage("Sender.send", value);
    return new Send(channel, value);
  }

  /** "closed" wins over "full". */
  trySend(value: T): Try<void, "full" | "closed"> {
    const channel = this.open("trySend");
    checkMessage("Sender.trySend", value);
    if (channel.isReceiverClosed) return refused("closed");
    if (!channel.slots.tryTake(1)) return full(channel);
    channel.push(value);
    return OK;
  }

  /**
   * A slot now, the value later: makes sending in `select` lossless. Rejects with `ClosedError` once closed.
   *
   * **Cancel safety.** Abandoned, its slot goes to the next waiter.
   */
  reserve(): Future<Permit<T>> {
    return new Reserve(this.open("reserve"), 1, onePermit<T>);
  }

  /**
   * All or nothing, in the same queue. 0 gives none; more than `maxCapacity` rejects with `RangeError` at once.
   *
   * **Cancel safety.** Abandoned, what it had collected goes to the next waiters.
   */
  reserveMany(count: number): Future<Permit<T>[]> {
    const channel = this.open("reserveMany");
    // However absurd: what is more than there can be is refused by the future, not here.
    const isTooMany = Number.isInteger(count) && count > channel.capacity;
    if (!isTooMany) checkCount("Sender.reserveMany", "count", count, 0);
    return new Reserve(channel, count, manyPermits<T>);
  }

  tryReserve(): Try<Permit<T>, "full" | "closed"> {
    const channel = this.open("tryReserve");
    if (channel.isReceiverClosed) return refused("closed");
    return channel.slots.tryTake(1) ? { ok: true, value: new Permit(channel) } : full(channel);
  }

  clone(): Sender<T> {
    const channel = this.open("clone");
    channel.senders++;
    return new Sender(channel);
  }
  /** A reference that does not keep the channel open. */
  downgrade(): WeakSender<T> {
    return new WeakSender(this.open("downgrade"));
  }

  /** Completes when the receiver is closed. **Cancel safety.** Abandoning it leaves no trace. */
  closed(): Future<void> {
    return new ReceiverClosed(this.open("closed"));
  }
  /** Whether nothing can be sent with this handle any more: the receiver or the handle itself is closed. */
  get isClosed(): boolean {
    if (this.isGivenUp || this.sharedChannel.isReceiverClosed) return true;
    this.sharedChannel.receiverAwaited();
    return false;
  }
  /** Free slots, not counting those assigned to waiters. */
  get capacity(): number {
    return this.sharedChannel.slots.available;
  }
  get maxCapacity(): number {
    return this.sharedChannel.capacity;
  }

  /** Gives up this handle; a send of it that already waits is still delivered. Idempotent. */
  close(): void {
    if (this.isGivenUp) return;
    this.isGivenUp = true;
    this.sharedChannel.handles.closed(this);
    this.sharedChannel.senderClosed();
  }
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  makeRemains(): Remains {
    return new Remains(SENDER, this.sharedChannel);
  }
  private open(what: string): Channel<unknown> {
    if (this.isGivenUp)
      throw new ClosedError(
        `Sender.${what} on a sender that was closed; clone() it before closing to go on sending`,
      );
    return this.sharedChannel;
  }
}

/** Upgrades while a sender or a permit is left. */
export class WeakSender<T> {
  declare private readonly sharedChannel: Channel<unknown>;
  /** @internal */
  constructor(channel: Channel<unknown>) {
    this.sharedChannel = channel;
  }
  upgrade(): Sender<T> | undefined {
    const channel = this.sharedChannel;
    if (channel.isAbandonedBySenders) return undefined;
    channel.senders++;
    return new Sender(channel);
  }
  /** Open senders; permits are not counted. */
  get strongCount(): number {
    return this.sharedChannel.senders;
  }
}

threadBound(WeakSender, "a weak sender of an mpsc channel");

function full(channel: Channel<never> | Channel<unknown>): { readonly ok: false; readonly reason: "full" } {
  channel.slotAwaited();
  return refused("full");
}
function onePermit<T>(channel: Channel<unknown>): Permit<T> {
  return new Permit(channel);
}
function manyPermits<T>(channel: Channel<unknown>, count: number): Permit<T>[] {
  return Array.from({ length: count }, () => new Permit(channel));
}

/** A sender, of a bounded channel or not. */
export const SENDER: HandleKind<Channel<unknown>> = {
  what: "a sender of an mpsc channel",
  isAwaited: ({ items }) => !items.isEmpty,
  release: (channel) => channel.senderClosed(),
};
const PERMIT: HandleKind<Channel<unknown>> = {
  what: "a permit of an mpsc channel",
  release(channel) {
    channel.slots.give(1);
    channel.permitGone();
  },
};

export function describe(channel: Channel<unknown> | Channel<never>): string {
  const { capacity, senders } = channel;
  const size = capacity === UNBOUNDED ? `${channel.size} buffered` : `${channel.size}/${capacity}`;
  return `${label(channel, "an mpsc channel")} (${size}, ${counted(senders, "sender")})`;
}
