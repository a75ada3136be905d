/** Promises as futures. */
import { isRoutine, isThenable, PENDING, type Awaitable, type Poll, type Waker } from "../runtime/body.ts";
import { abandon, claim, Future } from "../runtime/future.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { ambientBranch, ambientKernel, runInTrail } from "../runtime/trail.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import { ready } from "./ready.ts";

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
class Watch {
  isSettled: boolean = false;
  isFailed: boolean = false;
  result: unknown = undefined;
  readonly waiters: WaitQueue = new WaitQueue(0);
  readonly promise: PromiseLike<unknown>;

  constructor(promise: PromiseLike<unknown>) {
    this.promise = promise;
    promise.then(
      (value) => this.#settle(false, value),
      (error: unknown) => this.#settle(true, error),
    );
  }
  #settle(isFailed: boolean, result: unknown): void {
    this.isSettled = true;
    this.isFailed = isFailed;
    this.result = result;
    this.waiters.grantAll();
  }
}

const watches = new WeakMap<object, Watch>();

function watch(promise: PromiseLike<unknown>): Watch {
  // Other people's thenables may throw, call back twice, or give a thenable: a promise of ours tames them.
  if (!(promise instanceof Promise)) return new Watch(Promise.resolve(promise));
  return watches.get(promise) ?? new Watch(promise);
}

/** Somebody stops waiting for a promise that has not settled. */
function keep(watched: Watch): void {
  const { promise } = watched;
  if (!watches.has(promise)) watches.set(promise, watched);
}

class FromPromise<T> extends Future<T> {
  readonly #source: Source<T>;
  /** Whether a paused clock waits for it. */
  readonly #holdsClock: boolean;
  /** Set while it holds a clock. */
  #held: Kernel | null = null;
  #watch: Watch | null = null;
  #waiter: Waiter | null = null;
  #controller: AbortController | null = null;
  /** The function gave a future: it is polled, and dropped, as one. */
  #inner: Future<T> | null = null;

  constructor(source: Source<T>, holdsClock: boolean) {
    super();
    this.#source = source;
    this.#holdsClock = holdsClock;
  }

  poll(waker: Waker): Poll<T> {
    if (this.#inner === null && this.#watch === null) this.#start();
    if (this.#inner !== null) return this.#inner.poll(waker);
    const { isSettled, isFailed, result, waiters } = this.#watch!;
    if (!isSettled) {
      if (this.#waiter === null) this.#waiter = waiters.enter(1, waker);
      else this.#waiter.waker = waker;
      return PENDING;
    }
    this.#leave();
    if (isFailed) throw result;
    return result as T;
  }

  override drop(): void {
    if (this.#inner !== null) abandon(this.#inner);
    else if (this.#watch !== null) this.#leave();
    // Its rejection is ignored like that of one abandoned later. Any other thenable may begin with `then`.
    else if (this.#source instanceof Promise) this.#source.catch(ignore);
    if (this.#watch?.isSettled === false) keep(this.#watch);
    if (this.#watch?.isSettled !== true)
      this.#controller?.abort(new DOMException("the future was abandoned", "AbortError"));
  }

  override describeWait(): string {
    return "a promise";
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return this.#inner === null ? super.innerWaits() : [this.#inner];
  }
  override get isExternalWait(): boolean {
    return true;
  }

  #start(): void {
    const source = this.#source;
    const promise = typeof source === "function" ? this.#call(source) : source;
    if (promise instanceof Future) {
      this.#inner = claim(promise as Future<T>);
      return;
    }
    this.#watch = watch(promise);
    if (!this.#holdsClock) return;
    this.#held = ambientKernel();
    this.#held.foreign++;
  }

  #call(source: (signal: AbortSignal) => PromiseLike<T>): PromiseLike<T> {
    const { signal } = (this.#controller = new AbortController());
    // An async function finds its task through the host's context, also when a generator body calls it.
    return runInTrail(ambientBranch(), () => source(signal));
  }

  #leave(): void {
    if (this.#waiter !== null) this.#watch!.waiters.abandon(this.#waiter);
    this.#waiter = null;
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
    const got = source === null ? "null" : typeof source;
    throw new TypeError(`fromPromise expects a promise, or a function that returns one, got ${got}`);
  }
  return source instanceof Future ? source : new FromPromise(source, true);
}

function ignore(): void {}

/** A promise that a combinator was given: awaited, but it does not hold a paused clock. */
export function watchPromise<T>(promise: PromiseLike<T>): Future<T> {
  return new FromPromise(promise, false);
}

/** Any awaitable as a future that the caller owns. */
export function toFuture<T>(caller: string, value: Awaitable<T>): Future<T> {
  if (value instanceof Future) return claim(value as Future<T>);
  if (isThenable(value)) return watchPromise(value as PromiseLike<T>);
  if (isRoutine(value)) {
    throw new TypeError(
      `${caller} was given a running routine, which nothing would drive; wrap the generator function with asyncFn and pass its call`,
    );
  }
  return ready(value as T);
}
