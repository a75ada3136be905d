/** What every task waits for, and whether anything can ever end that. */
import { isInForeignAwait, waitsIn } from "./branch-waits.ts";
import { liveTasks } from "./live-tasks.ts";
import { DeadlockError } from "../errors.ts";
import type { Branch } from "./branch.ts";
import { hooks } from "./hooks.ts";
import { joinedTask } from "./task-join.ts";
import { kernelsInUse, type Kernel } from "./kernel.ts";
import { HELD, type Resource } from "./resource.ts";
import { isIdle } from "./scheduler.ts";
import { describeCycle, findCycles, holdersAmong, leaves } from "./wait-graph.ts";
import { isAbortableFromOutside } from "./spawn.ts";
import type { Task } from "./task.ts";
import { counted } from "./counted.ts";

export { leaves };

/** Of a message about tasks. */
const MOST_LINES = 100;

/** Lines of a message, indented; not more than anybody reads. One that takes work is given as a function. */
export function listed(lines: readonly (string | (() => string))[]): string {
  const shown = lines.slice(0, MOST_LINES).map((line) => `  ${typeof line === "string" ? line : line()}`);
  if (lines.length > MOST_LINES) shown.push(`  … and ${lines.length - MOST_LINES} more`);
  return shown.join("\n");
}

/** False while something outside the runtime may still wake one of its tasks. */
export function isStuck(kernel: Kernel, asked: ReadonlySet<Kernel> = new Set()): boolean {
  const seen = new Set(asked).add(kernel);
  for (const task of liveTasks(kernel))
    if (isAbortableFromOutside(task) || waitsOutside(task, seen)) return false;
  for (const call of kernel.detached) if (waitsOutside(call, seen)) return false;
  return true;
}

/** `seen`: runtimes that wait for this one, and so cannot help. */
export function waitsOutside(
  branch: Branch<unknown>,
  seen: ReadonlySet<Kernel> = new Set([branch.kernel]),
): boolean {
  if (isInForeignAwait(branch)) return true;
  for (const leaf of leaves(waitsIn(branch))) {
    if (leaf.isExternalWait) return true;
    const { waitedClock } = leaf;
    if (waitedClock !== undefined && waitedClock !== branch.kernel.clock) return true;
    // So does a task of another runtime, as that one's time, without this one.
    const joined = joinedTask(leaf);
    if (joined !== undefined && joined.kernel !== branch.kernel) return true;
    if (leaf.waitedResource !== undefined && isHeldOutside(leaf.waitedResource, seen)) return true;
  }
  return false;
}

/** Held by a task of another runtime that may go on, and so release it. */
function isHeldOutside({ resourceKind, handles }: Resource, seen: ReadonlySet<Kernel>): boolean {
  if (handles === undefined || !HELD.has(resourceKind)) return false;
  const holders = new Set(handles.openers());
  for (const kernel of kernelsInUse()) {
    if (seen.has(kernel) || !liveTasks(kernel).some(({ id }) => holders.has(id))) continue;
    const { scheduler, clock, foreign } = kernel;
    if (!isIdle(scheduler) || clock.wheel.size > 0 || foreign > 0 || !isStuck(kernel, seen)) return true;
  }
  return false;
}

/** "task #3 'fetch' waits for recv on an mpsc channel (0/32)" */
export function describeTask(task: Task<unknown>): string {
  return `${task.describe()} ${waitsOf(task)}${spawnSite(task)}`;
}

/** Of every task, the oldest first. */
export function describeWaits(kernel: Kernel): string[] {
  const lines: string[] = [];
  for (const task of liveTasks(kernel)) lines.push(describeTask(task));
  for (const call of kernel.detached) lines.unshift(`${call.describe()} ${waitsOf(call)}`);
  return lines.reverse();
}

export function spawnSite(task: Task<unknown>): string {
  return task.spawnedAt === undefined ? "" : ` (spawned at ${task.spawnedAt})`;
}

/** What it waits for, in words. */
export function waitsOf(task: Branch<unknown>): string {
  if (task.isDone) return `waits for the cleanup of ${counted(task.cleanups, "abandoned call")}`;
  const waits = [...leaves(waitsIn(task as Branch<unknown>))].map((leaf) => leaf.describeWait());
  if (waits.length > 0) {
    const detail = hooks.current?.waitDetail?.(task) ?? "";
    return `waits for ${waits.join(" and ")}${detail}`;
  }
  if (!task.isStarted) return "has not started";
  return `waits for a promise that is not the runtime's${hooks.current?.waitDetail?.(task) ?? ""}`;
}

export function deadlockError(kernel: Kernel): DeadlockError {
  const waits = describeWaits(kernel);
  const tasks = liveTasks(kernel);
  for (const cycle of findCycles(tasks, holdersAmong(tasks)).toReversed()) {
    waits.unshift(`cycle: ${describeCycle(cycle)}`);
  }
  return new DeadlockError(`deadlock: nothing can ever run again\n${listed(waits)}`, waits);
}
