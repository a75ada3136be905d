/**
 * The latest value of something, for many to look at and to be told of its changes. A receiver that is
 * slow skips what is between.
 *
 * Which channel? `watch` for the latest state; `broadcast` for every event to many; `mpsc` for a queue of
 * work; `oneshot` for one reply.
 *
 * @example
 * ```ts
 * import { spawn, watch } from "millrace";
 *
 * const [tx, rx] = watch.channel("starting");
 * const seen = spawn(async () => {
 *   const states: string[] = [];
 *   for await (const state of rx) states.push(state);
 *   return states.at(-1);
 * });
 * tx.send("ready");
 * tx.send("stopped");
 * tx.close();
 * console.log(await seen); // stopped
 * ```
 *
 * @module
 */
import { pin } from "../internal/pin.ts";
import { ClosedError, RecvError } from "../errors.ts";
import { requireFunction } from "../runtime/argument.ts";
import type { Future } from "../runtime/future.ts";
import { FutureIterator } from "../runtime/iterate.ts";
import type { Named } from "../runtime/resource.ts";
import { ReceiversGone } from "./closed.ts";
import { Handle, type HandleKind, Remains } from "./handle.ts";
import { Changed, type Given, Next, NONE, Position, SENDERS_GONE, State, WaitFor } from "./watch-change.ts";

const SENDER: HandleKind<State<unknown>> = {
  what: "a sender of a watch channel",
  isAwaited: ({ audience }) => !audience.isEmpty,
  release: (state) => state.senderClosed(),
};
const RECEIVER: HandleKind<Position<unknown>> = {
  what: "a receiver of a watch channel",
  isAwaited: ({ state }) => !state.receivers.waiters.isEmpty,
  release: (position) => position.close(),
};

/** Stores values. `clone()` it for each producer, `close()` it (or `using`) when done. */
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
   * Stores a value and tells all receivers. False, and nothing stored, when there is no receiver.
   *
   * @throws ClosedError on a closed handle.
   */
  send(value: T): boolean {
    const state = this.#open("send");
    if (state.receivers.count === 0) return false;
    state.store(value);
    return true;
  }
  /** Stores a value, receivers or not, and gives the one before. */
  sendReplace(value: T): T {
    const state = this.#open("sendReplace");
    const before = state.value;
    state.store(value);
    return before;
  }
  /** Stores what `change` makes of the value, receivers or not. If it throws, nothing changes. */
  sendModify(change: (value: T) => T): void {
    const state = this.#open("sendModify");
    state.store(requireFunction("watch.Sender.sendModify", change)(state.value));
  }
  /** Notifies only if `change` returns a value other than `undefined`. */
  sendIfModified(change: (value: T) => T | undefined): boolean {
    const state = this.#open("sendIfModified");
    const value = requireFunction("watch.Sender.sendIfModified", change)(state.value);
    if (value === undefined) return false;
    state.store(value);
    return true;
  }
  /** The latest value. */
  borrow(): T {
    return this.#open("borrow").value;
  }
  /** A receiver that has seen the current value. */
  subscribe(): Receiver<T> {
    const state = this.#open("subscribe");
    state.receivers.add();
    return new Receiver(new Position(state, state.version));
  }
  /** Another sender of the same value. */
  clone(): Sender<T> {
    const state = this.#open("clone");
    state.senders++;
    return new Sender(state);
  }
  /** Completes when there is no receiver. **Cancel safety.** Abandoning it leaves no trace. */
  closed(): Future<void> {
    return new ReceiversGone(this.#open("closed").receivers, "watch");
  }
  /** Receivers that are open. */
  get receiverCount(): number {
    return this.#state.receivers.count;
  }
  /** Gives up this handle. Without senders, receivers see the last value and then the end. Idempotent. */
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
    if (this.#isClosed) throw new ClosedError(`watch.Sender.${what} on a sender that was closed`);
    return this.#state;
  }
}

/**
 * Looks at the value, and is told of changes it has not seen. Iterating gives the current value first,
 * then each newer one (intermediate ones may be skipped), and ends when the senders are gone and the
 * last value was given.
 */
export class Receiver<T> extends Handle implements AsyncIterable<T>, Disposable {
  readonly #position: Position<T>;

  /** @internal */
  constructor(position: Position<T>) {
    super();
    this.#position = position;
    const { receivers } = position.state;
    // Each counts, whether or not somebody waits for it to go.
    receivers.handles.opened(this, true);
  }

  /** The latest value; does not count as seen. Works for ever, also without senders. */
  borrow(): T {
    return this.#open("borrow").state.value;
  }
  /** The present value, taken for seen. */
  borrowAndUpdate(): T {
    const position = this.#open("borrowAndUpdate");
    position.seen = position.state.version;
    return position.state.value;
  }
  /**
   * Completes when there is a value not yet seen, and marks it seen; throws `RecvError` when closed and seen.
   *
   * **Cancel safety.** Abandoned, it has marked nothing as seen.
   */
  changed(): Future<void> {
    return new Changed(this, this.#open("changed"));
  }
  /**
   * The first value that fulfils `predicate`, the current one included; it counts as seen. A predicate
   * that throws rejects it. Throws `RecvError` when the senders go first.
   *
   * **Cancel safety.** Abandoned, it has marked as seen only values that did not fulfil the predicate.
   */
  waitFor(predicate: (value: T) => boolean): Future<T> {
    const position = this.#open("waitFor");
    return new WaitFor(this, position, requireFunction("watch.Receiver.waitFor", predicate));
  }
  /** Whether there is an unseen value; throws `RecvError` as soon as all senders are gone. */
  hasChanged(): boolean {
    const position = this.#open("hasChanged");
    const { state } = position;
    if (state.senders === 0) throw new RecvError(SENDERS_GONE);
    state.audience.senders.awaited();
    return position.hasUnseen;
  }
  /** Wakes a pending `changed()` of this receiver. */
  markChanged(): void {
    const position = this.#open("markChanged");
    position.seen = NONE;
    position.state.audience.wake(position.queue);
  }
  /** Takes the present value for seen. */
  markUnchanged(): void {
    const position = this.#open("markUnchanged");
    position.seen = position.state.version;
  }
  /** Has seen what the original has seen. */
  clone(): Receiver<T> {
    const { state, seen } = this.#open("clone");
    state.receivers.add();
    return new Receiver(new Position(state, seen));
  }
  /** Gives up this handle; what waits on it throws `ClosedError`. Idempotent. */
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
  /** Leaving the loop early leaves the receiver open. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const position = this.#open("[Symbol.asyncIterator]");
    const given: Given = { isFirst: true };
    return new Versions(() => new Next(this, position, given));
  }

  /** @internal */
  makeRemains(): Remains {
    return new Remains(RECEIVER, this.#position);
  }
  #open(what: string): Position<T> {
    if (this.#position.isClosed)
      throw new ClosedError(`watch.Receiver.${what} on a receiver that was closed`);
    return this.#position;
  }
}

/** Its `next()` may be yielded as well as awaited. */
class Versions<T> extends FutureIterator<T> {
  override next(): Future<IteratorResult<T, undefined>> {
    return this.step();
  }
}

/** A sender and a receiver of the latest value, which counts as seen at first. */
export function channel<T>(initial: T, options?: Named): [Sender<T>, Receiver<T>] {
  const state = new State(initial, options);
  return [new Sender(state), new Receiver(new Position(state, state.version))];
}

const [tx, rx] = channel(null);
pin(tx, rx, rx.changed());
