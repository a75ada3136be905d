/**
 * Failures that nobody observes are reported, never lost.
 *
 * A task that fails is noted. Taking its outcome (join, set, scope) forgets the note. Otherwise it is
 * reported when nobody can take it any more: at once if the task was detached, else when its handle is
 * garbage-collected, else when the runtime or the process ends. The note refers to the error, never to
 * the task, so that it keeps nothing alive.
 */
import { hooks } from "./hooks.ts";
import { host, hostProcess } from "./host.ts";
import type { Kernel, TaskFailure } from "./kernel.ts";
import type { Task } from "./task.ts";

export interface FailureNote {
  readonly kernel: Kernel;
  readonly failure: TaskFailure;
}

const collected = new FinalizationRegistry<FailureNote>((note) => report(note));
/** Failed tasks that may still be joined. */
const unobserved: Set<FailureNote> = new Set();
let watchesExit = false;
/** Notes of this turn. */
let unformatted: FailureNote[] = [];
const MAX_CAUSES = 8;

/**
 * A task has failed and nobody has taken its outcome yet. Called again when its owner (a set, a scope)
 * gives it up.
 */
export function noteFailure(task: Task<unknown>): void {
  const note = (task.failure ??= register(task));
  if (task.isDetached) return report(note);
  // Whoever owns it may still join it, however late.
  if (task.owner !== null) return;
  if (note.kernel.onTaskFailure === "shutdown") {
    // As the host does for promises: whoever is going to observe it does so in this turn.
    host.macrotask(() => report(note));
  }
}

function register(task: Task<unknown>): FailureNote {
  const { kernel, id, name, spawnedAt } = task;
  const note: FailureNote = { kernel, failure: { error: task.result, id, name, spawnedAt } };
  unobserved.add(note);
  collected.register(task, note, note);
  if (unformatted.push(note) === 1) host.macrotask(formatStacks);
  if (!watchesExit) {
    watchesExit = true;
    hostProcess?.on("exit", () => {
      for (const note of unobserved) report(note);
    });
  }
  return note;
}

/**
 * Until an error's stack is read, V8 keeps the frames that it was made in, and with them the very task
 * that nothing may keep alive. Most failures are observed before this runs, and pay nothing.
 */
function formatStacks(): void {
  const notes = unformatted;
  unformatted = [];
  for (const note of notes) {
    if (!unobserved.has(note)) continue;
    let each = note.failure.error;
    for (let depth = 0; each instanceof Error && depth < MAX_CAUSES; depth++) {
      void each.stack;
      each = each.cause;
    }
  }
}

/** Somebody took the outcome. */
export function forget(task: Task<unknown>): void {
  const note = task.failure!;
  task.failure = null;
  remove(note);
}

/** The runtime has ended: nobody will join any more. */
export function reportAll(kernel: Kernel): void {
  for (const note of unobserved) if (note.kernel === kernel) report(note);
}

export function report(note: FailureNote): void {
  if (remove(note)) reportFailure(note.kernel, note.failure);
}

function remove(note: FailureNote): boolean {
  collected.unregister(note);
  return unobserved.delete(note);
}

/** Applies the runtime's policy to a failure that nobody will observe. */
export function reportFailure(kernel: Kernel, failure: TaskFailure): void {
  const policy = kernel.onTaskFailure;
  if (typeof policy !== "function") hooks.current?.failureUnobserved?.(failure);
  if (policy === "ignore") return;
  if (typeof policy === "function") {
    try {
      policy(failure);
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
