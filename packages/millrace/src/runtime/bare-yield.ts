/**
 * What becomes of anything that a routine yields and that does not mean "suspended".
 *
 * `yield future` in place of `yield* future` would wait for ever for nothing. It is told where it stands, as an
 * error that the `yield` throws. An engine does not say at which line a generator stands; while somebody records,
 * the error names the line at which the future was made.
 */
import { isThenable, SUSPENDED, type Routine, type Suspend } from "./body.ts";
import { abandon, Future } from "./future.ts";
import { hooks } from "./hooks.ts";

/** Goes on with a routine that is not suspended until it is, or has ended. */
export function refuseYields<T>(
  who: { describe(): string },
  routine: Routine<T>,
  from: IteratorResult<Suspend, T>,
): IteratorResult<Suspend, T> {
  let step = from;
  // What a compiler makes of a generator hands on the value, and not the object.
  while (!step.done && step.value !== SUSPENDED.value) {
    step = routine.throw(
      new TypeError(`${who.describe()} expects yield* (with the star), got ${yielded(step.value)}`),
    );
  }
  return step;
}

function yielded(value: unknown): string {
  if (value instanceof Future) {
    const site = hooks.current?.siteOf?.(value);
    // It is told of here, and not as one that was never awaited.
    abandon(value);
    return `yield of a future (${value.describeWait()})${site === undefined ? "" : ` made at ${site}`}`;
  }
  if (isThenable(value)) return "yield of a promise: it is yield* fromPromise(promise)";
  return `yield of ${value === null ? "null" : typeof value}`;
}
