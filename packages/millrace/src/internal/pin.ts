/**
 * Keeps the hidden classes of short-lived objects alive.
 *
 * The engine drops the hidden class of objects of which none is alive at a major garbage collection,
 * and with it the compiled code that depends on it: every hot loop would start over in the interpreter.
 * One instance, kept for ever, prevents that (the spawn and channel rows of the bench, 3 to 6 times).
 */
const pinned: object[] = [];

export function pin(...instances: readonly object[]): void {
  pinned.push(...instances);
}
