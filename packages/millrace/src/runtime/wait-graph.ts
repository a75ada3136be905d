/**
 * Who waits for whom. A task waits for the end of another one, or for whoever opened the guards of a lock.
 *
 * A task is stuck when each of the things that it waits for is another's to give, and all of those others
 * are stuck as well. What gives up by itself (a `timeout`) is not stuck, nor is what waits for anything
 * of which it is not known who will bring it.
 */
import { waitsIn } from "./branch-waits.ts";
import type { Future } from "./future.ts";
import { HELD, type Resource } from "./resource.ts";
import { joinedTask } from "./task-join.ts";
import { isAbortableFromOutside } from "./spawn.ts";
import type { Task } from "./task.ts";

const NOBODY: readonly Task<unknown>[] = [];

/** The innermost futures that are waited for. */
export function* leaves(futures: Iterable<Future<unknown>>): IterableIterator<Future<unknown>> {
  for (const future of futures) {
    let isLeaf = true;
    for (const leaf of leaves(future.innerWaits())) {
      isLeaf = false;
      yield leaf;
    }
    if (isLeaf) yield future;
  }
}

/** Who has the guards of a resource; nobody when it is not known of all. */
export type HoldersOf = (resource: Resource) => readonly Task<unknown>[];

/** As the open guards tell it, among these tasks. */
export function holdersAmong(tasks: Iterable<Task<unknown>>): HoldersOf {
  const byId: Map<number, Task<unknown>> = new Map();
  for (const task of tasks) byId.set(task.id, task);
  return ({ resourceKind, handles }) => {
    if (handles === undefined || !HELD.has(resourceKind)) return NOBODY;
    const holders: Set<Task<unknown>> = new Set();
    for (const id of handles.openers()) {
      const holder = byId.get(id);
      if (holder === undefined) return NOBODY;
      holders.add(holder);
    }
    return [...holders];
  };
}

/** Whoever can end this wait, as far as it is known. */
function givers(leaf: Future<unknown>, holdersOf: HoldersOf): readonly Task<unknown>[] {
  const joined = joinedTask(leaf);
  if (joined !== undefined) return joined.isSettled ? NOBODY : [joined];
  const resource = leaf.waitedResource;
  return resource === undefined ? NOBODY : holdersOf(resource);
}

/** For each thing that the task waits for, whoever can bring it; `undefined` when it may go on without them. */
function dependencies(task: Task<unknown>, holdersOf: HoldersOf): (readonly Task<unknown>[])[] | undefined {
  if (task.isQueued || task.isCancelled || isAbortableFromOutside(task)) return undefined;
  const found: (readonly Task<unknown>[])[] = [];
  for (const future of waitsIn(task)) if (!collect(future, found, holdersOf)) return undefined;
  return found.length === 0 ? undefined : found;
}

function collect(
  future: Future<unknown>,
  found: (readonly Task<unknown>[])[],
  holdersOf: HoldersOf,
): boolean {
  if (future.givesUp) return false;
  let isLeaf = true;
  for (const inner of future.innerWaits()) {
    isLeaf = false;
    if (!collect(inner, found, holdersOf)) return false;
  }
  if (!isLeaf) return true;
  const others = givers(future, holdersOf);
  found.push(others);
  return others.length > 0;
}

/** The cycles among the tasks that can be reached from `from`, each as its tasks in order. */
export function findCycles(from: Iterable<Task<unknown>>, holdersOf: HoldersOf): Task<unknown>[][] {
  const waits: Map<Task<unknown>, readonly (readonly Task<unknown>[])[]> = new Map();
  const seen: Set<Task<unknown>> = new Set();
  const todo = [...from];
  for (let task = todo.pop(); task !== undefined; task = todo.pop()) {
    if (seen.has(task)) continue;
    seen.add(task);
    const found = dependencies(task, holdersOf);
    if (found === undefined) continue;
    waits.set(task, found);
    for (const others of found) todo.push(...others);
  }
  removeFree(waits);
  return extract(waits);
}

/** Takes out those that somebody free can help, until only the stuck are left. */
function removeFree(waits: Map<Task<unknown>, readonly (readonly Task<unknown>[])[]>): void {
  for (let size = Infinity; waits.size < size;) {
    size = waits.size;
    for (const [task, found] of waits) {
      const isFree = found.some((others) => others.some((other) => !waits.has(other)));
      if (isFree) waits.delete(task);
    }
  }
}

function extract(waits: Map<Task<unknown>, readonly (readonly Task<unknown>[])[]>): Task<unknown>[][] {
  const cycles: Task<unknown>[][] = [];
  const done: Set<Task<unknown>> = new Set();
  for (const start of waits.keys()) {
    const path: Task<unknown>[] = [];
    let task = start;
    while (!done.has(task)) {
      done.add(task);
      path.push(task);
      task = waits.get(task)![0]![0]!;
    }
    const begin = path.indexOf(task);
    if (begin >= 0) cycles.push(path.slice(begin));
  }
  return cycles;
}

/** "task #1 → task #2 → task #1" */
export function describeCycle(cycle: readonly Task<unknown>[]): string {
  return [...cycle, cycle[0]!].map((task) => task.describe()).join(" → ");
}
