/**
 * Which calls may look at the clock. That costs a tenth of a call (the row of 64 in flight), so of many that
 * are made in one go only some do.
 */
import { host } from "../runtime/host.ts";

/** One in so many. */
const STRIDE = 8;

let left = 0;
let isWatched = false;
const end = (): void => {
  isWatched = false;
  left = 0;
};

/** Of one call; the next may not, if it is made before the host's next microtask. */
export function mayLookAtClock(): boolean {
  if (left-- > 0) return false;
  left = STRIDE - 1;
  if (isWatched) return true;
  isWatched = true;
  host.microtask(end);
  return true;
}
