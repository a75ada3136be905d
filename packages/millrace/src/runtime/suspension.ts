/**
 * What `yield*` of a future iterates: it polls the future with the waker of whoever drives the routine.
 *
 * A ready value returns without suspending and without a microtask. A cancellation arrives as a call of
 * `throw`: the future is dropped, and the error goes on once the cleanup of what was dropped has run.
 */
import { MillraceError } from "../errors.ts";
import { pin } from "../internal/pin.ts";
import { PENDING, SUSPENDED, type Suspend, type Suspending } from "./body.ts";
import { otherCopy } from "./copies.ts";
import type { Future } from "./future.ts";
import { cx } from "./kernel.ts";

/** Shared by everything that has no value: `yield*` reads it and forgets it. */
export const NOTHING: IteratorReturnResult<undefined> = { done: true, value: undefined };

const OUTSIDE =
  "yield* of a future outside a running task: a routine runs only when it is given to spawn, main, scope or asyncFn";

/** Polls for `yield*`. */
// #region resume
export function resumeWith<T>(future: Future<T>): IteratorResult<Suspend, T> {
  const { waker } = cx;
  if (waker === null) throw new MillraceError(otherCopy() ?? OUTSIDE);
  const value = future.poll(waker);
  if (value === undefined) return NOTHING as IteratorReturnResult<T>;
  if (value !== PENDING) return { done: true, value };
  if (cx.branch !== null) cx.branch.work = future;
  return SUSPENDED;
}
// #endregion resume

/** What `futureNow` gave, or else what `next` of the class above gives. */
export function doneWith<T>(value: T): IteratorResult<Suspend, T> {
  return value === undefined ? (NOTHING as IteratorReturnResult<T>) : { done: true, value };
}

/** The future is dropped: suspended while that cleans up, then throws. */
export function unwind(error: unknown): IteratorResult<Suspend, never> {
  if (cx.branch !== null && cx.branch.mustAwaitCleanups()) return SUSPENDED;
  throw error;
}

export class Suspension<T> implements Suspending<T> {
  declare private readonly future: Future<T>;
  declare private readonly abandon: (future: Future<unknown>) => void;
  declare private thrown: { readonly error: unknown } | null;

  constructor(future: Future<T>, abandon: (future: Future<unknown>) => void) {
    this.future = future;
    this.abandon = abandon;
    this.thrown = null;
  }
  next(): IteratorResult<Suspend, T> {
    return this.thrown === null ? resumeWith(this.future) : unwind(this.thrown.error);
  }
  throw(error: unknown): IteratorResult<Suspend, T> {
    if (this.thrown === null) this.abandon(this.future);
    this.thrown = { error };
    return unwind(error);
  }
  return(value: T): IteratorResult<Suspend, T> {
    if (this.thrown === null) this.abandon(this.future);
    this.thrown ??= { error: undefined };
    return { done: true, value };
  }
  [Symbol.iterator](): this {
    return this;
  }
  [Symbol.dispose](): void {
    this.return(undefined as T);
  }
  get [Symbol.toStringTag](): string {
    return "Generator";
  }
}

pin(new Suspension(null as never, () => {}));
