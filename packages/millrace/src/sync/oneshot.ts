/**
 * One value, once: the reply to a request. The receiver is a future of it.
 *
 * Which channel? `oneshot` for one reply; `mpsc` for a queue of work; `broadcast` for events to many;
 * `watch` for the latest state.
 *
 * @example
 * ```ts
 * import { oneshot, spawn } from "millrace";
 *
 * const [tx, rx] = oneshot.channel<string>();
 * spawn(async () => { tx.send("reply"); });
 * console.log(await rx);
 * ```
 *
 * @module
 */
import { ClosedError, FutureConsumedError, RecvError } from "../errors.ts";
import { pin } from "../internal/pin.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { Future } from "../runtime/future.ts";
import { iteratesItself, Operation } from "../runtime/operation.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { cx } from "../runtime/kernel.ts";
import {
  label,
  made,
  type Attributes,
  type Named,
  type Resource,
  type ResourceKind,
} from "../runtime/resource.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import { wakeSafely } from "../runtime/listeners.ts";
import { type HandleKind, Remains, watch, watchSoon, type Watchable } from "./handle.ts";
import { refused, type Try } from "./try.ts";

const EMPTY = 0;
const SENT = 1;
/** The value was received. */
const TAKEN = 2;

/** In the place of a waker that has been used for the last time. */
const WOKEN: Waker = { wake: () => {} };

const SENDER: HandleKind<State<unknown>> = {
  what: "the sender of a oneshot channel",
  isAwaited: ({ isEmpty }) => !isEmpty,
  release: (state) => state.closeSender(),
};
const RECEIVER: HandleKind<State<unknown>> = {
  what: "the receiver of a oneshot channel",
  isAwaited: ({ closedWaiters }) => closedWaiters?.isEmpty === false,
  release: (state) => state.closeReceiver(),
};

class State<T> implements Watchable, Resource {
  declare phase: number;
  declare value: T | undefined;
  declare isSenderClosed: boolean;
  declare isReceiverClosed: boolean;
  declare waker: Waker | null;
  /** The two halves, each until the other one has waited for it, or was refused, when a turn ends; and what is left of them after that. */
  declare sender: object | null;
  declare receiver: object | null;
  declare senderRemains: Remains | null;
  declare receiverRemains: Remains | null;
  /** Those who wait for the receiver to go, if anybody ever did. */
  declare closedWaiters: WaitQueue | null;
  declare private isSenderAwaited: boolean;
  declare private isReceiverAwaited: boolean;
  declare private isSoon: boolean;

  constructor(options: Named | undefined) {
    this.phase = EMPTY;
    this.value = undefined;
    this.isSenderClosed = false;
    this.isReceiverClosed = false;
    this.waker = null;
    this.sender = null;
    this.receiver = null;
    this.senderRemains = null;
    this.receiverRemains = null;
    this.closedWaiters = null;
    this.isSenderAwaited = false;
    this.isReceiverAwaited = false;
    this.isSoon = false;
    made(this, options);
  }

  get resourceKind(): ResourceKind {
    return "oneshot";
  }
  attributes(): Attributes {
    const { phase, isSenderClosed, isReceiverClosed } = this;
    return { sent: phase !== EMPTY, senderClosed: isSenderClosed, receiverClosed: isReceiverClosed };
  }

  /** Nobody waits for the value: as a queue with one place. */
  get isEmpty(): boolean {
    return this.waker === null || this.isReceiverClosed;
  }
  closeReceiver(): void {
    if (this.isReceiverClosed) return;
    this.isReceiverClosed = true;
    this.receiver = null;
    if (this.receiverRemains !== null) this.receiverRemains.isOpen = false;
    this.closedWaiters?.grantAll();
  }
  /** It has sent, or never will. */
  closeSender(): void {
    this.isSenderClosed = true;
    this.sender = null;
    if (this.senderRemains !== null) this.senderRemains.isOpen = false;
    const { waker } = this;
    if (waker === null) return;
    // What is left of the receiver refers to this state, and must not keep whoever polls it alive.
    this.waker = WOKEN;
    wakeSafely(waker);
  }
  senderAwaited(): void {
    if (this.sender === null) return;
    this.isSenderAwaited = true;
    this.beWatchedSoon();
  }
  receiverAwaited(): void {
    if (this.receiver === null) return;
    this.isReceiverAwaited = true;
    this.beWatchedSoon();
  }
  private beWatchedSoon(): void {
    if (this.isSoon) return;
    this.isSoon = true;
    watchSoon(this);
  }
  watchNow(): void {
    this.isSoon = false;
    const { sender, receiver } = this;
    if (sender !== null && this.isSenderAwaited) {
      this.sender = null;
      this.senderRemains = new Remains(SENDER, this);
      watch(sender, this.senderRemains, this);
    }
    if (receiver !== null && this.isReceiverAwaited) {
      this.receiver = null;
      this.receiverRemains = new Remains(RECEIVER, this);
      watch(receiver, this.receiverRemains, this);
    }
  }
  take(): T {
    const value = this.value as T;
    this.value = undefined;
    this.phase = TAKEN;
    this.closeReceiver();
    return value;
  }
}

class Closed extends Operation<void> {
  readonly #state: State<unknown>;
  #waiter: Waiter | null = null;
  constructor(state: State<unknown>) {
    super();
    this.#state = state;
  }
  poll(waker: Waker): Poll<void> {
    if (!mayProceed(waker)) return PENDING;
    if (this.#state.isReceiverClosed) {
      cx.budget--;
      return undefined;
    }
    if (this.#waiter === null) {
      this.#state.receiverAwaited();
      this.#waiter = (this.#state.closedWaiters ??= new WaitQueue(0)).enter(1, waker);
    } else this.#waiter.waker = waker;
    return PENDING;
  }
  override drop(): void {
    if (this.#waiter !== null) this.#state.closedWaiters!.abandon(this.#waiter);
  }
  /** @internal */
  override describeWait(): string {
    return `the receiver of ${label(this.#state, "a oneshot channel")} to go`;
  }
  /** @internal */
  override get waitedResource(): Resource {
    return this.#state;
  }
}

/** The sending half: it sends once, or closes. */
export class Sender<T> implements Disposable {
  declare private readonly state: State<unknown>;
  declare private hasSent: boolean;
  /** Closed without sending. */
  declare private isGivenUp: boolean;

  /** @internal */
  constructor(state: State<unknown>) {
    this.state = state;
    this.hasSent = false;
    this.isGivenUp = false;
  }

  /**
   * False when the receiver is gone.
   *
   * @throws ClosedError when it was called before, or the sender is closed.
   */
  send(value: T): boolean {
    const state = this.state;
    if (this.hasSent)
      throw new ClosedError("oneshot.Sender.send was called twice: a oneshot channel carries one value");
    if (this.isGivenUp) throw new ClosedError("oneshot.Sender.send on a closed sender");
    this.hasSent = true;
    const isReceived = !state.isReceiverClosed;
    if (isReceived) {
      state.phase = SENT;
      state.value = value;
    }
    state.closeSender();
    return isReceived;
  }

  /** Completes when the receiver is closed, dropped, or has its value. **Cancel safety.** Abandoning it leaves no trace. */
  closed(): Future<void> {
    if (this.isGivenUp) throw new ClosedError("oneshot.Sender.closed on a closed sender");
    return new Closed(this.state);
  }
  /** Whether the receiver is closed, dropped, or has its value, or this sender was closed unused. */
  get isClosed(): boolean {
    if (this.isGivenUp || this.state.isReceiverClosed) return true;
    this.state.receiverAwaited();
    return false;
  }
  /** Without a value sent, the receiver throws `RecvError`. */
  close(): void {
    if (this.state.isSenderClosed) return;
    this.isGivenUp = true;
    this.state.closeSender();
  }
  /** `close`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

threadBound(Sender, "the sender of a oneshot channel");

/**
 * Awaiting it gives the value, or throws `RecvError` when the sender closed without sending; after
 * `tryRecv` took the value, `FutureConsumedError`.
 *
 * **Cancel safety.** A receiver that is abandoned (a lost `select`, an elapsed `timeout`) counts as
 * gone; poll `rx.ref()` in a `select` to keep it.
 */
export class Receiver<T> extends Future<T> {
  declare private readonly state: State<T>;
  declare private isFinished: boolean;

  /** @internal */
  constructor(state: State<T>) {
    super();
    this.state = state;
    this.isFinished = false;
  }

  /** Polls it; the driver's part. */
  poll(waker: Waker): Poll<T> {
    const state = this.state;
    if (this.isFinished || state.phase === TAKEN) {
      throw new FutureConsumedError("this oneshot receiver has already given its result");
    }
    if (!mayProceed(waker)) return PENDING;
    if (state.phase === SENT) {
      cx.budget--;
      this.isFinished = true;
      return state.take();
    }
    if (state.isSenderClosed || state.isReceiverClosed) {
      this.isFinished = true;
      throw new RecvError(state.isReceiverClosed ? CLOSED_HERE : SENDER_GONE);
    }
    if (state.waker === null) state.senderAwaited();
    state.waker = waker;
    return PENDING;
  }

  /** Closes it, and gives up what was sent. */
  override drop(): void {
    const { state } = this;
    state.waker = null;
    if (state.phase === SENT) state.take();
    else this.close();
  }

  /** The value if it is there already; never waits. */
  tryRecv(): Try<T, "empty" | "closed"> {
    const state = this.state;
    if (state.phase === SENT) return { ok: true, value: state.take() };
    if (state.phase === TAKEN || state.isSenderClosed || state.isReceiverClosed) {
      // Somebody who already waits is still owed the `RecvError`.
      if (state.waker === null) this.isFinished = true;
      return refused("closed");
    }
    state.senderAwaited();
    return refused("empty");
  }

  /** No value can be sent any more; one that was sent can still be received. */
  close(): void {
    const state = this.state;
    state.closeReceiver();
    if (state.phase === EMPTY && state.waker !== null) wakeSafely(state.waker);
  }

  /** Closes it and gives up what was sent. */
  override [Symbol.dispose](): void {
    this.close();
    super[Symbol.dispose]();
  }
  /** @internal */
  override get mayGoUnused(): boolean {
    return true;
  }
  /** @internal */
  override describeWait(): string {
    return `the value of ${label(this.state, "a oneshot channel")}`;
  }
  /** @internal */
  override get waitedResource(): Resource {
    return this.state;
  }
}

iteratesItself(Receiver);

const SENDER_GONE = "the oneshot sender was closed without sending a value";
const CLOSED_HERE = "the oneshot receiver was closed before a value was sent";

/** A sender and a receiver of one value. */
export function channel<T>(options?: Named): [Sender<T>, Receiver<T>] {
  const state = new State<T>(options);
  const sender = new Sender(state);
  const receiver = new Receiver(state);
  state.sender = sender;
  state.receiver = receiver;
  return [sender, receiver];
}

for (const half of channel<void>()) pin(half);
