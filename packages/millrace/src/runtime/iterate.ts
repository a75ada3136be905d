/** `for await` over anything whose next item is a future. */
import { Await } from "./await.ts";
import { PENDING, type Poll, type Waker } from "./body.ts";
import { abandon, claim, Future } from "./future.ts";

/** The future of an item as the future of an iterator result; `undefined` is the end. */
class Step<T> extends Future<IteratorResult<T, undefined>> {
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

/** An async iterator that owns nothing: leaving the loop early takes nothing and closes nothing. */
export function iterate<T>(next: () => Future<T | undefined>): AsyncIterator<T, undefined> {
  return {
    // A native promise straight from the poll: one hop less than awaiting the future would be.
    next: () => new Await(new Step(claim(next()))).start(),
    return: () => Promise.resolve({ done: true, value: undefined }),
  };
}
