/** Promises as futures. */
import { kindOf } from "../runtime/argument.ts";
import { isThenable, type Poll, type Waker } from "../runtime/body.ts";
import { abandon, claim, Future } from "../runtime/future.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { ambientBranch, ambientKernel, runInTrail } from "../runtime/trail.ts";
import { PromiseWait, watch, type Source } from "./to-future.ts";

export type { Source };

class FromPromise<T> extends PromiseWait<T> {
  /** Set while it holds a paused clock back. */
  #held: Kernel | null = null;
  #controller: AbortController | null = null;
  /** The function gave a future: it is polled, and dropped, as one. */
  #inner: Future<T> | null = null;

  override poll(waker: Waker): Poll<T> {
    if (this.#inner === null && this.source === null) this.#start();
    if (this.#inner !== null) return this.#inner.poll(waker);
    if (this.source!.isSettled) this.#release();
    return super.poll(waker);
  }

  override drop(): void {
    if (this.#inner !== null) abandon(this.#inner);
    else super.drop();
    this.#release();
    if (this.source?.isSettled !== true)
      this.#controller?.abort(new DOMException("the future was abandoned", "AbortError"));
  }

  override innerWaits(): Iterable<Future<unknown>> {
    return this.#inner === null ? super.innerWaits() : [this.#inner];
  }

  #start(): void {
    const { given } = this;
    const promise = typeof given === "function" ? this.#call(given) : given;
    if (promise instanceof Future) {
      this.#inner = claim(promise as Future<T>);
      return;
    }
    this.source = watch(promise);
    this.#held = ambientKernel();
    this.#held.foreign++;
  }

  #call(source: (signal: AbortSignal) => PromiseLike<T>): PromiseLike<T> {
    const { signal } = (this.#controller = new AbortController());
    // An async function finds its task through the host's context, also when a generator body calls it.
    return runInTrail(ambientBranch(), () => source(signal));
  }

  #release(): void {
    this.#held?.foreignDone();
    this.#held = null;
  }
}

/**
 * From a promise, or lazily from a function whose `AbortSignal` fires when the future is abandoned. A
 * paused clock stands still while it is pending.
 *
 * **Cancel safety.** A promise cannot be stopped: abandoning the future ignores its result (a
 * rejection then is ignored too). The function form is told through its signal.
 *
 * @throws TypeError for anything else.
 *
 * @example
 * ```ts
 * import { fromPromise } from "millrace";
 *
 * const answer = await fromPromise(async (signal) => {
 *   signal.throwIfAborted(); // hand it to fetch, or to any API that takes a signal
 *   return 42;
 * });
 * ```
 */
export function fromPromise<T>(source: Source<T>): Future<T> {
  if (typeof source !== "function" && !isThenable(source)) {
    throw new TypeError(
      `fromPromise expects a promise, or a function that returns one, got ${kindOf(source)}`,
    );
  }
  return source instanceof Future ? source : new FromPromise(source);
}
