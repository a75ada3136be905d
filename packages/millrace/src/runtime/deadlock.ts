/** What every task waits for, and whether anything can ever end that. */
import { DeadlockError } from "../errors.ts";
import type { Branch } from "./branch.ts";
import { type Future } from "./future.ts";
import { joinedTask } from "./join-handle.ts";
import type { Kernel } from "./kernel.ts";
import { isAbortableFromOutside } from "./spawn.ts";
import type { Task } from "./task.ts";

/** Of a message about tasks. */
const MOST_LINES = 100;

/** Lines of a message, indented; not more than anybody reads. */
export function listed(lines: readonly string[]): string {
  const shown = lines.slice(0, MOST_LINES).map((line) => `  ${line}`);
  if (lines.length > MOST_LINES) shown.push(`  … and ${lines.length - MOST_LINES} more`);
  return shown.join("\n");
}

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

/** False while something outside the runtime may still wake one of its tasks. */
export function isStuck(kernel: Kernel): boolean {
  for (const task of kernel.tasks()) if (isAbortableFromOutside(task) || waitsOutside(task)) return false;
  for (const call of kernel.detached) if (waitsOutside(call)) return false;
  return true;
}

export function waitsOutside(branch: Branch<unknown>): boolean {
  if (branch.isInForeignAwait) return true;
  for (const leaf of leaves(branch.waits())) {
    if (leaf.isExternalWait) return true;
    // A task of another runtime goes on without this one.
    const joined = joinedTask(leaf);
    if (joined !== undefined && joined.kernel !== branch.kernel) return true;
  }
  return false;
}

/** "task #3 'fetch' waits for recv on an mpsc channel (0/32)" */
export function describeWaits(kernel: Kernel): string[] {
  const lines: string[] = [];
  for (const task of kernel.tasks()) lines.push(`${task.describe()} ${waitsOf(task)}${spawnSite(task)}`);
  for (const call of kernel.detached) lines.unshift(`${call.describe()} ${waitsOf(call)}`);
  return lines.reverse();
}

export function spawnSite(task: Task<unknown>): string {
  return task.spawnedAt === undefined ? "" : ` (spawned at ${task.spawnedAt})`;
}

/** What it waits for, in words. */
export function waitsOf(task: Branch<unknown>): string {
  if (task.isDone) return `waits for the cleanup of ${task.cleanups} abandoned calls`;
  const waits = [...leaves(task.waits())].map((leaf) => leaf.describeWait());
  if (waits.length > 0) return `waits for ${waits.join(" and ")}`;
  return task.isStarted ? "waits for a promise that is not the runtime's" : "has not started";
}

/** Tasks that wait for each other end, as "task #1 → task #2 → task #1". */
function findCycle(kernel: Kernel): string | undefined {
  const seen = new Set<Task<unknown>>();
  for (const start of kernel.tasks()) {
    const path: Task<unknown>[] = [];
    let task: Task<unknown> | undefined = start;
    while (task !== undefined && !seen.has(task)) {
      seen.add(task);
      path.push(task);
      task = nextJoined(task);
    }
    const from = task === undefined ? -1 : path.indexOf(task);
    if (from >= 0) return [...path.slice(from), task!].map((each) => each.describe()).join(" → ");
  }
  return undefined;
}

function nextJoined(task: Task<unknown>): Task<unknown> | undefined {
  for (const leaf of leaves(task.waits())) {
    const joined = joinedTask(leaf);
    if (joined !== undefined) return joined;
  }
  return undefined;
}

export function deadlockError(kernel: Kernel): DeadlockError {
  const waits = describeWaits(kernel);
  const cycle = findCycle(kernel);
  if (cycle !== undefined) waits.unshift(`cycle: ${cycle}`);
  return new DeadlockError(`deadlock: nothing can ever run again\n${listed(waits)}`, waits);
}
