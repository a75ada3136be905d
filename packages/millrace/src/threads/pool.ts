/** A pool of threads: its shared memory, its threads, and this thread's calls into it. */
import { ClosedError, ThreadError } from "../errors.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { checkCount, checkName, optionsOf, shown } from "../runtime/argument.ts";
import { toMs, type Duration } from "../runtime/duration.ts";
import { host } from "../runtime/host.ts";
import type { JoinHandle } from "../runtime/join-handle.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { cores, requireThreads, sharesMemory } from "./backend.ts";
import { home, type Engine } from "./home.ts";
import type { ThreadPoolMetrics } from "./pool-metrics.ts";
import { PortWorkshop } from "./port-workshop.ts";
import { SharedWorkshop } from "./shared-workshop.ts";
import { MAX_THREADS } from "./slot-state.ts";
import { startOn } from "./start-on.ts";
import type { ThreadFn } from "./threaded.ts";
import { NEVER_STARTED, type Workshop, type WorkshopOptions } from "./workshop.ts";

/** Calls that may be under way and queued. */
const QUEUE = 65_536;
/** How often a pool that is being shut down looks whether it is done, in ms. */
const LOOK_MS = 2;

/** How to make a pool; every field has a default. */
export interface ThreadPoolOptions {
  /** Default: the number of cores. */
  threads?: number;
  /** For messages, and for tools that name threads. Default "pool". */
  name?: string;
  /** A thread that had nothing to do for so long (ms) is ended, and started again when it is needed. Default: never. */
  idleTimeout?: Duration;
  /** Calls that may be under way and queued; further ones wait. Default 65536. */
  queue?: number;
  /** Of each thread. */
  resourceLimits?: { maxOldGenerationSizeMb?: number };
}

let engineOf: (pool: ThreadPool) => Engine;
let adopting: Engine | undefined;

/**
 * Threads that run `threaded` functions, fed through shared memory. They are started when there is work
 * for them, take tasks from each other when they have none, are replaced when they die, and keep no
 * program alive that has nothing else to do. (Where the platform lets threads share no memory, calls go by
 * message, and mean the same: `metrics().transport` says so.)
 *
 * Most programs need none of their own: the default pool has as many threads as there are cores.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { threaded, ThreadPool } from "millrace/threads";
 *
 * export const square = threaded(import.meta, (n: number) => n * n);
 * main(async () => {
 *   await using pool = new ThreadPool({ threads: 1 });
 *   console.log(await pool.spawn(square, 7)); // 49
 * });
 * ```
 */
export class ThreadPool implements AsyncDisposable {
  readonly #options: ThreadPoolOptions;
  readonly #threads: number;
  readonly #idleTimeout: number;
  readonly #adopted: Engine | undefined;
  #workshop: Workshop | undefined;
  #ending: Promise<void> | undefined;

  /**
   * Its threads are started when they are first needed.
   *
   * @throws RangeError for a bad number of threads, queue length, duration or limit; TypeError for a `name` that
   * is no string.
   */
  constructor(options: ThreadPoolOptions = {}) {
    const { threads = cores(), queue = QUEUE, idleTimeout = Infinity } = optionsOf("ThreadPool", options);
    checkCount("ThreadPool", "threads", threads, 1);
    if (threads > MAX_THREADS) {
      throw new RangeError(`ThreadPool expects threads to be at most ${MAX_THREADS}, got ${threads}`);
    }
    checkCount("ThreadPool", "queue", queue, 1);
    checkName("ThreadPool", options.name);
    const heap: unknown = options.resourceLimits?.maxOldGenerationSizeMb;
    if (heap !== undefined && !(Number.isFinite(heap) && (heap as number) > 0)) {
      throw new RangeError(
        `ThreadPool expects resourceLimits.maxOldGenerationSizeMb to be a positive number, got ${shown(heap)}`,
      );
    }
    this.#idleTimeout = toMs("ThreadPool", idleTimeout);
    this.#threads = threads;
    this.#options = options;
    this.#adopted = adopting;
  }

  /** The pool that calls go to when they name none; on a thread, the pool it belongs to. */
  static default(): ThreadPool {
    if (home.engine !== null) {
      adopting = home.engine;
      try {
        return (ofThread ??= new ThreadPool());
      } finally {
        adopting = undefined;
      }
    }
    if (byDefault === undefined || byDefault.#ending !== undefined) byDefault = new ThreadPool();
    return byDefault;
  }

  static {
    engineOf = (pool) => pool.#engine();
  }

  #engine(): Engine {
    if (this.#adopted !== undefined) return this.#adopted;
    if (this.#workshop === undefined) {
      const { name = "pool", queue = QUEUE, resourceLimits } = this.#options;
      requireThreads();
      const options: WorkshopOptions = {
        threads: this.#threads,
        name,
        queue,
        idleTimeout: this.#idleTimeout,
        resourceLimits,
      };
      const workshop = sharesMemory() ? new SharedWorkshop(options) : new PortWorkshop(options);
      if (this.#ending !== undefined) workshop.closed = closedError;
      this.#workshop = workshop;
    }
    return this.#workshop;
  }

  /**
   * Starts a call on one of the pool's threads; the handle is a task like any other.
   *
   * @throws TypeError when `fn` is not a threaded function.
   */
  spawn<A extends unknown[], R>(fn: ThreadFn<A, R>, ...args: A): JoinHandle<R> {
    return startOn("ThreadPool.spawn", fn, args, () => this.#engine());
  }

  /**
   * What the pool does right now, and has done. Asked on one of its threads where calls go by message, it knows
   * of that thread's own calls alone.
   */
  metrics(): ThreadPoolMetrics {
    const engine = this.#adopted ?? this.#workshop;
    if (engine !== undefined) return engine.metrics();
    const transport = sharesMemory() ? "shared memory" : "messages";
    return { threads: 0, queued: 0, running: 0, completed: 0, stolen: 0, restarted: 0, parked: 0, transport };
  }

  /**
   * Lets what is running finish, within the limit (ms; default: as long as it takes), then stops the
   * threads. What has not started is cancelled; what is still running then fails with `ThreadError`; what
   * is submitted from now on fails with `ClosedError`.
   *
   * @throws TypeError on a thread of the pool, which cannot end what it runs on; RangeError for a bad limit.
   */
  shutdown(options: { timeout?: Duration } = {}): Promise<void> {
    if (this.#adopted !== undefined) {
      throw new TypeError(
        "ThreadPool.shutdown expects to be called by who made the pool, got a call on one of its threads",
      );
    }
    const limit = toMs("ThreadPool.shutdown", optionsOf("ThreadPool.shutdown", options).timeout ?? Infinity);
    const ending = this.#shutDown(limit);
    this.#ending ??= ending;
    return ending;
  }

  async #shutDown(limit: number): Promise<void> {
    const workshop = this.#workshop;
    if (workshop === undefined) return;
    workshop.closed = closedError;
    workshop.cancelQueued(NEVER_STARTED);
    const until = host.now() + limit;
    while (!workshop.isQuiet && host.now() < until) {
      await new Promise<void>((resolve) => {
        host.timer(Math.min(LOOK_MS, until - host.now()), resolve);
      });
    }
    const cutOff = (): ThreadError =>
      new ThreadError(
        `the pool was shut down, and its limit of ${limit} ms passed while the call was running`,
        undefined,
      );
    await workshop.end("the pool was shut down", cutOff);
  }

  /** Shuts it down, and waits for what is running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

threadBound(ThreadPool, "a ThreadPool");

let byDefault: ThreadPool | undefined;
let ofThread: ThreadPool | undefined;

function closedError(): ClosedError {
  return new ClosedError("the thread pool was shut down");
}

const ofRuntimes = new WeakMap<Kernel, ThreadPool>();
home.engineOfPool = (pool) => engineOf(pool);
home.defaultEngine = () => engineOf(ThreadPool.default());
home.engineOfRuntime = (kernel) => {
  let pool = ofRuntimes.get(kernel);
  if (pool === undefined) {
    pool = new ThreadPool({ threads: kernel.threads!, name: kernel.name ?? "runtime" });
    ofRuntimes.set(kernel, pool);
    kernel.attachment = pool;
  }
  return engineOf(pool);
};
