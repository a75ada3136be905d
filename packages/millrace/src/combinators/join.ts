/** Waiting for all of several futures. */
import { kindOf } from "../runtime/argument.ts";
import type { Awaitable, Outcome, Poll } from "../runtime/body.ts";
import { PENDING } from "../runtime/body.ts";
import { abandon, Future } from "../runtime/future.ts";
import { failure } from "../runtime/outcome.ts";
import { toFuture } from "./to-future.ts";
import { Gather } from "./gather.ts";
import { pin } from "../internal/pin.ts";

/**
 * The results of the futures in a tuple.
 *
 * @ignore
 */
export type Awaiteds<T extends readonly unknown[]> = { -readonly [K in keyof T]: Awaited<T[K]> };

/** Collects results in argument order. */
class Join<R> extends Gather<R> {
  readonly #results: unknown[];
  readonly #errors: { readonly index: number; readonly error: unknown }[] = [];
  constructor(futures: readonly Future<unknown>[]) {
    super(futures);
    this.#results = Array.from({ length: futures.length });
  }
  protected fulfilled(index: number, value: unknown): Poll<R> {
    this.#results[index] = value;
    return PENDING;
  }
  protected failed(index: number, error: unknown): Poll<R> {
    this.#errors.push({ index, error });
    return PENDING;
  }
  protected finish(): R {
    const errors = this.#errors;
    const results = this.#results;
    if (errors.length === 0) return results as R;
    throw oneOrAll(errors, `${errors.length} of ${results.length} joined futures failed`);
  }
}

class TryJoin<R> extends Join<R> {
  protected override failed(_index: number, error: unknown): Poll<R> {
    throw error;
  }
}

class JoinSettled<R> extends Join<R> {
  protected override fulfilled(index: number, value: unknown): Poll<R> {
    return super.fulfilled(index, { status: "fulfilled", value });
  }
  protected override failed(index: number, error: unknown): Poll<R> {
    return super.fulfilled(index, failure(error));
  }
}

function oneOrAll(errors: { readonly index: number; readonly error: unknown }[], message: string): unknown {
  if (errors.length === 1) return errors[0]!.error;
  const inOrder = errors.sort((a, b) => a.index - b.index).map(({ error }) => error);
  return new AggregateError(inOrder, message);
}

function all(caller: string, values: Iterable<unknown>): Future<unknown>[] {
  // A future is iterable itself: that is how it is yielded.
  const isOne = values instanceof Future;
  if (values === null || typeof values !== "object" || !(Symbol.iterator in values) || isOne) {
    throw new TypeError(
      `${caller} expects an iterable of futures, got ${isOne ? "one future" : kindOf(values)}`,
    );
  }
  const futures: Future<unknown>[] = [];
  try {
    for (const value of values) futures.push(toFuture(caller, value));
  } catch (error) {
    for (const future of futures) abandon(future);
    throw error;
  }
  return futures;
}

/**
 * Waits for all, even when some fail; then throws the failure, or an `AggregateError` of all failures
 * in argument order when there are several. Results in argument order. Nothing is spawned: the futures
 * are polled by the caller's task.
 *
 * **Cancel safety.** Abandoning it abandons every future that has not settled; results so far are lost.
 * Guards and permits that it was given, by locks, semaphores and channels or in results of calls, are released
 * then, and when it fails.
 *
 * @example
 * ```ts
 * import { asyncFn, join, sleep } from "millrace";
 *
 * const after = asyncFn(async (ms: number) => { await sleep(ms); return ms; });
 * console.log(await join(after(20), after(10))); // [20, 10], after 20 ms
 * ```
 */
export function join<T extends readonly unknown[]>(...futures: T): Future<Awaiteds<T>> {
  return new Join<Awaiteds<T>>(all("join", futures));
}

/**
 * Waits for all, but throws the first failure at once and abandons the rest.
 *
 * **Cancel safety.** As `join`: what is abandoned or fails releases the guards and permits it was given.
 */
export function tryJoin<T extends readonly unknown[]>(...futures: T): Future<Awaiteds<T>> {
  return new TryJoin<Awaiteds<T>>(all("tryJoin", futures));
}

/** `join` of any number of futures. Cancel safety as there. */
export function joinAll<T>(futures: Iterable<Awaitable<T>>): Future<T[]> {
  return new Join<T[]>(all("joinAll", futures));
}

/** `tryJoin` of any number of futures. Cancel safety as there. */
export function tryJoinAll<T>(futures: Iterable<Awaitable<T>>): Future<T[]> {
  return new TryJoin<T[]>(all("tryJoinAll", futures));
}

/** Waits for all and gives how each ended; never rejects for a failure of theirs. Cancel safety as `join`. */
export function joinSettled<T extends readonly unknown[]>(
  ...futures: T
): Future<{ -readonly [K in keyof T]: Outcome<Awaited<T[K]>> }> {
  return new JoinSettled<{ -readonly [K in keyof T]: Outcome<Awaited<T[K]>> }>(all("joinSettled", futures));
}

export { all, oneOrAll };

pin(join());
