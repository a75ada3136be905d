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
 *
 * Where the host has no async context (browsers), the trail is followed by hand from one await of a future
 * to the next: `then` is read while the code that awaits still runs, and what the engine does right after
 * it was told the result is to go on with that code (`thenFor`). The trail is lost in an async function
 * that awaits a native promise, also that of another async function: from there on it belongs to no task,
 * and to the one runtime that runs something, if it is the only one.
 */
import type { Branch } from "./branch.ts";
import { captureContext, contextStore, host, type AsyncContext, type ContextStore } from "./host.ts";
import { cx, defaultKernel, type Kernel, likeliestKernel } from "./kernel.ts";

export class Trail {
  declare readonly branch: Branch<unknown>;
  declare isShared: boolean;
  constructor(branch: Branch<unknown>) {
    this.branch = branch;
    this.isShared = false;
  }
}

const store: ContextStore<Trail> | undefined = contextStore();

/** Whether async code that awaits a native promise is still found afterwards. */
export const hostFollowsPromises: boolean = store !== undefined;

/** Without a store: the branch whose async code runs right now, as far as it is known. */
let resumed: Branch<unknown> | null = null;

/** The branch that the caller runs in. */
export function ambientBranch(): Branch<unknown> | null {
  if (cx.branch !== null) return cx.branch;
  if (store === undefined) return resumed;
  const trail = store.getStore();
  return trail === undefined || trail.isShared ? null : trail.branch;
}

/** The runtime that the caller belongs to: the task's own, else the default one. */
export function ambientKernel(): Kernel {
  if (cx.branch !== null) return cx.branch.kernel;
  if (store === undefined) return resumed?.kernel ?? likeliestKernel();
  return store.getStore()?.branch.kernel ?? defaultKernel();
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
  if (store === undefined) return runResumed(branch, call);
  if (branch === null) return call();
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

type Reaction = ((value: unknown) => unknown) | null | undefined;
export type Then = (this: never, ok?: Reaction, err?: Reaction) => Promise<unknown>;

/** What `then` is for the code that reads it now; the engine will call it in a later microtask. */
export function thenFor(then: Then): Then {
  const branch = hostFollowsPromises ? null : ambientBranch();
  if (branch === null) return then;
  return function (ok, err) {
    return runResumed(branch, () => then.call(this, follow(branch, ok), follow(branch, err)));
  };
}

/** The engine's reaction makes it go on with the code that awaits, in the very next microtask. */
function follow(branch: Branch<unknown>, reaction: Reaction): Reaction {
  if (typeof reaction !== "function") return reaction;
  return (value) => {
    host.microtask(() => (resumed = branch));
    const result = runResumed(branch, () => reaction(value));
    host.microtask(() => (resumed = null));
    return result;
  };
}

function runResumed<R>(branch: Branch<unknown> | null, call: () => R): R {
  const outer = resumed;
  resumed = branch;
  try {
    return call();
  } finally {
    resumed = outer;
  }
}
