/**
 * `Future`: a lazy computation that is polled. `await` and `yield*` are two ways to poll it to its end.
 *
 *   FRESH ──claim (yield*, combinator)──► CLAIMED     the claimer polls it and abandons it
 *     │ └───then (await)───────────────► MEMOISED    one native promise, used again by every later use
 *     └─────dispose─────────────────────► SPENT
 *   REUSABLE   every use is a fresh view (`JoinHandle`, `SharedFuture`, `ready`)
 *
 * Whoever claims a future owns it: it polls until the value is there, or abandons it, once.
 */
import { CancelledError, FutureConsumedError } from "../errors.ts";
import { threadBound } from "../internal/thread-bound.ts";
import type { AbortSignal } from "../internal/platform.ts";
import { Await, takeAwaited } from "./await.ts";
import {
  asRoutine,
  type Awaitable,
  type Outcome,
  PENDING,
  type Poll,
  type Suspend,
  type Waker,
} from "./body.ts";
import type { Duration } from "./duration.ts";
import { hooks } from "./hooks.ts";
import { host } from "./host.ts";
import { cx } from "./kernel.ts";
import type { Resource } from "./resource.ts";
import { ambientBranch } from "./trail.ts";
import { hostFollowsPromises, markTrail, type Then, thenFor } from "./trail.ts";
import { resumeWith, Suspension, unwind } from "./suspension.ts";

const NONE: readonly never[] = [];
// One field says which: most futures are made, polled once and forgotten, so each field of theirs counts.
const FRESH = 0;
const CLAIMED = 1;
const SPENT = 2;
const REUSABLE = 3;
/** Abandoned by a `throw` that goes on with this error. */
class Thrown {
  declare readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}
/** A memoised one has its `Await`, or a promise if it never had to wait. */
type State = number | Await<unknown> | Promise<unknown> | Thrown;

/** The methods that upper layers provide; bound in `future-methods.ts`, which every entry point loads. */
export interface FutureMethods {
  map<T, U>(future: Future<T>, f: (value: T) => U): Future<U>;
  settled<T>(future: Future<T>): Future<Outcome<T>>;
  shared<T>(future: Future<T>): SharedLike<T>;
  ref<T>(future: Future<T>): Future<T>;
  timeout<T>(future: Future<T>, limit: Duration): Future<T>;
  until<T>(future: Future<T>, stop: StopLike): Future<T>;
  fromPromise<T>(promise: PromiseLike<T>): Future<T>;
  split<T>(future: Future<T>): Future<T>;
}
export const futureMethods: FutureMethods = {} as FutureMethods;

/**
 * A lazy computation of a `T`: nothing happens until it is awaited, yielded or spawned.
 *
 * Write your own by extending it: `poll` either gives the value or arranges for `waker.wake()` and
 * returns `PENDING`; `drop` undoes what `poll` arranged.
 *
 * **Cancel safety.** Abandoning a future calls `drop()` once. Every future of this library then leaves
 * no waiter, timer, message or permit behind.
 *
 * @example
 * ```ts
 * import { Future, PENDING, type Poll, type Waker } from "millrace";
 *
 * class Delay extends Future<string> {
 *   #timer: ReturnType<typeof setTimeout> | undefined;
 *   #done = false;
 *   poll(waker: Waker): Poll<string> {
 *     if (this.#done) return "done";
 *     this.#timer ??= setTimeout(() => { this.#done = true; waker.wake(); }, 10);
 *     return PENDING;
 *   }
 *   override drop(): void { clearTimeout(this.#timer); }
 * }
 * console.log(await new Delay());
 * ```
 */
export abstract class Future<T> implements Promise<T>, Disposable {
  /** @internal */
  declare futureState: State;

  constructor() {
    this.futureState = FRESH;
    hooks.current?.futureCreated?.(this);
  }

  /** Try to finish. Either return the value or arrange for `waker.wake()` and return `PENDING`. May throw. */
  abstract poll(waker: Waker): Poll<T>;

  /** Called at most once, and only if the future is abandoned. Default: nothing. */
  drop(): void {}

  /** Starts the future, as `await` does. */
  declare then: Promise<T>["then"];
  /** As a promise's `catch`; starts the future. */
  catch<B = never>(err?: ((reason: unknown) => Awaitable<B>) | null): Promise<T | B> {
    return promiseOf<T>(this).catch(err);
  }
  /** As a promise's `finally`; starts the future. */
  finally(done?: (() => void) | null): Promise<T> {
    return promiseOf<T>(this).finally(done);
  }

  /** For `yield*`, which gives the result. */
  [Symbol.iterator](): Generator<Suspend, T, void> {
    return suspendOn(claim(this));
  }

  /** Abandons the future unless somebody owns or finished it. */
  [Symbol.dispose](): void {
    const state = this.futureState;
    if (state === FRESH) abandon(this);
    else if (state instanceof Await) state.cancel(new CancelledError("the awaited future was disposed"));
  }

  /** What `Object.prototype.toString` calls it. */
  get [Symbol.toStringTag](): string {
    return "Future";
  }

  /** `f` of the value. A failure of either is thrown. */
  map<U>(f: (value: T) => U): Future<U> {
    return futureMethods.map(this, f);
  }
  /** Never rejects for the future's own failure. */
  settled(): Future<Outcome<T>> {
    return futureMethods.settled(this);
  }
  /** One result, or one and the same error, for many consumers; abandoning one of them disturbs no other. */
  shared(): SharedLike<T> {
    return futureMethods.shared(this);
  }
  /** A view that can lose a `select` without the underlying future being dropped. */
  ref(): Future<T> {
    return futureMethods.ref(this);
  }
  /** Throws `TimeoutError` and abandons the future when it takes longer than `limit` (ms), counted from the first poll. */
  timeout(limit: Duration): Future<T> {
    return futureMethods.timeout(this, limit);
  }
  /** Rejects with `CancelledError` when the token or signal fires first. Already fired: never polled. */
  until(stop: StopLike): Future<T> {
    return futureMethods.until(this, stop);
  }

  /** The value, if it need not wait and there is budget; `PENDING` if it must be polled. @internal */
  futureNow(): Poll<T> {
    return PENDING;
  }
  /** Polling it now for the first time would do no more than make it wait. @internal */
  get wouldWait(): boolean {
    return false;
  }
  /** Nobody will see the value that it gave: a guard or a permit is given back. @internal */
  giveBack(_value: T): void {}
  /** Whether there may be something to give back. @internal */
  get givesBack(): boolean {
    return this.giveBack !== Future.prototype.giveBack;
  }
  /** One use of a reusable future. @internal */
  useAgain(): Future<T> {
    return this;
  }
  /** What it waits for, in words, for deadlock reports and the console. @internal */
  describeWait(): string {
    return describeClass(this);
  }
  /** The function that this is a plain, unstarted call of: a task runs it as its own body. @internal */
  get callOf(): ((...args: never[]) => unknown) | undefined {
    return undefined;
  }
  /** The futures that it waits for. @internal */
  innerWaits(): Iterable<Future<unknown>> {
    return NONE;
  }
  /**
   * The channel, lock or timer that it waits for.
   *
   * @internal
   */
  get waitedResource(): Resource | undefined {
    return undefined;
  }
  /** Whose time it waits for. @internal */
  get waitedClock(): object | undefined {
    return undefined;
  }
  /** To make one and not use it is no mistake. @internal */
  get mayGoUnused(): boolean {
    return false;
  }
  /** It stops waiting by itself, after some time. @internal */
  get givesUp(): boolean {
    return false;
  }
  /** Only the world outside the runtime can finish it: no deadlock while one is pending. @internal */
  get isExternalWait(): boolean {
    return this.describeWait === Future.prototype.describeWait;
  }
}

threadBound(Future, "a Future");

/**
 * The structural types of what upper layers add; their classes satisfy them.
 *
 * @ignore
 */
export type SharedLike<T> = Future<T> & { clone(): SharedLike<T> };
/**
 * A token or a signal.
 *
 * @ignore
 */
export type StopLike =
  | AbortSignal
  | { readonly isCancelled: boolean; readonly reason: unknown; cancelled(): Future<void> };

function then<A, B>(
  this: Future<unknown>,
  ok?: ((value: unknown) => Awaitable<A>) | null,
  err?: ((reason: unknown) => Awaitable<B>) | null,
): Promise<A | B> {
  return promiseOf(this).then(ok, err);
}

// The engine reads `then` at the `await` and calls it in a later microtask: only the getter runs while
// the task whose code awaits is known.
Object.defineProperty(Future.prototype, "then", {
  configurable: true,
  get() {
    if (cx.branch !== null) markTrail(cx.branch);
    hooks.current?.futureAwaited?.(this as Future<unknown>);
    return thenFor(then as Then);
  },
});

/** The promise of this use of the future, which starts it. */
function promiseOf<T>(self: Future<T>): Promise<T> {
  const state = self.futureState;
  if (state === FRESH) {
    used(self);
    const branch = ambientBranch();
    const taken = takeAwaited(self, branch);
    if (taken !== PENDING) return (self.futureState = Promise.resolve(taken));
    const first = new Await<T>(self, branch);
    self.futureState = first as Await<unknown>;
    return first.start();
  }
  if (state === REUSABLE) return new Await<T>(self.useAgain()).start();
  if (state instanceof Promise) return state as Promise<T>;
  if (!(state instanceof Await)) return Promise.reject(consumed(self));
  const { promise, future, branch, isPending } = state as Await<T>;
  return future === self && (!isPending || branch === ambientBranch())
    ? promise
    : new Await(viewOf(self, state)).start();
}

/**
 * For others, while or after it is awaited. Each ends its own wait when it is cancelled, and leaves
 * the rest alone, so the first one's await gives up the future for a view of it.
 */
function viewOf<T>(self: Future<T>, memo: Await<unknown>): Future<T> {
  const first = memo as Await<T>;
  if (first.future === self) {
    if (!first.isPending) return futureMethods.fromPromise(first.promise);
    first.follow(futureMethods.split<T>(self));
  }
  return first.future.useAgain();
}

/** Takes ownership of a future. A consumed one becomes a future that rejects with `FutureConsumedError`. */
export function claim<T>(future: Future<T>): Future<T> {
  const state = future.futureState;
  if (state === FRESH) {
    used(future);
    future.futureState = CLAIMED;
    return future;
  }
  if (state === REUSABLE) return future.useAgain();
  if (state instanceof Promise) return futureMethods.fromPromise(state as Promise<T>);
  return state instanceof Await ? viewOf(future, state) : (new Rejected(consumed(future)) as Future<never>);
}
/** Drops a future that its owner has not seen finish; a second call does nothing. */
export function abandon(future: Future<unknown>): void {
  const state = future.futureState;
  if (state === SPENT || state instanceof Thrown) return;
  if (state === FRESH) used(future);
  if (state === FRESH || state === CLAIMED) future.futureState = SPENT;
  try {
    future.drop();
  } catch (error) {
    // Nobody could catch it, and the others that are dropped with it must be dropped, too.
    host.report(`millrace: drop() of ${describeClass(future)} threw:`, error);
  }
}
/** Goes on with a future that is its own iterator. */
export function nextOf<T>(future: Future<T>): IteratorResult<Suspend, T> {
  const state = future.futureState;
  return typeof state === "number" ? resumeWith(future) : unwind((state as Thrown).error);
}
/** Abandons it because of an error that it is to throw again. */
export function throwInto(future: Future<unknown>, error: unknown): void {
  abandon(future);
  future.futureState = new Thrown(error);
}
/** Polled at once, as a promise goes on by itself. A native promise is one hop less than awaiting the future. */
export function promised<T>(future: Future<T>): Promise<T> {
  if (hostFollowsPromises) return new Await(claim(future)).start();
  void promiseOf(future);
  return future;
}
/** Every use of `future` becomes a view of its own (`useAgain`). */
export function markReusable(future: Future<unknown>): void {
  used(future);
  future.futureState = REUSABLE;
}
/** For polling a future without owning it: the future itself while nobody owns it. */
export function lend<T>(future: Future<T>): Future<T> {
  if (future.futureState !== FRESH) return claim(future);
  used(future);
  return future;
}
/** A finished future may be used once more (`Sleep.reset`). */
export function renew(future: Future<unknown>): void {
  const state = future.futureState;
  if (!(state instanceof Await && state.isPending)) future.futureState = FRESH;
}
/** A lent future has given its result. */
export function spend(future: Future<unknown>): void {
  if (future.futureState === FRESH) future.futureState = SPENT;
}

/** The iterator of a claimed future. */
export function suspendOn<T>(future: Future<T>): Generator<Suspend, T, void> {
  return asRoutine(new Suspension(future, abandon));
}

/** A future that failed before it began. */
class Rejected extends Future<never> {
  declare private readonly error: unknown;
  constructor(error: unknown) {
    super();
    this.error = error;
  }
  poll(): never {
    throw this.error;
  }
}

function consumed(future: Future<unknown>): FutureConsumedError {
  return new FutureConsumedError(
    `this ${describeClass(future)} was already used: a future can be used once; call .shared() on it for many consumers, or .ref() to poll it in a select without giving it away`,
  );
}

function used(future: Future<unknown>): void {
  hooks.current?.futureUsed?.(future);
}

/** The name of its class, unless it says what it is by a `Symbol.toStringTag` of its own. */
function describeClass(future: Future<unknown>): string {
  const tag = future[Symbol.toStringTag];
  return tag === "Future" ? future.constructor.name || tag : tag;
}
