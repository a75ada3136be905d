/** What a feed gives. Times are in ms of the host's clock (`performance.now()`), whatever clock a runtime has. */
import type { TaskId } from "../runtime/kernel.ts";
import type { Attributes, ResourceKind } from "../runtime/resource.ts";
import type { TaskInfo, Warning } from "./reports.ts";

/** A task as it is now. */
export interface FeedTask extends TaskInfo {
  /** When it was spawned. */
  readonly startedAt: number;
  /** When it had ended; absent while it lives. */
  readonly endedAt?: number;
  /** All the resources that it waits for; more than one in a `select`. */
  readonly resources?: readonly number[];
  /** The tasks whose end it waits for. */
  readonly joins?: readonly TaskId[];
}

/** A resource as it is now. Who waits for it is said by the tasks. */
export interface FeedResource {
  /** Names it while the process lives. */
  readonly id: number;
  /** What it is. */
  readonly kind: ResourceKind;
  /** What its maker called it. */
  readonly name?: string;
  /** The line that made it: "src/harvest.ts:88:5". */
  readonly createdAt?: string;
  /** Tasks that have its guards or permits. */
  readonly holders: readonly TaskId[];
  /** Sizes, capacities, counts. */
  readonly attributes: Attributes;
}

/** What is new since the last time. */
export interface Changes {
  /** When they were taken. */
  readonly at: number;
  /** Tasks that changed or ended. */
  readonly tasks: readonly FeedTask[];
  /** Resources that changed. */
  readonly resources: readonly FeedResource[];
  /** Resources that are no more. */
  readonly gone: readonly number[];
  /** Those that came since. */
  readonly warnings: readonly Warning[];
  /** Who ran when: triples of task, start and duration. */
  readonly polls: readonly number[];
  /** Since the feed was opened, whatever was left out elsewhere. */
  readonly totals: {
    readonly spawned: number;
    readonly ended: number;
    readonly polls: number;
    readonly busyMs: number;
  };
  /** What was left out since the feed was opened, because there was more than fits between two looks. */
  readonly dropped: { readonly polls: number; readonly tasks: number };
  /** Changed tasks that are left for the next time. */
  readonly pending: number;
}

/** How long a task's polls took, and what it did last. */
export interface TaskDetail {
  /** The task that was asked for. */
  readonly id: TaskId;
  /** Polls by duration: bucket 0 is below 1 µs, each further one twice as long as the one before. */
  readonly pollTimes: readonly number[];
  /** The same for the times from being woken to running. */
  readonly scheduledTimes: readonly number[];
  /** The last polls, the oldest first. */
  readonly history: readonly PollSpan[];
}

/** One poll of a task. */
export interface PollSpan {
  /** When it began. */
  readonly at: number;
  /** How long it took. */
  readonly ms: number;
  /** How long it had been ready before. */
  readonly scheduledMs: number;
}
