/** What diagnostics tell: the types of snapshots, warnings and events. */
import type { TaskId } from "../runtime/kernel.ts";
import type { Attributes, ResourceKind } from "../runtime/resource.ts";

/** Everything that is known at one moment. */
export interface Snapshot {
  /** In ms of the runtime's clock, as `now()` gives. */
  readonly at: number;
  /** Those that are alive, and the last ones that ended. */
  readonly tasks: readonly TaskInfo[];
  /** What they wait for, as far as it still exists. */
  readonly resources: readonly ResourceInfo[];
  /** The newest ones. */
  readonly warnings: readonly Warning[];
}

/** One task. Times are in ms, those of its polls in real ones. */
export interface TaskInfo {
  /** Names it while the process lives. */
  readonly id: TaskId;
  /** What `SpawnOptions.name` said. */
  readonly name?: string;
  /** The task that spawned it. */
  readonly parent?: TaskId;
  /** What it does now, or how it ended. */
  readonly state: "ready" | "running" | "waiting" | "cancelling" | "done" | "failed" | "cancelled";
  /** Whether it runs here, is a call on a thread, or serves an actor's mailbox. */
  readonly kind: "task" | "thread" | "actor";
  /** "src/harvest.ts:88:5" */
  readonly spawnedAt?: string;
  /** `since` is a time of the runtime's clock, `at` a source position. */
  readonly waitingOn?: {
    readonly operation: string;
    readonly resource?: number;
    readonly since: number;
    readonly at?: string;
  };
  /** How often it ran. */
  readonly polls: number;
  /** In all its polls. */
  readonly busyMs: number;
  /** From being woken to running. */
  readonly scheduledMs: number;
  /** Waiting for something, neither running nor ready. */
  readonly idleMs: number;
  /** In one poll, at most. */
  readonly longestPollMs: number;
  /** How often it was woken. */
  readonly wakes: number;
  /** Wakes that came out of its own polls. */
  readonly selfWakes: number;
}

/** Something that tasks wait for. */
export interface ResourceInfo {
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
  /** Tasks that wait for it. */
  readonly waiters: readonly TaskId[];
  /** Sizes, capacities, counts. */
  readonly attributes: Attributes;
}

/** Something that is probably a mistake; `message` is a full sentence with the numbers in it. */
export interface Warning {
  /** Which kind of mistake. */
  readonly lint:
    | "blocked-loop"
    | "self-wakes"
    | "never-yielded"
    | "unobserved-failure"
    | "never-awaited"
    | "lock-across-slow-await"
    | "deadlock"
    | "growing-queue"
    | "cancelling-too-long"
    | "leaked-handle";
  /** What happened, and what to do about it. */
  readonly message: string;
  /** The task it is about, if it is about one. */
  readonly task?: TaskId;
  /** The resource it is about, if it is about one. */
  readonly resource?: number;
}

/** `at` is the time on the clock of the task's runtime, in ms. */
export type DiagnosticEvent =
  | { readonly type: "spawn"; readonly task: TaskInfo; readonly at?: number }
  /** `reason` is what it failed with, or was cancelled for. */
  | { readonly type: "end"; readonly task: TaskInfo; readonly at?: number; readonly reason?: unknown }
  | { readonly type: "poll"; readonly task: TaskId; readonly ms: number; readonly at?: number }
  | { readonly type: "warning"; readonly warning: Warning };
