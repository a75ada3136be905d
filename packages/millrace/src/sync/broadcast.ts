/**
 * Every message to every receiver. The channel keeps the last messages; a receiver that falls further
 * behind is told how many it missed.
 *
 * Which channel? `broadcast` for events to many; `watch` when only the latest counts; `mpsc` for a queue
 * of work, with back-pressure; `oneshot` for one reply.
 *
 * @example
 * ```ts
 * import { broadcast, spawn } from "millrace";
 *
 * const [tx, rx] = broadcast.channel<string>(16);
 * const other = tx.subscribe();
 * const heard = [rx, other].map((each) => spawn(async () => await each.recv()));
 * console.log(tx.send("fire!")); // 2
 * console.log(await heard[0], await heard[1]); // fire! fire!
 * ```
 *
 * @module
 */
import { Line, Place } from "../runtime/line.ts";
import { pin } from "../internal/pin.ts";
import { ClosedError, LaggedError } from "../errors.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { checkCount } from "../runtime/argument.ts";
import type { Future } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";
import { iterate } from "../runtime/iterate.ts";
import { cx } from "../runtime/kernel.ts";
import {
  label,
  made,
  type Attributes,
  type Named,
  type Resource,
  type ResourceKind,
} from "../runtime/resource.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { Audience, Seat } from "./audience.ts";
import { ReceiverCount, ReceiversGone } from "./closed.ts";
import { Handle, type HandleKind, Remains } from "./handle.ts";
import { checkMessage, refused, type Message, type Try } from "./try.ts";

/** The most messages that are kept. */
const MAX_CAPACITY = 2 ** 30;
/** As many slots are never worth giving back. */
const KEPT_SLOTS = 64;

interface Slot<T> {
  value: T | undefined;
  /** Receivers that have not seen it; at 0 it is forgotten. */
  unseen: number;
}

/**
 * What senders and receivers share: a circle of slots. Messages are numbered from 0; `first` is the number
 * of the one in the first slot when the storage was new, number n is in slot n - first modulo the capacity
 * until number n + capacity overwrites it, `tail` is the next number. What a receiver has not seen is a run
 * that ends at the tail, so `unseen` never falls from one number to the next; once it is 0 for the last,
 * everybody has seen everything, and large storage is given back.
 */
class State<T> implements Resource {
  readonly capacity: number;
  slots: Slot<T>[] = [];
  first: number = 0;
  tail: number = 0;
  senders: number = 1;
  readonly receivers: ReceiverCount = new ReceiverCount(1);
  readonly audience: Audience = new Audience();

  constructor(capacity: number, options: Named | undefined) {
    this.capacity = capacity;
    made(this, options);
  }
  get resourceKind(): ResourceKind {
    return "broadcast";
  }
  attributes(): Attributes {
    const { size, capacity, senders, receivers } = this;
    return { size, capacity, senders, receivers: receivers.count };
  }

  slot(number: number): Slot<T> {
    // A power of two, but numbers outgrow 32 bits.
    return this.slots[(number - this.first) % this.capacity]!;
  }
  push(value: T): void {
    const at = (this.tail - this.first) % this.capacity;
    const unseen = this.receivers.count;
    const slot = this.slots[at];
    if (slot === undefined) this.slots[at] = { value, unseen };
    else {
      slot.value = value;
      slot.unseen = unseen;
    }
    this.tail++;
    this.audience.wakeAll();
  }
  /** One receiver has seen number `number`, or never will. */
  seen(number: number): T {
    const slot = this.slot(number);
    const value = slot.value as T;
    if (--slot.unseen === 0) {
      slot.value = undefined;
      if (number === this.tail - 1) this.drained();
    }
    return value;
  }
  private drained(): void {
    if (this.slots.length <= KEPT_SLOTS) return;
    this.slots = [];
    this.first = this.tail;
  }
  senderClosed(): void {
    if (--this.senders === 0) this.audience.wakeAll();
  }
  get oldest(): number {
    return Math.max(this.first, this.tail - this.capacity);
  }
  /** Messages kept that somebody has not seen. */
  get size(): number {
    let low = this.oldest;
    let high = this.tail;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.slot(middle).unseen > 0) high = middle;
      else low = middle + 1;
    }
    return this.tail - low;
  }
}

/** Where one receiver is. */
class Position<T> {
  readonly state: State<T>;
  /** The number of the message it reads next. */
  next: number;
  isClosed: boolean = false;
  readonly queue: WaitQueue = new WaitQueue(0);
  readonly line: Line = new Line();

  constructor(state: State<T>) {
    this.state = state;
    this.next = state.tail;
  }
  close(): void {
    const { state } = this;
    this.isClosed = true;
    for (let n = Math.max(this.next, state.oldest); n < state.tail; n++) state.seen(n);
    state.audience.wake(this.queue);
    state.receivers.remove();
  }
  /** The number of messages it missed, once: it then goes on at the oldest kept. */
  takeMissed(): number {
    const missed = this.state.oldest - this.next;
    if (missed <= 0) return 0;
    this.next = this.state.oldest;
    return missed;
  }
}

class Recv<T> extends Operation<T | undefined> {
  readonly #position: Position<T>;
  readonly #seat: Seat;
  #place: Place | null = null;
  /** Whoever waits keeps the receiver alive. */
  protected readonly receiver: object;
  constructor(receiver: object, position: Position<T>) {
    super();
    this.receiver = receiver;
    this.#position = position;
    this.#seat = new Seat(position.state.audience, position.queue);
  }
  poll(waker: Waker): Poll<T | undefined> {
    const position = this.#position;
    const { state } = position;
    if (!mayProceed(waker)) return PENDING;
    const isEmpty = position.next === state.tail;
    if (isEmpty && state.senders > 0 && !position.isClosed) {
      position.line.enter((this.#place ??= new Place()));
      this.#seat.wait(waker);
      return PENDING;
    }
    const { line } = position;
    if (!line.isEmpty && !isEmpty && !position.isClosed) {
      if (!line.isTurnOf((this.#place ??= new Place()), waker)) return PENDING;
    }
    cx.budget--;
    this.#leave();
    if (isEmpty || position.isClosed) return undefined;
    const missed = position.takeMissed();
    if (missed > 0) {
      throw new LaggedError(
        `the broadcast receiver fell behind: ${missed} message${missed === 1 ? " was" : "s were"} overwritten; it goes on at the oldest kept`,
        missed,
      );
    }
    return state.seen(position.next++);
  }
  override drop(): void {
    this.#leave();
  }
  #leave(): void {
    this.#position.line.leave(this.#place);
    this.#seat.leave();
  }
  override describeWait(): string {
    return `recv on ${label(this.#position.state, "a broadcast channel")}`;
  }
  override get waitedResource(): Resource {
    return this.#position.state;
  }
}

const SENDER: HandleKind<State<unknown>> = {
  what: "a sender of a broadcast channel",
  isAwaited: ({ audience }) => !audience.isEmpty,
  release: (state) => state.senderClosed(),
};
const RECEIVER: HandleKind<Position<unknown>> = {
  what: "a receiver of a broadcast channel",
  isAwaited: ({ state }) => !state.receivers.waiters.isEmpty,
  release: (position) => position.close(),
};

/** Sends to all receivers. `clone()` it for each producer, `close()` it (or `using`) when done. */
export class Sender<T> extends Handle implements Disposable {
  readonly #state: State<T>;
  #isClosed: boolean = false;

  /** @internal */
  constructor(state: State<T>) {
    super();
    this.#state = state;
    state.audience.senders.opened(this, !state.audience.isEmpty);
  }

  /**
   * How many receivers will see it; 0 when there is none (the message is then dropped).
   *
   * @throws ClosedError on a closed handle; TypeError for `undefined`.
   */
  send(value: T): number {
    const state = this.#open("send");
    checkMessage("broadcast.Sender.send", value);
    const { count } = state.receivers;
    if (count > 0) state.push(value);
    return count;
  }
  /** A receiver of everything sent from now on. */
  subscribe(): Receiver<T> {
    return receiver(this.#open("subscribe"));
  }
  /**
   * Another sender of the same channel.
   *
   * @throws ClosedError when this one is closed.
   */
  clone(): Sender<T> {
    const state = this.#open("clone");
    state.senders++;
    return new Sender(state);
  }
  /** Completes when there is no receiver. **Cancel safety.** Abandoning it leaves no trace. */
  closed(): Future<void> {
    return new ReceiversGone(this.#open("closed").receivers, "broadcast");
  }
  /** Receivers that are open. */
  get receiverCount(): number {
    return this.#state.receivers.count;
  }
  /** Messages that the slowest receiver has not seen, at most the capacity. */
  get size(): number {
    return this.#state.size;
  }
  /** Gives up this handle. Without senders, receivers get what is kept and then the end. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#state.audience.senders.closed(this);
    this.#state.senderClosed();
  }
  /** `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  makeRemains(): Remains {
    return new Remains(SENDER, this.#state);
  }
  #open(what: string): State<T> {
    if (this.#isClosed) throw new ClosedError(`broadcast.Sender.${what} on a sender that was closed`);
    return this.#state;
  }
}

/** Receives every message sent since it was made, as far as they are kept. */
export class Receiver<T> extends Handle implements AsyncIterable<T>, Disposable {
  readonly #position: Position<T>;

  /** @internal */
  constructor(position: Position<T>) {
    super();
    this.#position = position;
    const { receivers } = position.state;
    // Each counts, and keeps messages, whether or not somebody waits for it to go.
    receivers.handles.opened(this, true);
  }

  /**
   * The next message; `undefined` when closed and drained; throws `LaggedError` with the exact number
   * missed, then goes on at the oldest kept.
   *
   * **Cancel safety.** An abandoned `recv` loses nothing.
   */
  recv(): Future<T | undefined> {
    return new Recv(this, this.#open("recv"));
  }
  /** The next message if there is one already; never waits. */
  tryRecv():
    | Try<T, "empty" | "closed">
    | { readonly ok: false; readonly reason: "lagged"; readonly missed: number } {
    const position = this.#open("tryRecv");
    const { state } = position;
    if (position.next === state.tail) {
      if (state.senders === 0) return refused("closed");
      state.audience.senders.awaited();
      return refused("empty");
    }
    const missed = position.takeMissed();
    if (missed > 0) return { ok: false, reason: "lagged", missed };
    return { ok: true, value: state.seen(position.next++) };
  }
  /** A receiver that starts at the tail: it sees nothing old. */
  resubscribe(): Receiver<T> {
    return receiver(this.#open("resubscribe").state);
  }
  /** Messages from this receiver's position on, overwritten ones included until the lag was reported. */
  get size(): number {
    const { state, next, isClosed } = this.#position;
    return isClosed ? 0 : state.tail - next;
  }
  /** Gives up this handle, and what only it has not seen; a `recv` that waits gets `undefined`. Idempotent. */
  close(): void {
    const position = this.#position;
    if (position.isClosed) return;
    position.state.receivers.handles.closed(this);
    position.close();
  }
  /** `close`. */
  [Symbol.dispose](): void {
    this.close();
  }
  /** Throws `LaggedError` as `recv` does; a new loop goes on at the oldest kept. Leaving it early loses nothing. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    this.#open("[Symbol.asyncIterator]");
    return iterate(() => this.recv());
  }

  /** @internal */
  makeRemains(): Remains {
    return new Remains(RECEIVER, this.#position);
  }
  #open(what: string): Position<T> {
    if (this.#position.isClosed)
      throw new ClosedError(`broadcast.Receiver.${what} on a receiver that was closed`);
    return this.#position;
  }
}

function receiver<T>(state: State<T>): Receiver<T> {
  state.receivers.add();
  return new Receiver(new Position(state));
}

/**
 * Keeps the last `capacity` messages (rounded up to a power of two) for every receiver.
 *
 * @throws RangeError unless `capacity` is an integer from 1 to 2^30.
 */
export function channel<T extends Message>(capacity: number, options?: Named): [Sender<T>, Receiver<T>] {
  if (checkCount("broadcast.channel", "capacity", capacity, 1) > MAX_CAPACITY) {
    throw new RangeError(`broadcast.channel expects a capacity of at most ${MAX_CAPACITY}, got ${capacity}`);
  }
  const state = new State<T>(2 ** Math.ceil(Math.log2(capacity)), options);
  return [new Sender(state), new Receiver(new Position(state))];
}

const [tx, rx] = channel<null>(1);
pin(tx, rx, rx.recv());
