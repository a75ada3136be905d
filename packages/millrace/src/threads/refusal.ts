/** Refuses what would be cloned into something dead. */
import { THREAD_BOUND } from "../internal/thread-bound.ts";

/** What to do instead, by what it is called. */
const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [/Future|Promise/, "await it first"],
  [/Abort|Cancellation/, "abort the call instead, which its cx().signal tells the thread"],
  [/channel/, "use sharedChannel"],
  [/semaphore/i, "use a SharedSemaphore"],
  [/mutex|RwLock/i, "use a SharedMutex"],
  [/Stream/, "send its items through a sharedChannel"],
];

/**
 * Of what is cloned as a whole (a map, a set, an instance of a class) the parts are looked at before: they are
 * not seen on their way. A handle is one of what would be taken apart elsewhere.
 *
 * @throws DataCloneError for a part that would arrive dead.
 */
export function refuseWithin(whole: object, isHandle: (part: object) => boolean): void {
  const seen: Set<object> = new Set([whole]);
  for (const each of seen) {
    for (const part of partsOf(each)) {
      if (typeof part !== "object") refuseCode(part);
      if (typeof part !== "object" || part === null || seen.has(part)) continue;
      if (isHandle(part)) {
        const advice = "pass it by itself, or in an array or a plain object";
        throw new DOMException(
          `a handle of shared memory within ${kindOf(each)} cannot be passed to a thread: ${advice}`,
          "DataCloneError",
        );
      }
      refuseThreadBound(part);
      seen.add(part);
    }
  }
}

function partsOf(whole: object): Iterable<unknown> {
  if (whole instanceof Map) return [...whole.keys(), ...whole.values()];
  if (whole instanceof Set) return whole;
  if (ArrayBuffer.isView(whole)) return [];
  return Array.isArray(whole) ? whole : Object.values(whole);
}
function kindOf(whole: object): string {
  if (whole instanceof Map) return "a Map";
  if (whole instanceof Set) return "a Set";
  return `an instance of ${whole.constructor?.name ?? "a class"}`;
}

/** @throws DataCloneError for a function and a symbol. */
export function refuseCode(value: unknown): void {
  let what: string;
  if (typeof value === "symbol")
    what = `${String(value).slice(0, 80)} could not be cloned for a thread: use a string`;
  else if (typeof value === "function") {
    const name = value.name === "" ? "a function" : `the function ${value.name}`;
    what = `${name} could not be cloned for a thread, which only values can be: import it there, or pass what it needs`;
  } else return;
  throw new DOMException(what, "DataCloneError");
}

/** @throws DataCloneError if nothing but this thread can do anything with it. */
export function refuseThreadBound(value: object): void {
  const what = nameOf(value);
  if (what === undefined) return;
  const instead = INSTEAD.find(([kind]) => kind.test(what))?.[1] ?? "it belongs to the thread that made it";
  throw new DOMException(`${what} cannot be passed to a thread: ${instead}`, "DataCloneError");
}

function nameOf(value: object): string | undefined {
  if (value instanceof Promise) return "a Promise";
  if (value instanceof AbortSignal) return "an AbortSignal";
  if (value instanceof AbortController) return "an AbortController";
  return (value as { [THREAD_BOUND]?: string })[THREAD_BOUND];
}

/** Of the language, and cloned into bytes as what they are. */
const LANGUAGE: ReadonlySet<string> = new Set([
  "Object",
  "Map",
  "Set",
  "Date",
  "RegExp",
  "Boolean",
  "Number",
  "String",
]);

/**
 * A `Blob`, a web stream, a `Headers`: they look like plain objects where values are cloned into bytes.
 *
 * @throws DataCloneError for what a message port has to carry, or to refuse.
 */
export function refuseOfPlatform(value: object): void {
  if (ArrayBuffer.isView(value)) return;
  const name = Object.prototype.toString.call(value).slice(8, -1);
  if (LANGUAGE.has(name)) return;
  const type: unknown = (globalThis as Record<string, unknown>)[name];
  if (typeof type === "function" && value instanceof type)
    throw new DOMException(`a ${name} cannot be cloned into bytes`, "DataCloneError");
}
