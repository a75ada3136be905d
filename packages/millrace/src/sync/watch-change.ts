/** Where the receivers of a `watch` channel are, and the waiting for a value that one has not seen. */
import { ClosedError, RecvError } from "../errors.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { Operation } from "../runtime/operation.ts";
import { cx } from "../runtime/kernel.ts";
import { wakeSafely } from "../runtime/listeners.ts";
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
import { ReceiverCount } from "./closed.ts";

/** What senders and receivers share. Each value has a version; a receiver has seen one. */
export class State<T> implements Resource {
  declare value: T;
  declare version: number;
  declare senders: number;
  declare readonly receivers: ReceiverCount;
  declare readonly audience: Audience;

  constructor(value: T, options: Named | undefined) {
    this.value = value;
    this.version = 0;
    this.senders = 1;
    this.receivers = new ReceiverCount(1);
    this.audience = new Audience();
    made(this, options);
  }
  get resourceKind(): ResourceKind {
    return "watch";
  }
  attributes(): Attributes {
    const { version, senders, receivers } = this;
    return { version, senders, receivers: receivers.count };
  }
  store(value: T): void {
    this.value = value;
    this.version++;
    this.audience.wakeAll();
  }
  senderClosed(): void {
    if (--this.senders === 0) this.audience.wakeAll();
  }
}

/** Where one receiver is. */
export class Position<T> {
  readonly state: State<T>;
  /** Versions count from 0: what was marked as changed has seen none. */
  seen: number;
  isClosed: boolean = false;
  readonly queue: WaitQueue = new WaitQueue(0);

  constructor(state: State<T>, seen: number) {
    this.state = state;
    this.seen = seen;
  }
  close(): void {
    this.isClosed = true;
    this.state.audience.wake(this.queue);
    this.state.receivers.remove();
  }
  get hasUnseen(): boolean {
    return this.seen !== this.state.version;
  }
}

/** Waits until `check` has a result. It is asked when polled first, and after every change. */
abstract class Change<T, R> extends Operation<R> {
  declare protected readonly position: Position<T>;
  /** Whoever waits keeps the receiver alive. */
  declare protected readonly receiver: object;
  /** Once it has begun to wait. */
  declare private seat: Seat | null;
  constructor(receiver: object, position: Position<T>) {
    super();
    this.position = position;
    this.receiver = receiver;
    this.seat = null;
  }
  /** The result, or throws, or waits. */
  protected abstract check(): Poll<R>;

  poll(waker: Waker): Poll<R> {
    if (!mayProceed(waker)) return PENDING;
    let result: Poll<R>;
    try {
      if (this.position.isClosed) throw new ClosedError("the watch receiver was closed");
      result = this.check();
    } catch (error) {
      cx.budget--;
      this.seat?.leave();
      throw error;
    }
    if (result === PENDING) {
      (this.seat ??= new Seat(this.position.state.audience, this.position.queue)).wait(waker);
      // The predicate itself has sent another value, or closed the receiver: nobody waited for that yet.
      if (this.position.hasUnseen || this.position.isClosed) wakeSafely(waker);
    } else {
      cx.budget--;
      this.seat?.leave();
    }
    return result;
  }
  override drop(): void {
    this.seat?.leave();
  }
  /** Marks the current value as seen and gives it. */
  protected see(): T {
    const { position } = this;
    position.seen = position.state.version;
    return position.state.value;
  }
  protected get isEnded(): boolean {
    return this.position.state.senders === 0;
  }
  override describeWait(): string {
    return `a change on ${label(this.position.state, "a watch channel")}`;
  }
  override get waitedResource(): Resource {
    return this.position.state;
  }
}

export class Changed<T> extends Change<T, void> {
  protected check(): Poll<void> {
    if (this.position.hasUnseen) return void this.see();
    if (this.isEnded) throw new RecvError(SENDERS_GONE);
    return PENDING;
  }
}

export class WaitFor<T> extends Change<T, T> {
  readonly #predicate: (value: T) => boolean;
  #hasLooked: boolean = false;
  constructor(receiver: object, position: Position<T>, predicate: (value: T) => boolean) {
    super(receiver, position);
    this.#predicate = predicate;
  }
  protected check(): Poll<T> {
    if (!this.#hasLooked || this.position.hasUnseen) {
      this.#hasLooked = true;
      const value = this.see();
      if (this.#predicate(value)) return value;
    }
    if (this.isEnded) throw new RecvError(SENDERS_GONE);
    return PENDING;
  }
}

/** What one iteration has given: its first value is the current one, seen or not. */
export interface Given {
  isFirst: boolean;
}

export class Next<T> extends Change<T, IteratorResult<T, undefined>> {
  readonly #given: Given;
  constructor(receiver: object, position: Position<T>, given: Given) {
    super(receiver, position);
    this.#given = given;
  }
  protected check(): Poll<IteratorResult<T, undefined>> {
    if (this.#given.isFirst || this.position.hasUnseen) {
      this.#given.isFirst = false;
      return { done: false, value: this.see() };
    }
    return this.isEnded ? { done: true, value: undefined } : PENDING;
  }
}

export const SENDERS_GONE = "the last sender of the watch channel was closed";

/** Marked as changed: no version has been seen. */
export const NONE = -1;
