/**
 * The tasks of one owner, at most `limit` of them running: what scopes and sets are made of. Further
 * tasks are held, in order, until another ends.
 */
import { COUNTED } from "./task-state.ts";
import { Ring } from "../internal/ring.ts";
import type { Kernel } from "./kernel.ts";
import { ambientKernel } from "./trail.ts";
import { spawnOn, type SpawnOptions } from "./spawn.ts";
import type { Task, TaskBody, TaskOwner } from "./task.ts";

export class TaskGroup implements TaskOwner {
  readonly live: Set<Task<unknown>> = new Set();
  readonly #limit: number;
  readonly #held: Ring<Task<unknown>> = new Ring();
  readonly #onSettled: (task: Task<unknown>) => void;
  readonly #kernel: Kernel | undefined;
  #running: number = 0;

  constructor(onSettled: (task: Task<unknown>) => void, limit: number = Infinity, kernel?: Kernel) {
    this.#onSettled = onSettled;
    this.#limit = limit;
    this.#kernel = kernel;
  }

  spawn<T>(body: TaskBody<T>, options?: SpawnOptions, admit?: (task: Task<unknown>) => void): Task<T> {
    const starts = this.#running < this.#limit;
    const task = spawnOn(this.#kernel ?? ambientKernel(), body, options, false);
    const each = task as Task<unknown>;
    admit?.(each);
    if (task.isSettled) {
      this.#onSettled(each);
      return task;
    }
    task.owner = this;
    this.live.add(each);
    if (starts) this.#start(each);
    else this.#held.push(each);
    return task;
  }

  abortAll(reason?: unknown): void {
    for (const task of this.live) task.abort(reason);
  }

  /** Gives the tasks up: they run on, and nobody answers for them. */
  detachAll(): void {
    for (const task of this.live) {
      task.owner = null;
      task.detachHandle();
      if (!task.isStarted) task.wake();
    }
    this.live.clear();
    this.#held.clear();
    this.#running = 0;
  }

  taskSettled(task: Task<unknown>): void {
    this.live.delete(task);
    if (task.flags & COUNTED) this.#running--;
    while (this.#running < this.#limit) {
      const next = this.#held.shift();
      if (next === undefined) break;
      if (!next.isSettled) this.#start(next);
    }
    this.#onSettled(task);
  }

  #start(task: Task<unknown>): void {
    this.#running++;
    task.flags |= COUNTED;
    task.wake();
  }
}
