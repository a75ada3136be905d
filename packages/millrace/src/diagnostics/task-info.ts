/** A task as snapshots and events show it. */
import { waitsIn } from "../runtime/branch-waits.ts";
import type { Future } from "../runtime/future.ts";
import { leaves } from "../runtime/wait-graph.ts";
import { CancelledError } from "../errors.ts";
import type { Resource } from "../runtime/resource.ts";
import type { Task } from "../runtime/task.ts";
import type { TaskInfo } from "./reports.ts";
import type { TaskRecord } from "./task-record.ts";

/** What a recorder knows besides the record. */
export interface Surroundings {
  isRunning(task: Task<unknown>): boolean;
  waitSite(record: TaskRecord): string | undefined;
  resourceId(resource: Resource): number;
}

export function taskInfo(record: TaskRecord, around: Surroundings): TaskInfo {
  const { task, parent, polls, busyMs, scheduledMs, idleMs, longestPollMs, wakes, selfWakes } = record;
  const { id, name, kind, spawnedAt } = task;
  const state = stateOf(record, around);
  const waitingOn = state === "waiting" || state === "cancelling" ? waitOf(record, around) : undefined;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(parent === undefined ? {} : { parent }),
    state,
    kind,
    ...(spawnedAt === undefined ? {} : { spawnedAt }),
    ...(waitingOn === undefined ? {} : { waitingOn }),
    polls,
    busyMs,
    scheduledMs,
    idleMs,
    longestPollMs,
    wakes,
    selfWakes,
  };
}

/** What it failed with, or was cancelled for. */
export function reasonOf(task: Task<unknown>): { readonly reason?: unknown } {
  if (!task.isFailed) return {};
  return { reason: task.result instanceof CancelledError ? task.result.reason : task.result };
}

export function stateOf({ task, isReady }: TaskRecord, around: Surroundings): TaskInfo["state"] {
  if (task.isSettled) {
    if (!task.isFailed) return "done";
    return task.result instanceof CancelledError ? "cancelled" : "failed";
  }
  if (task.isCancelled) return "cancelling";
  if (around.isRunning(task)) return "running";
  return task.isQueued || isReady || !task.isStarted ? "ready" : "waiting";
}

function waitOf(record: TaskRecord, around: Surroundings): NonNullable<TaskInfo["waitingOn"]> | undefined {
  const { task, waitsSince: since } = record;
  if (!task.isStarted) return undefined;
  const all: Future<unknown>[] = [...leaves(waitsIn(task))];
  const operation = all.map((leaf) => leaf.describeWait()).join(" and ");
  const resource = all.find((leaf) => leaf.waitedResource !== undefined)?.waitedResource;
  const at = around.waitSite(record);
  return {
    operation: operation === "" ? "a promise that is not the runtime's" : operation,
    ...(resource === undefined ? {} : { resource: around.resourceId(resource) }),
    since,
    ...(at === undefined ? {} : { at }),
  };
}
