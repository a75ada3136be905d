/**
 * What is held by whoever has it, and by nobody else: guards and permits. A result that nobody will get gives
 * back those that are in it, be it one itself, an array or a plain object of such. Other disposable values may
 * belong to somebody who only showed them, and are left alone.
 */

/** @ignore */
export interface Held {
  release(): void;
}

/** The prototypes of what is held: a mark on each object would be one more field of a lock's. */
const kinds: Set<unknown> = new Set();

/** Says that whoever has one of these holds it. */
export function marksHeld(kind: { readonly prototype: Held }): void {
  kinds.add(kind.prototype);
}

/** A result may be of many parts, and parts of parts; what is deeper is left to the collector. */
const DEPTH = 4;

/** Nobody will get `result`. Those that are `kept` by others as well stay as they are. */
export function releaseHeld(result: unknown, kept: readonly unknown[] = [], depth: number = DEPTH): void {
  if (typeof result !== "object" || result === null || depth === 0 || kept.includes(result)) return;
  const prototype: unknown = Object.getPrototypeOf(result);
  if (kinds.has(prototype)) return (result as Held).release();
  if (prototype === Object.prototype || Array.isArray(result))
    for (const part of Object.values(result)) releaseHeld(part, kept, depth - 1);
}

/** Whether there may be something in it. */
export function mayHold(result: unknown): boolean {
  return typeof result === "object" && result !== null;
}
