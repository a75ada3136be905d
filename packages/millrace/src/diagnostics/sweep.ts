/**
 * Looks over everything, now and then, for what has lasted too long or grown. To look must not cost more than the
 * polls in between.
 */
import { waitsIn } from "../runtime/branch-waits.ts";
import { host } from "../runtime/host.ts";
import type { Task } from "../runtime/task.ts";
import { leaves } from "../runtime/wait-graph.ts";
import type { Lints } from "./lints.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import type { TaskRecord } from "./task-record.ts";
import type { UnusedFutures } from "./unused-futures.ts";

/** At most once in so many ms, of either clock. */
const EVERY = 250;

export class Sweep {
  readonly #records: ReadonlyMap<unknown, TaskRecord>;
  readonly #resources: ResourceRegistry;
  readonly #lints: Lints;
  readonly #unused: UnusedFutures;
  #at: number = host.now();
  #virtualAt: number = 0;
  #polls: number = 0;

  constructor(
    records: ReadonlyMap<unknown, TaskRecord>,
    resources: ResourceRegistry,
    lints: Lints,
    unused: UnusedFutures,
  ) {
    this.#records = records;
    this.#resources = resources;
    this.#lints = lints;
    this.#unused = unused;
  }

  now(): void {
    this.#at = host.now();
    this.#polls = 0;
    this.#unused.sweep();
    for (const record of this.#records.values()) {
      this.#lints.cancelling(record);
      if (record.holdings.size === 0 || record.task.isDone) continue;
      this.#lints.waited(record, record.now() - record.waitsSince, () => waitsOf(record.task));
    }
    for (const resource of this.#resources) {
      // There are as many timers as sleeping tasks, and nothing in them grows.
      if (resource.resourceKind !== "timer") this.#lints.grown(resource);
    }
  }

  /** A poll has ended: perhaps it is time. */
  polled(record: TaskRecord): void {
    if ((++this.#polls & 63) !== 0 && record.now() - this.#virtualAt <= EVERY) return;
    if (this.#polls < this.#records.size) return;
    const now = record.now();
    const isDue = host.now() - this.#at > EVERY || now - this.#virtualAt > EVERY;
    this.#virtualAt = now;
    if (isDue) this.now();
  }
}

export function waitsOf(task: Task<unknown>): string {
  return [...leaves(waitsIn(task))].map((leaf) => leaf.describeWait()).join(" and ");
}
