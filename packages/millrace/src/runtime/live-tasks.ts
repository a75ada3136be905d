/**
 * Which tasks of a runtime live.
 *
 * A task is listed when it first waits, so that the many that never do cost nothing here (the spawn and
 * skynet rows of the bench). One that is not listed is either in the run queue, for the first time, or
 * running, for the first time: then it is found from what runs now. For that it remembers what it runs
 * inside of, and a listed task that is run from within others has them listed first.
 */
import { LISTED } from "./task-state.ts";
import { cx, type Kernel } from "./kernel.ts";
import { readyIn } from "./scheduler.ts";
import { listRunning, Task } from "./task.ts";

/** Live tasks, newest first. */
export function liveTasks(kernel: Kernel): Task<unknown>[] {
  const found: Task<unknown>[] = [];
  listRunning(cx.branch);
  for (let task = kernel.firstLive; task !== null; task = task.nextLive) found.push(task);
  for (const runnable of readyIn(kernel.scheduler))
    if (runnable instanceof Task && (runnable.flags & LISTED) === 0) found.push(runnable);
  return found.sort((a, b) => b.id - a.id);
}
