/** `for await` over anything whose next item is a future. */
import { PENDING, type Poll, type Waker } from "./body.ts";
import { abandon, claim, type Future, promised } from "./future.ts";
import { Operation } from "./operation.ts";

/** The future of an item as the future of an iterator result; `undefined` is the end. */
class Step<T> extends Operation<IteratorResult<T, undefined>> {
  readonly #item: Future<T | undefined>;
  constructor(item: Future<T | undefined>) {
    super();
    this.#item = item;
  }
  poll(waker: Waker): Poll<IteratorResult<T, undefined>> {
    const value = this.#item.poll(waker);
    if (value === PENDING) return PENDING;
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }
  override drop(): void {
    abandon(this.#item);
  }
  override describeWait(): string {
    return this.#item.describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [this.#item];
  }
}

/** An async iterator over futures. Unless told otherwise, leaving the loop early closes nothing. */
export class FutureIterator<T> implements AsyncIterator<T, undefined> {
  readonly #step: () => Future<IteratorResult<T, undefined>>;
  readonly #leave: (() => void) | undefined;
  constructor(step: () => Future<IteratorResult<T, undefined>>, leave?: () => void) {
    this.#step = step;
    this.#leave = leave;
  }
  /** The next result as a future, for those that poll: no promise is made. Cancel safe. */
  step(): Future<IteratorResult<T, undefined>> {
    return this.#step();
  }
  next(): Promise<IteratorResult<T, undefined>> {
    return promised(this.#step());
  }
  return(): Promise<IteratorResult<T, undefined>> {
    this.#leave?.();
    return Promise.resolve({ done: true, value: undefined });
  }
}

export function iterate<T>(next: () => Future<T | undefined>, leave?: () => void): FutureIterator<T> {
  return new FutureIterator(() => new Step(claim(next())), leave);
}
