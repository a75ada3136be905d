/** The cooperative budget, as operations see it. */
import type { Waker } from "./body.ts";
import { cx } from "./kernel.ts";
import { ambientKernel } from "./trail.ts";

/**
 * Whether an operation may complete now; one that does takes 1 from `cx.budget`. When the budget is
 * used up, `waker` is woken in a later turn and the operation answers `PENDING`, so that a body whose
 * operations are always ready lets others run.
 */
export function mayProceed(waker: Waker): boolean {
  if (cx.budget > 0) return true;
  const { scheduler } = ambientKernel();
  scheduler.forcedYields++;
  scheduler.defer(waker);
  return false;
}
