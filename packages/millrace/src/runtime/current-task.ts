/** The task that the caller runs in. */
import { rootTask } from "./call.ts";
import { ambientBranch } from "./trail.ts";
import type { TaskContext } from "./task.ts";

/** The running task, or `undefined` outside any. */
export function currentTask(): TaskContext | undefined {
  return rootTask(ambientBranch()) ?? undefined;
}

/** The number of the task that runs; 0 when none does. */
export function runningTaskId(): number {
  return ambientBranch()?.taskId ?? 0;
}
