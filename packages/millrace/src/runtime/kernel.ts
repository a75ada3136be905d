/**
 * What one runtime is made of: scheduler, clock, randomness, its live tasks and its policies. The
 * public `Runtime` is a face of it; everything below needs only this.
 *
 * `cx` is the synchronous context of a poll: who is being polled, for which waker, with what budget
 * left. It is set around every poll and restored after it. An async body, which is resumed by the engine
 * and not by us, finds its way through the host's async context instead (`trail.ts`).
 */
import type { Random } from "../internal/random.ts";
import type { Await } from "./await.ts";
import type { Branch } from "./branch.ts";
import type { Waker } from "./body.ts";
import { Clock } from "./clock.ts";
import { BUDGET, Scheduler } from "./scheduler.ts";
import type { Runtime } from "./runtime.ts";
import type { Task } from "./task.ts";

/** Names a task while the process lives. A number, but not any. */
export type TaskId = number & { readonly __task: true };

/** A task failure that nobody observed. */
export interface TaskFailure {
  /** What the task threw. */
  readonly error: unknown;
  /** Which task it was. */
  readonly id: TaskId;
  /** What `SpawnOptions.name` said. */
  readonly name: string | undefined;
  /** The line that spawned it, if it is known: "src/harvest.ts:88:5". */
  readonly spawnedAt: string | undefined;
}

export interface KernelOptions {
  readonly name?: string | undefined;
  readonly seed?: number | undefined;
  readonly cleanupWindow?: number;
  readonly onTaskFailure?: "report" | "shutdown" | "ignore" | ((failure: TaskFailure) => void);
  readonly asyncContext?: boolean;
  /** Instead of what it makes itself: for other kinds of them. */
  readonly clock?: Clock | undefined;
  readonly scheduler?: Scheduler;
  readonly random?: Random;
  readonly threads?: number | undefined;
}

/** What an upper layer has attached to a runtime, shut down with it. */
export interface Attachment {
  shutdown(options: { timeout: number }): Promise<void>;
}

export class Kernel {
  readonly name: string | undefined;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly seed: number | undefined;
  /** Made when it is first asked for (`random.ts`). */
  random: Random | undefined;
  readonly cleanupWindow: number;
  readonly onTaskFailure: "report" | "shutdown" | "ignore" | ((failure: TaskFailure) => void);
  readonly asyncContext: boolean;
  /** Of the runtime's own pool of threads; `undefined` without one. */
  readonly threads: number | undefined;
  /** That pool, once it is used. */
  attachment: Attachment | null = null;
  /** Set once the runtime was shut down: what is spawned afterwards is cancelled at once. */
  isClosed: boolean = false;
  spawned: number = 0;
  alive: number = 0;
  /** Foreign work that holds a paused clock back: promises given to `fromPromise`, jobs on threads. */
  foreign: number = 0;
  /** Dropped calls that still clean up, or run shielded, by themselves. */
  readonly detached: Set<Branch<unknown>> = new Set();
  /** The public face, made when somebody asks for it. */
  runtime: Runtime | undefined;
  /** Told when no task is left; `shutdown` waits on it. */
  readonly onEmpty: Set<() => void> = new Set();
  /** Set by whoever runs the kernel; ends everything because of a failure (`onTaskFailure: "shutdown"`). */
  requestShutdown: ((error: unknown) => void) | null = null;
  /** Under virtual time: something changed, time may have to move. */
  onIdle: (() => void) | null = null;
  /** When an async body goes on with what it awaited; null: as soon as the engine wants. */
  resumeLater: ((pending: Await<unknown>) => Promise<void>) | null = null;
  /** Whether a joiner may run a task before its turn. */
  runsInline: boolean = true;
  /** Budget of awaits outside any task. */
  budget: number = BUDGET;
  /** Of the list of live tasks that have waited (`live-tasks.ts`). */
  firstLive: Task<unknown> | null = null;

  constructor(options: KernelOptions = {}) {
    this.name = options.name;
    this.clock = options.clock ?? new Clock();
    this.scheduler = options.scheduler ?? new Scheduler(this.clock);
    this.seed = options.seed;
    this.random = options.random;
    this.cleanupWindow = options.cleanupWindow ?? 5000;
    this.onTaskFailure = options.onTaskFailure ?? "report";
    this.asyncContext = options.asyncContext ?? true;
    this.threads = options.threads;
  }

  /** Foreign work has ended. */
  foreignDone(): void {
    this.foreign--;
    this.onIdle?.();
  }

  /** A task has ended. */
  taskGone(): void {
    this.alive--;
    if (this.alive === 0 && this.onEmpty.size > 0) for (const listener of this.onEmpty) listener();
  }
}

interface PollContext {
  branch: Branch<unknown> | null;
  waker: Waker | null;
  /** Operations left before the running task must let others run. */
  budget: number;
  /** The async context has been set to lead to the branch (`trail.ts`), for the rest of this poll. */
  isMarked: boolean;
}

/** A budget that is never used up; a small integer, so that the field stays one. */
export const UNLIMITED: number = 0x3fff_ffff;

export const cx: PollContext = { branch: null, waker: null, budget: UNLIMITED, isMarked: false };

let byDefault: Kernel | undefined;

/** Makes the default runtime as whoever started the program wants it: set by `runtime.ts`. */
export const byLaunch: { make: (() => Kernel) | null } = { make: null };

/** The runtime of whoever belongs to no other. */
export function defaultKernel(): Kernel {
  return (byDefault ??= byLaunch.make === null ? new Kernel() : byLaunch.make());
}

/** Those of which a `run` or a `shutdown` is in progress: whom an empty host loop concerns. */
export const runningKernels: Set<Kernel> = new Set();

/** Those of the runtimes that are not shut down; what nobody uses any more is no longer among them. */
export const openKernels: Set<WeakRef<Kernel>> = new Set();

/** Those that may have tasks. */
export function kernelsInUse(): Set<Kernel> {
  const found: Set<Kernel> = new Set();
  if (byDefault !== undefined) found.add(byDefault);
  for (const each of openKernels) {
    const kernel = each.deref();
    if (kernel === undefined) openKernels.delete(each);
    else found.add(kernel);
  }
  return found;
}

/** The only one that runs, or else the default one. */
export function likeliestKernel(): Kernel {
  const [first] = runningKernels;
  return first !== undefined && runningKernels.size === 1 ? first : defaultKernel();
}
