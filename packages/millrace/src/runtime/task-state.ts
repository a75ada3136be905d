/** The bits of `flags` that are a task's own. */
export const SETTLED: number = 1 << 16;
/** Nobody will join: a failure is reported at once. */
export const UNOWNED: number = 1 << 17;
/** Somebody has taken the outcome, or answers for it. */
export const OBSERVED: number = 1 << 18;
/** Counted by its group as running. */
export const COUNTED: number = 1 << 19;
/** It was told to end, has nothing left to do but that, and has not had its turn since: no leak. */
export const LEAVING: number = 1 << 20;
/** In the runtime's list of live tasks. */
export const LISTED: number = 1 << 21;
