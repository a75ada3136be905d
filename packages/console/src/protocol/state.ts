/**
 * A program as far as it is known: what the updates add up to. The server, the page and the terminal keep one
 * each.
 *
 * Invariants: a task is there once, and among the waiters of what its entry says; the memory is bounded by what
 * the program has alive, plus the ended tasks, polls and warnings that are kept.
 */
import type { ConsoleResource, ConsoleTask, Dropped, Loop, Update, Warning } from "./messages.ts";

/** How many of each are kept. */
export const KEPT_POLLS = 20_000;
export const KEPT_WARNINGS = 1000;

/** One poll of a task. */
export interface Poll {
  /** The id of the task. */
  readonly task: number;
  /** When it began, in ms of the program. */
  readonly at: number;
  /** How long it took. */
  readonly ms: number;
}

const NOTHING: Dropped = { polls: 0, tasks: 0, warnings: 0 };
const NOBODY: ReadonlySet<number> = new Set();

/** A program as far as it is known: what the updates that it was given add up to. */
export class ConsoleState {
  /** By id, those that ended a while ago left out. */
  readonly tasks: Map<number, ConsoleTask> = new Map();
  /** By id. */
  readonly resources: Map<number, ConsoleResource> = new Map();
  /** The oldest first. */
  readonly warnings: Warning[] = [];
  /** The oldest first. */
  readonly polls: Poll[] = [];
  /** Counts since the program began. */
  totals: Update["totals"] = { spawned: 0, ended: 0, polls: 0, busyMs: 0 };
  /** How busy its event loop was lately. */
  loop: Loop = { busy: 0, lateMs: 0 };
  /** What was never sent. */
  dropped: Dropped = NOTHING;
  /** Changed tasks that come with the next updates. */
  pending: number = 0;
  /** Tasks that have not ended. */
  alive: number = 0;
  /** The time of the program that this is the state of, in ms. */
  at: number = 0;
  readonly #waiters: Map<number, Set<number>> = new Map();

  /** Adds an update. */
  apply(update: Update): void {
    if (update.isFresh === true) this.clear();
    this.at = update.at;
    this.totals = update.totals;
    this.loop = update.loop;
    this.dropped = update.dropped;
    this.pending = update.pending;
    // What is gone first: what is there afterwards came later.
    for (const id of update.goneTasks ?? []) this.#remove(id);
    for (const id of update.goneResources ?? []) this.resources.delete(id);
    for (const resource of update.resources ?? []) this.resources.set(resource.id, resource);
    for (const task of update.tasks ?? []) this.#put(task);
    for (const warning of update.warnings ?? []) this.warnings.push(warning);
    if (this.warnings.length > KEPT_WARNINGS) this.warnings.splice(0, this.warnings.length - KEPT_WARNINGS);
    const { polls = [] } = update;
    for (let i = 0; i + 2 < polls.length; i += 3) {
      this.polls.push({ task: polls[i]!, at: polls[i + 1]!, ms: polls[i + 2]! });
    }
    if (this.polls.length > KEPT_POLLS * 1.25) this.polls.splice(0, this.polls.length - KEPT_POLLS);
  }

  /** Forgets everything. */
  clear(): void {
    this.tasks.clear();
    this.alive = 0;
    this.resources.clear();
    this.warnings.length = 0;
    this.polls.length = 0;
    this.#waiters.clear();
  }

  /** The tasks that wait for a resource. */
  waiters(resource: number): ReadonlySet<number> {
    return this.#waiters.get(resource) ?? NOBODY;
  }

  #put(task: ConsoleTask): void {
    this.#leave(this.tasks.get(task.id));
    this.tasks.set(task.id, task);
    if (isAlive(task)) this.alive++;
    for (const id of task.resources ?? []) {
      const waiting = this.#waiters.get(id);
      if (waiting === undefined) this.#waiters.set(id, new Set([task.id]));
      else waiting.add(task.id);
    }
  }
  #remove(id: number): void {
    this.#leave(this.tasks.get(id));
    this.tasks.delete(id);
  }
  #leave(task: ConsoleTask | undefined): void {
    if (task === undefined) return;
    if (isAlive(task)) this.alive--;
    for (const id of task.resources ?? []) {
      const waiting = this.#waiters.get(id);
      waiting?.delete(task.id);
      if (waiting?.size === 0) this.#waiters.delete(id);
    }
  }
}

/** It has not ended. */
export function isAlive({ state }: ConsoleTask): boolean {
  return state !== "done" && state !== "failed" && state !== "cancelled";
}
