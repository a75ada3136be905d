/**
 * What means nothing on another thread than its own: locks, channels, sets of tasks. Cloned, it would be dead
 * there and look alive; so it says what it is, and what clones for a thread refuses it by that name.
 */

/** Registered: what another copy of the library made is refused as well. */
export const THREAD_BOUND: unique symbol = Symbol.for("millrace.threadBound");

/** Whoever refuses an instance calls it `what`. */
export function threadBound(type: { readonly prototype: object }, what: string): void {
  Object.defineProperty(type.prototype, THREAD_BOUND, { value: what });
}
