/**
 * What becomes of anything that a routine yields and that does not mean "suspended".
 *
 * `yield future` in place of `yield* future` would wait for ever for nothing. It is told where it stands, as an
 * error that the `yield` throws. No stack leads to where a generator stands, so the error has it in its words:
 * while somebody records the line, and else how to get it.
 */
import { kindOf } from "./argument.ts";
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
    const { value } = step;
    step = routine.throw(
      new TypeError(
        `${who.describe()} expects yield* (with the star), got ${yielded(value)}${where(routine, value)}`,
      ),
    );
  }
  return step;
}

function where(routine: Routine<unknown>, value: unknown): string {
  if (hooks.current === null) return "; with diagnostics on, this names the line";
  const site = hooks.current.siteOf?.(routine);
  if (site !== undefined) return ` at ${site}`;
  const made = value instanceof Future ? hooks.current.siteOf?.(value) : undefined;
  return made === undefined ? "" : ` made at ${made}`;
}

function yielded(value: unknown): string {
  if (value instanceof Future) {
    // It is told of here, and not as one that was never awaited.
    abandon(value);
    return `yield of a future (${value.describeWait()})`;
  }
  if (isThenable(value)) return "yield of a promise: it is yield* fromPromise(promise)";
  return `yield of ${kindOf(value)}`;
}
