/** The futures that the library's own operations are. */
import { FutureConsumedError } from "../errors.ts";
import { asRoutine, type Suspend, type Suspending } from "./body.ts";
import { claim, Future, nextOf, suspendOn, throwInto } from "./future.ts";
import { unwind } from "./suspension.ts";

/**
 * A future that is its own iterator: `yield*` of it makes no other object. For the library's own
 * operations; a class that users extend must not have methods called `next`, `throw` and `return`.
 */
export abstract class Operation<T> extends Future<T> implements Suspending<T> {
  override [Symbol.iterator](): Generator<Suspend, T, void> {
    const claimed = claim<T>(this);
    return claimed === this ? asRoutine<T>(this) : suspendOn(claimed);
  }
  next(): IteratorResult<Suspend, T> {
    return nextOf(this);
  }
  throw(error: unknown): IteratorResult<Suspend, T> {
    throwInto(this, error);
    return unwind(error);
  }
  return(value: T): IteratorResult<Suspend, T> {
    throwInto(this, undefined);
    return { done: true, value };
  }
}

/**
 * Makes a class of ours that users see, and may extend, its own iterator all the same: nothing of that is
 * in its type.
 */
export function iteratesItself(futures: { readonly prototype: Future<unknown> }): void {
  for (const name of [Symbol.iterator, "next", "throw", "return"] as const) {
    const method: unknown = Operation.prototype[name];
    Object.defineProperty(futures.prototype, name, { value: method, writable: true, configurable: true });
  }
}

/** It was polled again after it had given its result. */
export function completed(): FutureConsumedError {
  return new FutureConsumedError("this operation has already completed; start a new one");
}
