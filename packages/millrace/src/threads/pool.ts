/** A pool of threads: its shared memory, its threads, and this thread's calls into it. */
import { ClosedError, ThreadError } from "../errors.ts";
import { checkCount, toMs, type Duration } from "../runtime/duration.ts";
import { host } from "../runtime/host.ts";
import type { JoinHandle } from "../runtime/join-handle.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { made, type Attributes, type Resource, type ResourceKind } from "../runtime/resource.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { cores, requireThreads } from "./backend.ts";
import { CompletionWatch } from "./completion-watch.ts";
import { Fleet } from "./fleet.ts";
import { FunctionTable } from "./function-table.ts";
import { home, type Engine } from "./home.ts";
import { STAT_COMPLETED, STAT_RUNNING, STAT_STOLEN } from "./layout.ts";
import { isCurrent, kindOf, MAX_THREADS, QUEUED, RUNNING, threadOf } from "./slot-state.ts";
import { SharedMemory } from "./shared-memory.ts";
import { startOn } from "./start-on.ts";
import { Submitter } from "./submitter.ts";
import type { ThreadFn } from "./threaded.ts";

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

/** The figures of a pool. */
export interface ThreadPoolMetrics {
  /** Threads that have been started and have not ended. */
  readonly threads: number;
  /** Calls that wait for a thread. */
  readonly queued: number;
  /** Calls that are under way. */
  readonly running: number;
  /** Calls that have ended, well or not. */
  readonly completed: number;
  /** Calls that a thread took over from another's queue. */
  readonly stolen: number;
  /** Threads that were replaced. */
  readonly restarted: number;
  /** Threads that sleep until there is work. */
  readonly parked: number;
}

/** What a pool is made of, once it is used. */
class Workshop implements Engine, Resource {
  readonly resourceKind: ResourceKind = "pool";
  readonly resource: Resource = this;
  readonly memory: SharedMemory;
  readonly fleet: Fleet;
  readonly submitter: Submitter;
  readonly room: WaitQueue;
  closed: (() => Error) | undefined;

  constructor(
    options: Required<Omit<ThreadPoolOptions, "idleTimeout" | "resourceLimits">> & {
      idleTimeout: number;
      resourceLimits: { maxOldGenerationSizeMb?: number } | undefined;
    },
  ) {
    requireThreads();
    const memory = new SharedMemory(options.threads);
    this.memory = memory;
    this.room = new WaitQueue(options.queue);
    this.fleet = new Fleet(memory, options, {
      reclaim: () => this.submitter.reclaim(),
      wake: () => watch.look(),
      receive: (result) => this.submitter.receive(result),
      giveUp: (error) => this.submitter.failAll(error),
      currentOf: (thread) => this.submitter.currentOf(thread),
    });
    this.submitter = new Submitter(memory, 0, new FunctionTable(memory), this.fleet);
    const watch = new CompletionWatch(memory, this.submitter);
    this.fleet.onBusy = (isBusy) => watch.busy(isBusy);
    made(this, { name: options.name });
  }
  attributes(): Attributes {
    const { submitter, fleet, memory } = this;
    const running = this.sum(STAT_RUNNING);
    return {
      threads: memory.layout.threads,
      running,
      queued: Math.max(0, submitter.inFlight - running),
      alive: fleet.live,
      completed: this.sum(STAT_COMPLETED),
      stolen: this.sum(STAT_STOLEN),
      restarted: fleet.restarted,
    };
  }

  kill(thread: number, incarnation: number, why: string): void {
    this.fleet.kill(thread, incarnation, why);
  }

  count(kind: number): number {
    let count = 0;
    const { memory } = this;
    for (let slot = 0; slot < memory.layout.slotCount; slot++) {
      const state = memory.state(slot);
      if (kindOf(state) !== kind) continue;
      // What a dead thread called, and another one ran when it died, is nobody's.
      if (kind === RUNNING && !isCurrent(state, memory.incarnation(threadOf(state)))) continue;
      count++;
    }
    return count;
  }
  get isQuiet(): boolean {
    return this.submitter.inFlight === 0 && this.count(QUEUED) + this.count(RUNNING) === 0;
  }
  sum(stat: number): number {
    const { words, layout } = this.memory;
    let sum = 0;
    for (let thread = 1; thread <= layout.threads; thread++) sum += words[layout.block(thread) + stat]!;
    return sum;
  }
}

let engineOf: (pool: ThreadPool) => Engine;
let adopting: Engine | undefined;

/**
 * Threads that run `threaded` functions, fed through shared memory. They are started when there is work
 * for them, take tasks from each other when they have none, are replaced when they die, and keep no
 * program alive that has nothing else to do.
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
   * @throws RangeError for a bad number of threads, queue length or duration.
   */
  constructor(options: ThreadPoolOptions = {}) {
    const { threads = cores(), queue = QUEUE, idleTimeout = Infinity } = options;
    checkCount("ThreadPool", "threads", threads, 1);
    if (threads > MAX_THREADS) {
      throw new RangeError(`ThreadPool expects threads to be at most ${MAX_THREADS}, got ${threads}`);
    }
    checkCount("ThreadPool", "queue", queue, 1);
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
      this.#workshop = new Workshop({
        threads: this.#threads,
        name,
        queue,
        idleTimeout: this.#idleTimeout,
        resourceLimits,
      });
      if (this.#ending !== undefined) this.#workshop.closed = closedError;
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

  /** What the pool does right now, and has done. */
  metrics(): ThreadPoolMetrics {
    const workshop = this.#workshop;
    if (workshop === undefined)
      return { threads: 0, queued: 0, running: 0, completed: 0, stolen: 0, restarted: 0, parked: 0 };
    const { memory, fleet, submitter } = workshop;
    return {
      threads: fleet.live,
      queued: workshop.count(QUEUED) + submitter.backlog,
      running: workshop.count(RUNNING),
      completed: workshop.sum(STAT_COMPLETED),
      stolen: workshop.sum(STAT_STOLEN),
      restarted: fleet.restarted,
      parked: memory.parking.sleeping,
    };
  }

  /**
   * Lets what is running finish, within the limit (ms; default: as long as it takes), then stops the
   * threads. What has not started is cancelled; what is still running then fails with `ThreadError`; what
   * is submitted from now on fails with `ClosedError`.
   */
  shutdown(options: { timeout?: Duration } = {}): Promise<void> {
    const limit = toMs("ThreadPool.shutdown", options.timeout ?? Infinity);
    const ending = this.#shutDown(limit);
    this.#ending ??= ending;
    return ending;
  }

  async #shutDown(limit: number): Promise<void> {
    const workshop = this.#workshop;
    if (workshop === undefined) return;
    workshop.closed = closedError;
    const { submitter, fleet } = workshop;
    submitter.cancelQueued("the thread pool was shut down before the call started");
    const until = host.now() + limit;
    while (!workshop.isQuiet && host.now() < until) {
      await new Promise<void>((resolve) => {
        host.timer(Math.min(LOOK_MS, until - host.now()), resolve);
      });
    }
    await fleet.close("the pool was shut down");
    const cutOff = (): ThreadError =>
      new ThreadError(
        `the pool was shut down, and its limit of ${limit} ms passed while the call was running`,
        undefined,
      );
    submitter.drain();
    submitter.failAll(cutOff);
  }

  /** Shuts it down, and waits for what is running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

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
