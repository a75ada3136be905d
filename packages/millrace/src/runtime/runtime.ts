/** The public face of a kernel: running programs on it, shutting it down, looking at it. */
import { OBSERVED } from "./task-state.ts";
import { liveTasks } from "./live-tasks.ts";
import { CancelledError, RuntimeShutdownError } from "../errors.ts";
import { threadBound } from "../internal/thread-bound.ts";
import type { Awaitable, Body, Routine } from "./body.ts";
import { deadlockError } from "./deadlock.ts";
import { checkCount, checkName, checkSeed, optionsOf, OR_FUTURE, requireBody, shown } from "./argument.ts";
import { toMs, type Duration } from "./duration.ts";
import { reportAll } from "./failure.ts";
import { Future } from "./future.ts";
import { host, hostProcess } from "./host.ts";
import { JoinHandle } from "./join-handle.ts";
import { byLaunch, Kernel, openKernels, runningKernels, type TaskFailure, type TaskId } from "./kernel.ts";
import { ambientKernel } from "./trail.ts";
import { spawnOn, type SpawnOptions } from "./spawn.ts";
import { Timer } from "./clock.ts";
import { launchOptions } from "./launch.ts";
import { PausedClock } from "./paused-clock.ts";
import type { Task, TaskBody, TaskContext } from "./task.ts";
import { VirtualTime } from "./virtual-time.ts";

/** How a runtime keeps time, chooses, cleans up and reports. */
export interface RuntimeOptions {
  /** For reports. */
  name?: string;
  /** "paused": time moves to the next timer whenever a full turn of the host loop finds nothing else to do. */
  clock?: "system" | "paused";
  /** Makes every random choice of the runtime reproducible. */
  seed?: number;
  /** How long cleanup of a cancelled task may keep awaiting, in ms. Default 5000. */
  cleanupWindow?: Duration;
  /** What happens to a task failure that nobody observes. Default "report". */
  onTaskFailure?: "report" | "shutdown" | "ignore" | ((failure: TaskFailure) => void);
  /** Carries the caller's AsyncLocalStorage context into tasks. Default true where it exists. */
  asyncContext?: boolean;
  /** Size of the runtime's own thread pool (`millrace/threads`), made on first use and shut down with it. */
  threads?: number;
}
/** What `shutdown` found. */
export interface ShutdownReport {
  /** Tasks that were alive and were told to stop. */
  readonly aborted: number;
  /** Those that were not done within the time limit. */
  readonly leaked: readonly { id: TaskId; name: string | undefined; spawnedAt: string | undefined }[];
}
/** What a runtime has done so far, and has to do. */
export interface RuntimeMetrics {
  /** Tasks that have not ended. */
  readonly aliveTasks: number;
  /** Tasks that were ever spawned. */
  readonly spawned: number;
  /** Polls of tasks, ever. */
  readonly polls: number;
  /** Tasks that are ready and wait for their turn. */
  readonly queueDepth: number;
  /** Times that a task used up its budget and had to let others run. */
  readonly forcedYields: number;
  /** Timers that are set. */
  readonly timers: number;
  /** Time spent in tasks, in ms. */
  readonly busyMs: number;
  /** Times that nothing was left to run. */
  readonly parkCount: number;
}

/** What may become of a failure of a task that nobody observes. */
const FAILURES: ReadonlySet<string> = new Set(["report", "shutdown", "ignore"]);

interface Run {
  readonly task: Task<unknown>;
  readonly reject: (error: unknown) => void;
}

// Doors into the class for the modules that share its internals.
let kernelOf: (runtime: Runtime) => Kernel;
let virtualTimeOf: (runtime: Runtime) => VirtualTime | null;
let hostIsEmpty: (runtime: Runtime) => void;

/**
 * One event-loop runtime. A program has a default one; more can be made, each with its own clock, seed
 * and tasks.
 *
 * @example
 * ```ts
 * import { Runtime, sleep } from "millrace";
 *
 * await using runtime = new Runtime({ clock: "paused", seed: 1 });
 * await runtime.run(async () => { await sleep(60_000); }); // at once
 * ```
 */
export class Runtime implements AsyncDisposable {
  readonly #kernel: Kernel;
  readonly #open: WeakRef<Kernel>;
  readonly #runs: Set<Run> = new Set();
  readonly #virtual: VirtualTime | null;
  /** Shutdowns in progress: how to end them when what is left can never end. */
  readonly #unwinding: Set<() => void> = new Set();
  #shutdownError: unknown = undefined;

  /**
   * A runtime of its own, beside the default one.
   *
   * @throws RangeError for a bad `clock`, `seed`, `cleanupWindow`, `onTaskFailure` or `threads`; TypeError for a
   * `name` that is no string.
   */
  constructor(options: RuntimeOptions = {}) {
    const {
      clock = "system",
      cleanupWindow = 5000,
      onTaskFailure = "report",
    } = optionsOf("Runtime", options);
    if (clock !== "system" && clock !== "paused") {
      throw new RangeError(`Runtime expects clock to be "system" or "paused", got ${String(clock)}`);
    }
    checkName("Runtime", options.name);
    checkSeed("Runtime", options.seed);
    if (typeof onTaskFailure !== "function" && !FAILURES.has(onTaskFailure)) {
      throw new RangeError(
        `Runtime expects onTaskFailure to be "report", "shutdown", "ignore" or a function, got ${shown(onTaskFailure)}`,
      );
    }
    if (options.threads !== undefined) checkCount("Runtime", "threads", options.threads, 1);
    const adopted = adopting;
    this.#kernel =
      adopted ??
      new Kernel({
        ...options,
        clock: clock === "paused" ? new PausedClock() : undefined,
        cleanupWindow: toMs("Runtime", cleanupWindow),
      });
    this.#kernel.runtime = this;
    this.#open = new WeakRef(this.#kernel);
    openKernels.add(this.#open);
    this.#kernel.requestShutdown = (error) => {
      this.#shutdownError = error;
      void this.shutdown();
    };
    const own = this.#kernel.clock;
    this.#virtual =
      own instanceof PausedClock ? new VirtualTime(this.#kernel, own, true, () => this.#deadlocked()) : null;
  }

  /** The runtime of the running task; outside of tasks, the default one. */
  static current(): Runtime {
    return runtimeOf(ambientKernel());
  }

  /**
   * Runs `body` to its end (the counterpart of `block_on`).
   *
   * Rejects with `DeadlockError` when nothing can ever run again, and with `RuntimeShutdownError` when
   * the runtime is shut down under it.
   */
  run<T>(body: (cx: TaskContext) => Routine<T>): Promise<T>;
  /** The same with an async function, a plain one or a future. */
  run<T>(body: ((cx: TaskContext) => Awaitable<T>) | Future<T>): Promise<T>;
  run<T>(body: TaskBody<T>): Promise<T> {
    if (!(body instanceof Future)) requireBody("Runtime.run", body, OR_FUTURE);
    if (this.#kernel.isClosed) return Promise.reject(this.#shutdown());
    const task = spawnOn(this.#kernel, body, undefined, false);
    task.flags |= OBSERVED;
    return new Promise<T>((resolve, reject) => {
      const run: Run = { task: task as Task<unknown>, reject };
      this.#runs.add(run);
      watchHost(this);
      task.onEnd(() => {
        this.#ended(run);
        if (!task.isFailed) resolve(task.result as T);
        else if (task.result instanceof CancelledError && this.#kernel.isClosed) reject(this.#shutdown());
        else reject(task.result);
      });
      task.wake();
    });
  }

  /** Starts a task on this runtime, as `spawn` does on the current one. */
  spawn<T>(body: Body<T, [TaskContext]> | Future<T>, options?: SpawnOptions): JoinHandle<T> {
    return new JoinHandle(spawnOn(this.#kernel, body, options, true));
  }

  /**
   * Aborts every task, waits for their cleanup (at most `timeout` ms), and says what was left. Spawning
   * afterwards gives cancelled handles.
   */
  async shutdown(options: { timeout?: Duration } = {}): Promise<ShutdownReport> {
    const kernel = this.#kernel;
    const limit = toMs("shutdown", optionsOf("shutdown", options).timeout ?? Infinity);
    kernel.isClosed = true;
    const tasks = liveTasks(kernel);
    for (const task of tasks) task.abort("the runtime was shut down");
    watchHost(this);
    await settled(kernel, limit, this.#unwinding);
    this.#unwatch();
    const leaked = liveTasks(kernel).map(({ id, name, spawnedAt }) => ({ id, name, spawnedAt }));
    // What is left of the tasks that were given up runs on a thread: it is cut off.
    const timeout = leaked.length > 0 ? 0 : Math.min(limit, kernel.cleanupWindow);
    await kernel.attachment?.shutdown({ timeout });
    if (leaked.length === 0) {
      kernel.clock.stop();
      openKernels.delete(this.#open);
    }
    for (const run of this.#runs) {
      this.#ended(run);
      run.reject(this.#shutdown());
    }
    reportAll(kernel);
    return { aborted: tasks.length, leaked };
  }

  /** Counted since it was made. */
  metrics(): RuntimeMetrics {
    const { scheduler, clock, alive, spawned } = this.#kernel;
    const { polls, depth, forcedYields, busyMs, parkCount } = scheduler;
    const timers = clock.wheel.size;
    return { aliveTasks: alive, spawned, polls, queueDepth: depth, forcedYields, timers, busyMs, parkCount };
  }

  /** `shutdown` without a time limit. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  static {
    byLaunch.make = defaultByLaunch;
    kernelOf = (runtime) => runtime.#kernel;
    virtualTimeOf = (runtime) => runtime.#virtual;
    hostIsEmpty = (runtime) => {
      if (runtime.#virtual?.moveAnyway() !== true) runtime.#deadlocked();
    };
  }

  /** Fails every run with what everything waits for, and lets the tasks unwind. */
  #deadlocked(): void {
    const canFail = this.#runs.size > 0 && !this.#kernel.isClosed;
    // What comes of it may be stuck as well, and the host says that it is empty again only after another turn.
    if (canFail || this.#unwinding.size > 0) host.macrotask(() => {});
    for (const giveUp of this.#unwinding) giveUp();
    if (!canFail) return;
    const error = deadlockError(this.#kernel);
    for (const run of this.#runs) {
      this.#ended(run);
      run.reject(error);
      run.task.abort(error);
    }
  }

  #ended(run: Run): void {
    this.#runs.delete(run);
    this.#unwatch();
  }

  #unwatch(): void {
    if (this.#runs.size === 0 && this.#unwinding.size === 0) runningKernels.delete(this.#kernel);
  }

  #shutdown(): RuntimeShutdownError {
    const cause = this.#shutdownError;
    return new RuntimeShutdownError(
      cause === undefined ? "the runtime was shut down" : "the runtime was shut down because a task failed",
      cause === undefined ? undefined : { cause },
    );
  }
}

threadBound(Runtime, "a Runtime");

/** The parts behind a runtime, for the layers above. */
export function internalsOf(runtime: Runtime): {
  readonly kernel: Kernel;
  readonly virtual: VirtualTime | null;
} {
  return { kernel: kernelOf(runtime), virtual: virtualTimeOf(runtime) };
}

/** The kernel that a `Runtime` under construction takes over instead of making its own. */
let adopting: Kernel | undefined;

export function runtimeOf(kernel: Kernel): Runtime {
  if (kernel.runtime !== undefined) return kernel.runtime;
  adopting = kernel;
  try {
    return new Runtime();
  } finally {
    adopting = undefined;
  }
}

/** The default runtime: its time may have to stand still, and then it needs somebody who moves it. */
function defaultByLaunch(): Kernel {
  const { seed, clock } = launchOptions();
  if (clock !== "paused") return new Kernel({ seed });
  const kernel = new Kernel({ seed, clock: new PausedClock() });
  runtimeOf(kernel);
  return kernel;
}

let watchesHost = false;

/** `beforeExit` comes when the host loop has nothing left: then nothing can ever run again. */
function watchHost(runtime: Runtime): void {
  runningKernels.add(kernelOf(runtime));
  if (watchesHost) return;
  watchesHost = true;
  hostProcess?.on("beforeExit", () => {
    for (const each of runningKernels) hostIsEmpty(each.runtime!);
  });
}

class Limit extends Timer {
  readonly #elapsed: () => void;
  constructor(elapsed: () => void) {
    super();
    this.#elapsed = elapsed;
  }
  fire(): void {
    this.#elapsed();
  }
}

/** Resolves when no task is left, after `limit` ms, or when a member of `unwinding` is called. */
function settled(kernel: Kernel, limit: number, unwinding: Set<() => void>): Promise<void> {
  if (kernel.alive === 0) return Promise.resolve();
  // A paused clock looks again whether anything is left that can happen.
  kernel.onIdle?.();
  return new Promise((resolve) => {
    const done = (): void => {
      kernel.onEmpty.delete(done);
      unwinding.delete(done);
      kernel.clock.cancel(timer);
      resolve();
    };
    const timer = new Limit(done);
    if (limit !== Infinity) kernel.clock.schedule(timer, kernel.clock.now() + limit);
    kernel.onEmpty.add(done);
    unwinding.add(done);
  });
}
