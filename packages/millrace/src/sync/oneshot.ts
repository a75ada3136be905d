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
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { Future } from "../runtime/future.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { cx } from "../runtime/kernel.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import { watch, type Remains } from "./handle.ts";
import { refused, type Try } from "./try.ts";

const EMPTY = 0;
const SENT = 1;
/** The value was received. */
const TAKEN = 2;

/** In the place of a waker that has been used for the last time. */
const WOKEN: Waker = { wake: () => {} };

class State<T> {
  phase: number = EMPTY;
  value: T | undefined = undefined;
  isSenderClosed: boolean = false;
  isReceiverClosed: boolean = false;
  waker: Waker | null = null;
  /** The two halves, each until the other one waits for it; and what is left of them after that. */
  sender: object | null = null;
  receiver: object | null = null;
  senderRemains: Remains | null = null;
  receiverRemains: Remains | null = null;
  readonly closedWaiters: WaitQueue = new WaitQueue(0);

  /** Nobody waits for the value: as a queue with one place. */
  get isEmpty(): boolean {
    return this.waker === null || this.isReceiverClosed;
  }
  closeReceiver(): void {
    if (this.isReceiverClosed) return;
    this.isReceiverClosed = true;
    this.receiver = null;
    if (this.receiverRemains !== null) this.receiverRemains.isOpen = false;
    this.closedWaiters.grantAll();
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
    waker.wake();
  }
  senderAwaited(): void {
    const { sender } = this;
    if (sender === null) return;
    this.sender = null;
    this.senderRemains = {
      isOpen: true,
      what: "the sender of a oneshot channel",
      waiters: [this],
      release: () => this.closeSender(),
    };
    watch(sender, this.senderRemains);
  }
  receiverAwaited(): void {
    const { receiver } = this;
    if (receiver === null) return;
    this.receiver = null;
    this.receiverRemains = {
      isOpen: true,
      what: "the receiver of a oneshot channel",
      waiters: [this.closedWaiters],
      release: () => this.closeReceiver(),
    };
    watch(receiver, this.receiverRemains);
  }
  take(): T {
    const value = this.value as T;
    this.value = undefined;
    this.phase = TAKEN;
    this.closeReceiver();
    return value;
  }
}

class Closed extends Future<void> {
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
      this.#waiter = this.#state.closedWaiters.enter(1, waker);
    } else this.#waiter.waker = waker;
    return PENDING;
  }
  override drop(): void {
    if (this.#waiter !== null) this.#state.closedWaiters.abandon(this.#waiter);
  }
  /** @internal */
  override describeWait(): string {
    return "the receiver of a oneshot channel to go";
  }
}

export class Sender<T> implements Disposable {
  readonly #state: State<T>;
  #hasSent: boolean = false;
  /** Closed without sending. */
  #isClosed: boolean = false;

  /** @internal */
  constructor(state: State<T>) {
    this.#state = state;
  }

  /**
   * False when the receiver is gone.
   *
   * @throws ClosedError when it was called before, or the sender is closed.
   */
  send(value: T): boolean {
    const state = this.#state;
    if (this.#hasSent)
      throw new ClosedError("oneshot.Sender.send was called twice: a oneshot channel carries one value");
    if (this.#isClosed) throw new ClosedError("oneshot.Sender.send on a closed sender");
    this.#hasSent = true;
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
    if (this.#isClosed) throw new ClosedError("oneshot.Sender.closed on a closed sender");
    return new Closed(this.#state as State<unknown>);
  }
  /** Whether the receiver is closed, dropped, or has its value, or this sender was closed unused. */
  get isClosed(): boolean {
    return this.#isClosed || this.#state.isReceiverClosed;
  }
  /** Without a value sent, the receiver throws `RecvError`. */
  close(): void {
    if (this.#state.isSenderClosed) return;
    this.#isClosed = true;
    this.#state.closeSender();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Awaiting it gives the value, or throws `RecvError` when the sender closed without sending; after
 * `tryRecv` took the value, `FutureConsumedError`.
 *
 * **Cancel safety.** A receiver that is abandoned (a lost `select`, an elapsed `timeout`) counts as
 * gone; poll `rx.ref()` in a `select` to keep it.
 */
export class Receiver<T> extends Future<T> {
  readonly #state: State<T>;
  #isFinished: boolean = false;

  /** @internal */
  constructor(state: State<T>) {
    super();
    this.#state = state;
  }

  poll(waker: Waker): Poll<T> {
    const state = this.#state;
    if (this.#isFinished || state.phase === TAKEN) {
      throw new FutureConsumedError("this oneshot receiver has already given its result");
    }
    if (!mayProceed(waker)) return PENDING;
    if (state.phase === SENT) {
      cx.budget--;
      this.#isFinished = true;
      return state.take();
    }
    if (state.isSenderClosed || state.isReceiverClosed) {
      this.#isFinished = true;
      throw new RecvError(state.isReceiverClosed ? CLOSED_HERE : SENDER_GONE);
    }
    if (state.waker === null) state.senderAwaited();
    state.waker = waker;
    return PENDING;
  }

  override drop(): void {
    this.#state.waker = null;
    this.close();
  }

  tryRecv(): Try<T, "empty" | "closed"> {
    const state = this.#state;
    if (state.phase === SENT) return { ok: true, value: state.take() };
    if (state.phase === TAKEN || state.isSenderClosed || state.isReceiverClosed) {
      // Somebody who already waits is still owed the `RecvError`.
      if (state.waker === null) this.#isFinished = true;
      return refused("closed");
    }
    return refused("empty");
  }

  /** No value can be sent any more; one that was sent can still be received. */
  close(): void {
    const state = this.#state;
    state.closeReceiver();
    if (state.phase === EMPTY) state.waker?.wake();
  }

  override [Symbol.dispose](): void {
    this.close();
    super[Symbol.dispose]();
  }
  /** @internal */
  override describeWait(): string {
    return "the value of a oneshot channel";
  }
}

const SENDER_GONE = "the oneshot sender was closed without sending a value";
const CLOSED_HERE = "the oneshot receiver was closed before a value was sent";

/** A sender and a receiver of one value. */
export function channel<T>(): [Sender<T>, Receiver<T>] {
  const state = new State<T>();
  const sender = new Sender(state);
  const receiver = new Receiver(state);
  state.sender = sender;
  state.receiver = receiver;
  return [sender, receiver];
}
