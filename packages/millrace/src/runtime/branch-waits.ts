/** What a branch waits for, as reports, the console and the explorer ask. */
import type { Branch } from "./branch.ts";
import { ASYNC, DONE } from "./branch-state.ts";
import type { Future } from "./future.ts";

/** The futures that its body is waiting for. */
export function* waitsIn(branch: Branch<unknown>): IterableIterator<Future<unknown>> {
  if (branch.isDone) return;
  if ((branch.flags & ASYNC) === 0) {
    if (branch.leaf !== null) yield branch.leaf;
    return;
  }
  for (const pending of branch["awaits"]?.list() ?? []) yield pending.future;
}

/** An async body that waits for a promise which is not one of ours. */
export function isInForeignAwait(branch: Branch<unknown>): boolean {
  const { flags, cleanups } = branch;
  return (flags & (ASYNC | DONE)) === ASYNC && (branch["awaits"]?.isEmpty ?? true) && cleanups === 0;
}
