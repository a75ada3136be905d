/**
 * Which calls may look at the clock. That costs a tenth of a call (the row of 64 in flight), so of many that
 * are made in one turn only some do.
 */

/** One in so many, unless a turn has ended. */
const STRIDE = 8;

let left = 0;

/** Of one call; the next of the same turn may not. */
export function mayLookAtClock(): boolean {
  if (left-- > 0) return false;
  left = STRIDE - 1;
  return true;
}
/** The turn in which calls were made ends. */
export function turnEnds(): void {
  left = 0;
}
