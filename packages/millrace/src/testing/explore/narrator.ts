/**
 * A run in words. Tasks have names of this run, counted from 1 or their own: the numbers that the
 * runtime gives them differ from run to run.
 */
import { waitsIn } from "../../runtime/branch-waits.ts";
import { liveTasks } from "../../runtime/live-tasks.ts";
import { CancelledError } from "../../errors.ts";
import { Acquire } from "../../runtime/acquire.ts";
import { leaves, waitsOf } from "../../runtime/deadlock.ts";
import type { Future } from "../../runtime/future.ts";
import type { WaitQueue } from "../../runtime/wait-queue.ts";
import type { Branch } from "../../runtime/branch.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import { readyIn, type Runnable } from "../../runtime/scheduler.ts";
import type { Task } from "../../runtime/task.ts";
import { Continuation, taskOf } from "./parts.ts";
import { counted } from "../../runtime/counted.ts";

export class Narrator {
  readonly #kernel: Kernel;
  readonly #root: () => Task<unknown>;
  readonly #names: Map<number, string> = new Map();
  readonly #queues: Map<WaitQueue, number> = new Map();
  #spawned: number = 0;

  constructor(kernel: Kernel, root: () => Task<unknown>) {
    this.#kernel = kernel;
    this.#root = root;
  }

  /** Notes the tasks that have been spawned since it was called last. */
  meet(): void {
    if (this.#spawned === this.#kernel.spawned) return;
    this.#spawned = this.#kernel.spawned;
    for (const task of liveTasks(this.#kernel).reverse()) {
      if (this.#names.has(task.id)) continue;
      const name = task.name === undefined ? `task ${this.#names.size}` : `task '${task.name}'`;
      this.#names.set(task.id, task === this.#root() ? "the body" : name);
    }
  }

  name(task: Task<unknown>): string {
    this.meet();
    return this.#names.get(task.id) ?? (task.name === undefined ? "a task" : `task '${task.name}'`);
  }

  /** A text of the runtime's with the names of this run. */
  inNames(text: string): string {
    this.meet();
    return text.replace(/task #(\d+)(?: '([^']*)')?/g, (_, id: string, name: string | undefined) => {
      return this.#names.get(Number(id)) ?? (name === undefined ? "a task" : `task '${name}'`);
    });
  }

  /** "waits for a mutex #1" */
  waiting(task: Branch<unknown>): string {
    const waits = task.isDone ? "" : this.words(waitsIn(task));
    return waits === "" ? this.inNames(waitsOf(task)) : `waits for ${waits}`;
  }
  /** "a mutex #1 and the end of task 'a'": what one waits for in a queue is numbered, in this run's order. */
  words(futures: Iterable<Future<unknown>>): string {
    return [...leaves(futures)]
      .map((leaf) => `${this.inNames(leaf.describeWait())}${this.#number(leaf)}`)
      .join(" and ");
  }
  #number(leaf: Future<unknown>): string {
    if (!(leaf instanceof Acquire)) return "";
    const queue = leaf["queue"];
    let number = this.#queues.get(queue);
    if (number === undefined) this.#queues.set(queue, (number = this.#queues.size + 1));
    return ` #${number}`;
  }
  all(tasks: readonly Task<unknown>[]): string {
    return tasks.map((task) => `${this.name(task)} ${this.waiting(task)}`).join("; ");
  }

  /** ", wakes task 'b' and spawns task 'c'": what `task` did to others. */
  deeds(task: Task<unknown> | null, pushed: ReadonlySet<Runnable>): string {
    const woken = new Set<string>();
    const spawned = new Set<string>();
    for (const runnable of pushed) {
      const other = taskOf(runnable);
      if (other === null || other === task) continue;
      (other.isStarted || other.isDone ? woken : spawned).add(this.name(other));
    }
    const deeds: string[] = [];
    if (spawned.size > 0) deeds.push(`spawns ${listed([...spawned])}`);
    if (woken.size > 0) deeds.push(`wakes ${listed([...woken])}`);
    return deeds.map((deed) => `, ${deed}`).join("");
  }

  /** "then waits for a mutex": how a step has left `task`. */
  state(task: Task<unknown>): string {
    if (task.isDone) {
      if (task.isSettled || task.cleanups === 0) return this.#ending(task);
      return `${this.#ending(task)}, once ${counted(task.cleanups, "abandoned call")} ${task.cleanups === 1 ? "has" : "have"} cleaned up`;
    }
    for (const ready of readyIn(this.#kernel.scheduler))
      if (ready instanceof Continuation && taskOf(ready) === task)
        return `then gets at once what it awaits: ${this.words([ready.future])}`;
    return `then ${this.waiting(task)}`;
  }
  #ending(task: Task<unknown>): string {
    const { isFailed, result } = task;
    if (!isFailed) return "and ends";
    if (result instanceof CancelledError) return "and ends as cancelled";
    return this.inNames(
      `and fails: ${result instanceof Error ? `${result.name}: ${result.message}` : String(result)}`,
    );
  }
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
