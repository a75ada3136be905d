/**
 * Failures that nobody observes are reported, never lost.
 *
 * A task that fails is noted. Taking its outcome (join, set, scope) forgets the note. Otherwise it is
 * reported when nobody can take it any more: at once if the task was detached, else when its handle is
 * garbage-collected, else when the runtime or the process ends. The note refers to the error, never to
 * the task, so that it keeps nothing alive.
 */
import { host, hostProcess } from "./host.ts";
import type { Kernel, TaskFailure } from "./kernel.ts";
import type { Task } from "./task.ts";

export interface FailureNote extends TaskFailure {
  readonly kernel: Kernel;
}

const collected = new FinalizationRegistry<FailureNote>((note) => report(note));
const noted: Set<Kernel> = new Set();
let watchesExit = false;

/** Called once, when a task has failed and nobody has taken its outcome yet. */
export function noteFailure(task: Task<unknown>): void {
  const { kernel, id, name, spawnedAt } = task;
  const note: FailureNote = { kernel, error: task.result, id, name, spawnedAt };
  if (task.owner !== null) return;
  kernel.unobserved.add(note);
  if (task.isDetached) return report(note);
  task.failure = note;
  collected.register(task, note, note);
  noted.add(kernel);
  if (kernel.onTaskFailure === "shutdown") {
    // As the host does for promises: whoever is going to observe it does so in this turn.
    host.macrotask(() => report(note));
  }
  if (!watchesExit) {
    watchesExit = true;
    hostProcess?.on("exit", () => {
      for (const each of noted) reportAll(each);
    });
  }
}

/** Somebody took the outcome. */
export function forget(task: Task<unknown>): void {
  const note = task.failure!;
  task.failure = null;
  note.kernel.unobserved.delete(note);
  collected.unregister(note);
}

/** The runtime has ended: nobody will join any more. */
export function reportAll(kernel: Kernel): void {
  for (const note of kernel.unobserved) report(note as FailureNote);
}

export function report(note: FailureNote): void {
  const { kernel } = note;
  if (!kernel.unobserved.delete(note)) return;
  collected.unregister(note);
  reportFailure(kernel, note);
}

/** Applies the runtime's policy to a failure that nobody will observe. */
export function reportFailure(kernel: Kernel, failure: TaskFailure): void {
  const policy = kernel.onTaskFailure;
  if (policy === "ignore") return;
  if (typeof policy === "function") {
    try {
      policy({ error: failure.error, id: failure.id, name: failure.name, spawnedAt: failure.spawnedAt });
    } catch (error) {
      host.report("millrace: onTaskFailure itself failed:", error);
    }
    return;
  }
  const name = failure.name === undefined ? "" : ` '${failure.name}'`;
  const at = failure.spawnedAt === undefined ? "" : `, spawned at ${failure.spawnedAt}`;
  host.report(`millrace: task #${failure.id}${name} failed and nobody observed it${at}:`, failure.error);
  if (policy === "shutdown") kernel.requestShutdown?.(failure.error);
}
