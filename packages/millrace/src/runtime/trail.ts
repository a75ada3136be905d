/**
 * How an async function finds the branch that it runs in: a trail left in the host's async context.
 *
 * Setting the context costs about 300 ns, capturing it about 40, which is too much and affordable for
 * every task (the spawn rows of the bench). So
 *  - an async body, and a task spawned by anything but a generator body, get a trail of their own;
 *  - a task that a generator body spawns inherits its spawner's trail, which is then shared. A shared
 *    trail still leads to the runtime, but to no branch: which of the tasks it was cannot be told;
 *  - when an async function that a generator body called awaits its first future, the context is set
 *    after all (`then` of `Future` calls `markTrail`), and what it awaits later belongs to that task.
 *
 * What remains: an async function that a generator body calls directly, in a task that spawns or was
 * spawned by a generator, and that awaits a foreign promise before any future, belongs to the runtime
 * only. `fromPromise(helper)` and `asyncFn(helper)` call it with a trail, and have no such gap.
 */
import type { Branch } from "./branch.ts";
import { captureContext, contextStore, type AsyncContext, type ContextStore } from "./host.ts";
import { cx, defaultKernel, type Kernel } from "./kernel.ts";

export class Trail {
  declare readonly branch: Branch<unknown>;
  declare isShared: boolean;
  constructor(branch: Branch<unknown>) {
    this.branch = branch;
    this.isShared = false;
  }
}

const store: ContextStore<Trail> | undefined = contextStore();

/** The branch that the caller runs in. */
export function ambientBranch(): Branch<unknown> | null {
  if (cx.branch !== null) return cx.branch;
  const trail = store?.getStore();
  return trail === undefined || trail.isShared ? null : trail.branch;
}

/** The runtime that the caller belongs to: the task's own, else the default one. */
export function ambientKernel(): Kernel {
  if (cx.branch !== null) return cx.branch.kernel;
  return store?.getStore()?.branch.kernel ?? defaultKernel();
}

/** Captures the caller's context for a new task, with a trail that leads to it. */
export function captureFor(task: Branch<unknown>): AsyncContext | undefined {
  if (store === undefined) return undefined;
  const spawner = cx.branch;
  if (spawner !== null && !cx.isMarked && spawner.isRoutine) {
    const { trail } = spawner;
    if (trail !== null && trail.branch.isRoutine) {
      trail.isShared = true;
      task.trail = trail;
      return captureContext();
    }
  }
  task.trail = new Trail(task);
  return store.run(task.trail, captureContext);
}

/** Calls a function that may be async, with a trail that leads to `branch`. */
export function runInTrail<R>(branch: Branch<unknown> | null, call: () => R): R {
  if (store === undefined || branch === null) return call();
  const trail = new Trail(branch);
  // Whatever it spawns before its first await is captured inside of this trail.
  const { isMarked } = cx;
  cx.isMarked = true;
  try {
    return store.run(trail, call);
  } finally {
    cx.isMarked = isMarked;
  }
}

/** An async function awaits a future in the middle of a poll: from here on the context leads to its branch. */
export function markTrail(branch: Branch<unknown>): void {
  if (store === undefined || cx.isMarked || branch.context === undefined) return;
  cx.isMarked = true;
  const trail = new Trail(branch);
  store.enterWith(trail);
  if (!marksLast) return;
  for (let each: Branch<unknown> | null = branch; each !== null; each = each.parent) each.trail = trail;
}

/** Whether what is set inside of an async resource's scope stays with the resource (Node 22) or ends with the scope. */
const marksLast: boolean = (() => {
  if (store === undefined) return false;
  const resource = captureContext()!;
  let seen: Trail | undefined;
  resource.runInAsyncScope(() => store.enterWith(new Trail(null as never)), undefined, null);
  resource.runInAsyncScope(() => (seen = store.getStore()), undefined, null);
  return seen !== undefined;
})();
