/** Anything that can be awaited, as a future. */
import type { AbortSignal } from "../internal/platform.ts";
import { requireValue } from "../runtime/argument.ts";
import { isRoutine, isThenable, type Awaitable, type Poll, type Waker } from "../runtime/body.ts";
import { claim, Future } from "../runtime/future.ts";
import { Listening } from "../runtime/listening.ts";
import { ready } from "./ready.ts";
import { Result } from "./result.ts";

/**
 * A promise, or what makes one when it is wanted.
 *
 * @ignore
 */
export type Source<T> = PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>);

/**
 * How a promise ended, and who waits for that. A promise never forgets a callback: a loop that selects on
 * the same one again and again would make it grow for ever. So the watch of a promise that somebody has
 * given up waiting for is kept for whoever waits for it next. Most promises are waited for once and to their
 * end, and are not looked up by others (the client rows of `bench:http`).
 */
export class Watch<T> extends Result<T> {
  readonly promise: PromiseLike<T>;

  constructor(promise: PromiseLike<T>) {
    super();
    this.promise = promise;
    promise.then(
      (value) => this.settle(false, value),
      (error: unknown) => this.settle(true, error),
    );
  }
}

const watches = new WeakMap<object, Watch<unknown>>();

export function watch<T>(promise: PromiseLike<T>): Watch<T> {
  // Other people's thenables may throw, call back twice, or give a thenable: a promise of ours tames them.
  if (!(promise instanceof Promise)) return new Watch(Promise.resolve(promise));
  return (watches.get(promise) as Watch<T> | undefined) ?? new Watch(promise);
}

/** Waits for a promise; it does not hold a paused clock. */
export class PromiseWait<T> extends Listening<T> {
  declare source: Watch<T> | null;
  declare protected readonly given: Source<T>;

  constructor(given: Source<T>) {
    super(null);
    this.given = given;
  }

  poll(waker: Waker): Poll<T> {
    const watched = (this.source ??= watch(this.given as PromiseLike<T>));
    return watched.isSettled ? watched.take() : this.enter(waker);
  }

  override drop(): void {
    super.drop();
    const { source, given } = this;
    if (source === null) {
      if (given instanceof Promise) given.catch(ignore);
    } else if (!source.isSettled && !watches.has(source.promise)) watches.set(source.promise, source);
  }

  override describeWait(): string {
    return "a promise";
  }
  override get isExternalWait(): boolean {
    return true;
  }
}

function ignore(): void {}

/** A promise that a combinator was given. */
export function watchPromise<T>(promise: PromiseLike<T>): Future<T> {
  return new PromiseWait(promise);
}

/** Any awaitable as a future that the caller owns. */
export function toFuture<T>(caller: string, value: Awaitable<T>): Future<T> {
  const future = futureOf(caller, value);
  if (future !== undefined) return future;
  requireValue(caller, value);
  return ready(value as T);
}

/** Undefined when it is neither a future nor a promise, but a value. */
export function futureOf<T>(caller: string, value: Awaitable<T>): Future<T> | undefined {
  if (value instanceof Future) return claim(value as Future<T>);
  if (isThenable(value)) return watchPromise(value as PromiseLike<T>);
  if (isRoutine(value)) {
    throw new TypeError(
      `${caller} was given a running routine, which nothing would drive; wrap the generator function with asyncFn and pass its call`,
    );
  }
  return undefined;
}
