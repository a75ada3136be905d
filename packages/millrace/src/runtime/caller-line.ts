/**
 * The caller's line in the stack of an error that says what the caller did wrong, but is found out only when the
 * operation is polled.
 *
 * In a routine the caller is on the stack then, behind `next`. An `await` has ended by then; but the engine tells
 * who awaits a promise to what runs as a reaction to it, if it is the only one. So there the error gets its
 * stack in such a reaction, some microtasks later. Nothing of it costs anything as long as nothing fails.
 */
import type { Waker } from "./body.ts";
import { cx } from "./kernel.ts";

/** Whose await is to be found. */
interface Late {
  readonly waker: Waker | null;
  readonly isAdded: boolean;
}
const late: WeakMap<object, Late> = new WeakMap();

/**
 * The error, to be thrown by a poll, with the stack of whoever called that method of the operation; or else of
 * whoever awaits it. `isAdded`: to the stack that it has, which is another thread's.
 */
export function atCaller(
  error: unknown,
  operation: object,
  method: string,
  isAdded: boolean = false,
): unknown {
  const called = (operation as Readonly<Record<string, object>>)[method]!;
  if (error instanceof Error && !trace(error, called, isAdded)) late.set(error, { waker: cx.waker, isAdded });
  return error;
}

/** Who awaits by this waker is the caller. */
export function isOfAwait(error: unknown, waker: Waker): boolean {
  return typeof error === "object" && error !== null && late.get(error)?.waker === waker;
}

/** Rejects with such an error when the promise that follows this one has been tied to it. */
export function rejectedAtAwait(error: unknown): Promise<never> {
  return Promise.resolve()
    .then(() => {})
    .then(function found(): never {
      trace(error as Error, found, late.get(error as Error)!.isAdded);
      throw error;
    });
}

/** False when `below` is not on the stack. */
function trace(error: Error, below: object, isAdded: boolean): boolean {
  const now: { stack?: unknown } = {};
  (Error as { captureStackTrace?(target: object, below: unknown): void }).captureStackTrace?.(now, below);
  const [frames] = /\n\s+at .*$/s.exec(String(now.stack)) ?? [];
  if (frames === undefined) return false;
  const above = isAdded ? `${error.stack}\n    at <called from>` : String(error);
  Object.defineProperty(error, "stack", { value: above + frames, configurable: true, writable: true });
  return true;
}
