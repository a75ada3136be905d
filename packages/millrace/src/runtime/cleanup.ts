/** Making a branch wait for something that is being cleaned up. */
import type { Branch } from "./branch.ts";

/** Makes `branch` (or its nearest unfinished ancestor) wait for something until the returned function is called. */
export function holdCleanup(branch: Branch<unknown> | null): () => void {
  if (branch === null) return () => {};
  branch.unfinished().cleanups++;
  return () => branch.unfinished().cleanupDone();
}
