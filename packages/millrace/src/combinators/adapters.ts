/** Futures around one future: `map`, `settled`, `ref`. */
import { CancelledError } from "../errors.ts";
import { PENDING, type Outcome, type Poll, type Waker } from "../runtime/body.ts";
import { abandon, claim, Future, lend, spend } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";

/** A future that owns one other and shows its value differently. */
export abstract class Adapter<T, U> extends Operation<U> {
  declare protected readonly inner: Future<T>;
  /** `inner` must be claimed already. */
  constructor(inner: Future<T>) {
    super();
    this.inner = inner;
  }
  override drop(): void {
    abandon(this.inner);
  }
  override describeWait(): string {
    return this.inner.describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [this.inner];
  }
}

class Mapped<T, U> extends Adapter<T, U> {
  declare private readonly f: (value: T) => U;
  constructor(inner: Future<T>, f: (value: T) => U) {
    super(inner);
    this.f = f;
  }
  poll(waker: Waker): Poll<U> {
    const value = this.inner.poll(waker);
    return value === PENDING ? PENDING : this.f(value);
  }
}

export function map<T, U>(future: Future<T>, f: (value: T) => U): Future<U> {
  if (typeof f !== "function") throw new TypeError(`map expects a function, got ${typeof f}`);
  return new Mapped(claim(future), f);
}

class Settled<T> extends Adapter<T, Outcome<T>> {
  poll(waker: Waker): Poll<Outcome<T>> {
    let value: Poll<T>;
    try {
      value = this.inner.poll(waker);
    } catch (error) {
      return failure(error);
    }
    return value === PENDING ? PENDING : { status: "fulfilled", value };
  }
}

export function failure(error: unknown): Outcome<never> {
  return error instanceof CancelledError
    ? { status: "cancelled", reason: error.reason }
    : { status: "rejected", reason: error };
}

export function settled<T>(future: Future<T>): Future<Outcome<T>> {
  return new Settled(claim(future));
}

class Ref<T> extends Future<T> {
  declare private readonly future: Future<T>;
  declare private lent: Future<T> | null;
  constructor(future: Future<T>) {
    super();
    this.lent = null;
    this.future = future;
  }
  poll(waker: Waker): Poll<T> {
    // Anew each time: meanwhile the future may have been finished, or given away, by another of its users.
    if (this.lent === null || this.lent === this.future) this.lent = lend(this.future);
    let value: Poll<T>;
    try {
      value = this.lent.poll(waker);
    } catch (error) {
      spend(this.future);
      throw error;
    }
    if (value !== PENDING) spend(this.future);
    return value;
  }
  /** The underlying future stays as it is, and may be polled again. */
  override drop(): void {
    if (this.lent !== null && this.lent !== this.future) abandon(this.lent);
  }
  override describeWait(): string {
    return this.future.describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [this.future];
  }
}

export function ref<T>(future: Future<T>): Future<T> {
  return new Ref(future);
}
