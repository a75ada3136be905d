/** Waiting for one of several futures. */
import { PENDING, type Poll } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { Gather } from "./gather.ts";
import { all } from "./join.ts";

class Race<R> extends Gather<R> {
  /** Made by the call, so that its stack has the caller's line. */
  readonly #ofNothing: Error | undefined;
  constructor(futures: readonly Future<unknown>[]) {
    super(futures);
    if (futures.length === 0)
      this.#ofNothing = new RangeError("race of nothing: it needs at least one future");
  }
  protected fulfilled(_index: number, value: unknown): Poll<R> {
    return value as R;
  }
  protected failed(_index: number, error: unknown): Poll<R> {
    throw error;
  }
  protected finish(): R {
    throw this.#ofNothing!;
  }
}

class Any<R> extends Gather<R> {
  readonly #errors: unknown[];
  readonly #ofNothing: Error | undefined;
  constructor(futures: readonly Future<unknown>[]) {
    super(futures);
    this.#errors = Array.from({ length: futures.length });
    if (futures.length === 0) this.#ofNothing = allFailed([]);
  }
  protected fulfilled(_index: number, value: unknown): Poll<R> {
    return value as R;
  }
  protected failed(index: number, error: unknown): Poll<R> {
    this.#errors[index] = error;
    return PENDING;
  }
  protected finish(): R {
    throw this.#ofNothing ?? allFailed(this.#errors);
  }
}

function allFailed(errors: unknown[]): AggregateError {
  return new AggregateError(errors, `all ${errors.length} futures failed`);
}

/**
 * First to settle wins, also with a failure; the rest are abandoned. With no future at all it rejects
 * with `RangeError`.
 *
 * **Cancel safety.** Abandoning it abandons them all.
 *
 * @example
 * ```ts
 * import { asyncFn, race, sleep } from "millrace";
 *
 * const after = asyncFn(async (ms: number) => { await sleep(ms); return ms; });
 * console.log(await race(after(20), after(10))); // 10
 * ```
 */
export function race<T extends readonly unknown[]>(...futures: T): Future<Awaited<T[number]>> {
  return new Race<Awaited<T[number]>>(all("race", futures));
}

/** First to succeed wins; if all fail, an `AggregateError` in argument order. Cancel safety as `race`. */
export function any<T extends readonly unknown[]>(...futures: T): Future<Awaited<T[number]>> {
  return new Any<Awaited<T[number]>>(all("any", futures));
}
