/** What is worth a warning, and the sentence for it. Each looks at one record and says nothing twice. */
import { waitsIn } from "../runtime/branch-waits.ts";
import { leaves } from "../runtime/wait-graph.ts";
import type { TaskFailure } from "../runtime/kernel.ts";
import { spawnSite } from "../runtime/deadlock.ts";
import { label, type Resource } from "../runtime/resource.ts";
import type { Task } from "../runtime/task.ts";
import { describeCycle } from "../runtime/wait-graph.ts";
import { durationText } from "./duration-text.ts";
import type { LostGuard, ResourceRegistry } from "./resource-registry.ts";
import type { TaskRecord } from "./task-record.ts";
import type { Unused } from "./unused-futures.ts";
import type { Watchdog } from "./watchdog.ts";
import type { Warnings } from "./warnings.ts";

/** Fewer self-wakes say nothing. */
const MANY_SELF_WAKES = 64;
/** Of the runtime's clock, in ms. */
const SLOW_AWAIT = 1000;
const SLOW_CANCELLATION = 1000;

/** Locks: what is held alone, or keeps others out. A semaphore's permits are there to be held for long. */
const LOCKS: ReadonlySet<string> = new Set(["mutex", "rwlock"]);

function who(task: Task<unknown>): string {
  return `${task.describe()}${spawnSite(task)}`;
}

export class Lints {
  readonly #warnings: Warnings;
  readonly #resources: ResourceRegistry;
  readonly #blockedAfter: number;

  constructor(warnings: Warnings, resources: ResourceRegistry, blockedAfter: number) {
    this.#warnings = warnings;
    this.#resources = resources;
    this.#blockedAfter = blockedAfter;
  }

  /** A poll has ended, and if `isOver` the task with it. */
  polled(record: TaskRecord, ms: number, isOver: boolean, watchdog: Watchdog | null): void {
    if (ms < this.#blockedAfter) return;
    const { task } = record;
    const stack = watchdog?.takeStack();
    if (watchdog?.wasStarved(ms) === true) return;
    this.blocked(ms, task, stack);
    if (record.polls > 1 || !isOver) return;
    this.#warnings.add(
      {
        lint: "never-yielded",
        message: `${who(task)} ran from its beginning to its end without ever waiting, for ${durationText(ms)}; nothing else could run meanwhile. Work of this length belongs on a thread, or needs an occasional yieldNow().`,
        task: task.id,
      },
      task.id,
    );
  }

  blocked(ms: number, task: Task<unknown> | undefined, stack: string | undefined): void {
    const by = task === undefined ? "code outside of any task" : who(task);
    const where = stack === undefined ? "" : ` It was here:\n${stack}`;
    this.#warnings.add(
      {
        lint: "blocked-loop",
        message: `the event loop was blocked for ${durationText(ms)} by ${by}; nothing else could run meanwhile (the limit is ${durationText(this.#blockedAfter)}).${where}`,
        ...(task === undefined ? {} : { task: task.id }),
      },
      task?.id ?? stack,
    );
  }

  wokeItself({ task, selfWakes, wakes }: TaskRecord): void {
    if (selfWakes < MANY_SELF_WAKES || selfWakes * 2 <= wakes) return;
    const percent = Math.round((selfWakes / wakes) * 100);
    this.#warnings.add(
      {
        lint: "self-wakes",
        message: `${who(task)} woke itself in ${selfWakes} of its ${wakes} wake-ups (${percent} %): it polls in a loop instead of waiting for something to happen.`,
        task: task.id,
      },
      task.id,
    );
  }

  unobserved({ id, name, spawnedAt, error }: TaskFailure): void {
    const task = name === undefined ? `task #${id}` : `task #${id} '${name}'`;
    const at = spawnedAt === undefined ? "" : ` (spawned at ${spawnedAt})`;
    const message = `${task}${at} failed and nobody observed it: ${String(error)}.`;
    this.#warnings.add({ lint: "unobserved-failure", message, task: id }, id);
  }

  neverAwaited({ what, at, task }: Unused): void {
    const where = at === undefined ? "" : ` at ${at}`;
    this.#warnings.add(
      {
        lint: "never-awaited",
        message: `a future (${what}) was created${where} and never awaited: it is lazy, so what it stands for never happened. Await it, spawn it, or leave it out.`,
        ...(task === undefined ? {} : { task }),
      },
      at ?? what,
    );
  }

  /** It goes on, or is looked at while it waits. */
  waited(record: TaskRecord, ms: number, waits: () => string): void {
    if (ms < SLOW_AWAIT || record.holdings.size === 0) return;
    const { task, holdings } = record;
    for (const holding of holdings) {
      const resource = holding.resource();
      if (holding.since > record.waitsSince || holding.guard.deref() === undefined) continue;
      if (resource === undefined || !LOCKS.has(resource.resourceKind)) continue;
      const { id } = this.#resources.entry(resource);
      const { waiting = 0 } = resource.attributes();
      const at = holding.at === undefined ? "" : ` (locked at ${holding.at})`;
      this.#warnings.add(
        {
          lint: "lock-across-slow-await",
          message: `${who(task)} held ${label(resource, "a lock")}${at} while it waited ${durationText(ms)} for ${waits()}; ${others(Number(waiting))} for the lock. Release it before waiting, or lock later.`,
          task: task.id,
          resource: id,
        },
        `${task.id} ${id}`,
      );
    }
  }

  cancelling(record: TaskRecord): void {
    const { cancelledSince, task } = record;
    const ms = cancelledSince === undefined ? 0 : record.now() - cancelledSince;
    if (ms < SLOW_CANCELLATION) return;
    const waits = task.isSettled ? "" : `, and waits for ${waitsText(task)}`;
    const state = task.isSettled
      ? `took ${durationText(ms)} to end`
      : `has not ended after ${durationText(ms)}`;
    const message = `${who(task)} was cancelled and ${state}${waits}. Its cleanup window is ${durationText(task.kernel.cleanupWindow)}.`;
    this.#warnings.add({ lint: "cancelling-too-long", message, task: task.id }, task.id);
  }

  deadlock(cycle: readonly Task<unknown>[]): void {
    const waits = cycle.map((task) => `${task.describe()} waits for ${waitsText(task)}`).join("; ");
    this.#warnings.add(
      {
        lint: "deadlock",
        message: `${cycle.length === 1 ? "a task waits for itself" : `${cycle.length} tasks wait for each other`}, for ever: ${describeCycle(cycle)} (${waits}).`,
        task: cycle[0]!.id,
      },
      cycle
        .map(({ id }) => id)
        .toSorted((a, b) => a - b)
        .join(" "),
    );
  }

  grown(resource: Resource): void {
    const { size, unbounded } = resource.attributes();
    if (unbounded !== true || typeof size !== "number") return;
    const entry = this.#resources.entry(resource);
    if (size < entry.tellAt) return;
    entry.tellAt = size * 2;
    const at = entry.createdAt === undefined ? "" : ` (made at ${entry.createdAt})`;
    this.#warnings.add(
      {
        lint: "growing-queue",
        message: `${label(resource, "a channel")}${at} has no bound and has grown to ${size} messages: more is sent than received. Give it a capacity, so that senders wait.`,
        resource: entry.id,
      },
      `${entry.id} ${size}`,
    );
  }

  lost(what: string, known: LostGuard | undefined): void {
    const resource = known?.resource();
    const entry = resource === undefined ? undefined : this.#resources.entry(resource);
    const { at, task } = known ?? {};
    const facts: string[] = [];
    if (resource !== undefined) facts.push(label(resource, resource.resourceKind));
    if (at !== undefined) facts.push(`opened at ${at}`);
    else if (entry?.createdAt !== undefined) facts.push(`made at ${entry.createdAt}`);
    if (task !== undefined) facts.push(`by ${task.describe()}`);
    const details = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
    this.#warnings.add(
      {
        lint: "leaked-handle",
        message: `${what}${details} was garbage-collected while it was open; it counts as closed. Close it when done, or declare it with \`using\`.`,
        ...(task === undefined ? {} : { task: task.id }),
        ...(entry === undefined ? {} : { resource: entry.id }),
      },
      `${what} ${entry?.id} ${at}`,
    );
  }
}

function waitsText(task: Task<unknown>): string {
  const waits = [...leaves(waitsIn(task))].map((leaf) => leaf.describeWait());
  return waits.length === 0 ? "a promise that is not the runtime's" : waits.join(" and ");
}

function others(count: number): string {
  if (count === 0) return "nobody waited";
  return count === 1 ? "1 other waited" : `${count} others waited`;
}
