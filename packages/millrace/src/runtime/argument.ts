/** Arguments that are wrong: what was expected, and what was given instead. */

import { isAsyncGeneratorFunction, isRoutine, isThenable } from "./body.ts";
import { Future } from "./future.ts";

/** A value as it is named in "expects a function, got …". */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : shownObject(value);
  }
  return String(value);
}

function shownObject(value: object): string {
  if (value instanceof Future) return "a future";
  if (isThenable(value)) return "a promise";
  const parts = Object.entries(value).map(([key, part]) => `${key}: ${shownPart(part)}`);
  if (parts.length > 0) return `{ ${parts.join(", ")} }`;
  // A `Temporal.Duration` has no properties of its own, but a `toJSON`.
  return JSON.stringify(value) ?? "an object";
}

function shownPart(part: unknown): string {
  return typeof part === "object" && part !== null ? "an object" : shown(part);
}

/** A count of things: a non-negative (or positive) integer. */
export function checkCount(caller: string, what: string, count: number, least: number): number {
  if (Number.isSafeInteger(count) && count >= least) return count;
  throw new RangeError(
    `${caller} expects ${what} to be an integer of at least ${least}, got ${shown(count)}`,
  );
}

/** A name for reports, if there is one. */
export function checkName(caller: string, name: unknown): void {
  if (name !== undefined && typeof name !== "string")
    throw new TypeError(`${caller} expects name to be a string, got ${shown(name)}`);
}

/** Of random choices, if there is one. */
export function checkSeed(caller: string, seed: unknown): void {
  if (seed !== undefined && !Number.isFinite(seed))
    throw new RangeError(`${caller} expects seed to be a finite number, got ${shown(seed)}`);
}

/** What it is, where the value itself would say no more. */
export function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/** A function that is called as it is. */
export function requireFunction<F>(caller: string, f: F): F {
  if (typeof f === "function") return f;
  throw new TypeError(`${caller} expects a function, got ${kindOf(f)}`);
}

/** What a task may be besides. */
export const OR_FUTURE: string = " or a future";

/** What runs as a task or a call; `or` is what else may be given. */
export function requireBody(caller: string, body: unknown, or: string = ""): void {
  if (typeof body === "function" && !isAsyncGeneratorFunction(body)) return;
  throw new TypeError(
    `${caller} expects a function (plain, async or generator)${or}, got ${shownBody(body)}`,
  );
}

function shownBody(body: unknown): string {
  if (typeof body === "function")
    return "an async generator function, which nothing would drive; leave out async or the star, or read it: Stream.from(items())";
  if (isRoutine(body))
    return "a running routine; pass the generator function itself, or wrap it: () => routine()";
  return kindOf(body);
}

/** A future, which is then claimed. */
export function requireFuture<F>(caller: string, future: F): F {
  if (future instanceof Future) return future;
  const hint = isThenable(future) ? "a promise; fromPromise makes it a future" : shown(future);
  throw new TypeError(`${caller} expects a future, got ${hint}`);
}

/** What is no future and no promise is a value, there at once: refused is what was meant to be waited for. */
export function requireValue(caller: string, value: unknown): void {
  const hint = typeof value === "function" ? CALL_IT : stopHint(value);
  if (hint === undefined) return;
  throw new TypeError(`${caller} expects what can be awaited, got ${hint}`);
}

const CALL_IT = "a function; call it, or wrap it with asyncFn and pass its call";

export function stopHint(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof AbortController) return "an AbortController; what fires is its signal";
  if (value instanceof AbortSignal)
    return "an AbortSignal; a future of it is CancellationToken.from(signal).cancelled()";
  return typeof (value as { cancelled?: unknown }).cancelled === "function"
    ? "a cancellation token; a future of it is token.cancelled()"
    : undefined;
}

/** Options that may be left out, and then are the empty ones: `null` is no object. */
export function optionsOf<O>(caller: string, options: O): O {
  if (typeof options === "object" && options !== null) return options;
  throw new TypeError(`${caller} expects options to be an object, got ${shown(options)}`);
}

/** Options that cannot be left out. */
export function requireOptions<O>(caller: string, options: O, such: string): O {
  if (typeof options === "object" && options !== null) return options;
  throw new TypeError(`${caller} expects options such as ${such}, got ${shown(options)}`);
}
