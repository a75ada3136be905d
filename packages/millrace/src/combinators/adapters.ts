/** Futures around one future: `map`, `settled`, `ref`. */
import { requireFunction } from "../runtime/argument.ts";
import { failure } from "../runtime/outcome.ts";
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

/** One that may end its future early, for which it holds something that must not outlast it. */
export abstract class Guard<T, U> extends Adapter<T, T | U> {
  /** Lets go of what it holds. */
  protected abstract close(): void;
  protected pollInner(waker: Waker): Poll<T> {
    let value: Poll<T>;
    try {
      value = this.inner.poll(waker);
    } catch (error) {
      this.close();
      throw error;
    }
    if (value !== PENDING) this.close();
    return value;
  }
  override drop(): void {
    this.close();
    super.drop();
  }
  override giveBack(value: T | U): void {
    // Of one that was ended early it gave nothing.
    if (value !== undefined) this.inner.giveBack(value as T);
  }
  override get givesBack(): boolean {
    return this.inner.givesBack;
  }
}

/** What it gives is made from the value, or from the failure if `rescue` is there. */
class Mapped<T, U> extends Adapter<T, U> {
  declare private readonly f: (value: T) => U;
  declare private readonly rescue: ((error: unknown) => U) | undefined;
  constructor(inner: Future<T>, f: (value: T) => U, rescue?: (error: unknown) => U) {
    super(inner);
    this.f = f;
    this.rescue = rescue;
  }
  poll(waker: Waker): Poll<U> {
    let value: Poll<T>;
    try {
      value = this.inner.poll(waker);
    } catch (error) {
      if (this.rescue === undefined) throw error;
      return this.rescue(error);
    }
    return value === PENDING ? PENDING : this.f(value);
  }
}

export function map<T, U>(future: Future<T>, f: (value: T) => U): Future<U> {
  requireFunction("map", f);
  return new Mapped(claim(future), f);
}

export function settled<T>(future: Future<T>): Future<Outcome<T>> {
  return new Mapped<T, Outcome<T>>(claim(future), (value) => ({ status: "fulfilled", value }), failure);
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
  override giveBack(value: T): void {
    this.future.giveBack(value);
  }
  override get givesBack(): boolean {
    return this.future.givesBack;
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
