/** What can be run: the types of polling, of generator bodies and of anything that can be awaited. */

/** Returned by `Future.poll` when the result is not there yet. */
export const PENDING: unique symbol = Symbol("millrace.pending");
/** What a poll gives: the result, or `PENDING`. */
export type Poll<T> = T | typeof PENDING;

/** Wakes whoever polled. Calling it more than once, late, or after the task ended is harmless. */
export interface Waker {
  /** Has the task polled again, soon. */
  wake(): void;
}

declare const suspended: unique symbol;
/** What a suspended routine yields to its driver. Opaque: user code never makes or reads one. */
export interface Suspend {
  /**
   * Never there: it sets the type apart.
   *
   * @ignore
   */
  readonly [suspended]: true;
}

/** The one result by which a routine tells its driver that it is suspended. */
export const SUSPENDED: IteratorYieldResult<Suspend> = Object.freeze({
  done: false,
  value: Object.freeze({}) as Suspend,
});

/** A generator that runs as an asynchronous computation: `yield*` is its `.await`. */
export type Routine<T> = Generator<Suspend, T, void>;
/** The part of a generator that `yield*` uses: what the library's own iterators have. */
export interface Suspending<T> {
  next(): IteratorResult<Suspend, T>;
  throw(error: unknown): IteratorResult<Suspend, T>;
  return(value: T): IteratorResult<Suspend, T>;
}
/** As the type that `yield*` of a future is given: nobody else calls the rest of a generator's methods. */
export function asRoutine<T>(iterator: Suspending<T>): Routine<T> {
  return iterator as unknown as Routine<T>;
}
/** A value, or a promise or future of one. */
export type Awaitable<T> = T | PromiseLike<T>;
/** What can run as a task: an async function, a generator function or a plain function. */
export type Body<T, A extends unknown[] = []> = (...args: A) => Routine<T> | Awaitable<T>;

/** How a future, a task or a branch ended. `reason` of a cancelled one is what was given to `abort` or `cancel`. */
export type Outcome<T> =
  | { readonly status: "fulfilled"; readonly value: T }
  | { readonly status: "rejected"; readonly reason: unknown }
  | { readonly status: "cancelled"; readonly reason: unknown };

const generatorFunction: { readonly prototype: object; readonly constructor: new () => object } =
  Object.getPrototypeOf(function* () {});
const GeneratorFunction = generatorFunction.constructor;

/**
 * `next` of native generators, called directly: each generator function gives its objects a hidden
 * class of their own, so that looking the method up would miss every inline cache (the "inline
 * function*" row of the bench).
 */
export const resume: (this: Routine<unknown>) => IteratorResult<Suspend, unknown> = Reflect.get(
  generatorFunction.prototype,
  "next",
);

/** True for a function written `function*`: its call runs no user code, so it needs no async context. */
export function isGeneratorFunction(body: unknown): boolean {
  return body instanceof GeneratorFunction;
}

const AsyncGeneratorFunction: new () => object = Object.getPrototypeOf(async function* () {}).constructor;

/** True for a function written `async function*`: its call makes something to iterate, and runs nothing. */
export function isAsyncGeneratorFunction(body: unknown): boolean {
  return body instanceof AsyncGeneratorFunction;
}

/** True for the object that a generator function returns, compiled down or not. */
export function isRoutine(value: unknown): value is Routine<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === "Generator" &&
    typeof (value as { throw?: unknown }).throw === "function"
  );
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
