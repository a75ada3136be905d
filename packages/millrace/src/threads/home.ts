/**
 * Which pool a call goes to when it names none: on a thread, the pool it belongs to; elsewhere the
 * runtime's own, if it has one, or the default one.
 */
import type { Kernel } from "../runtime/kernel.ts";
import type { Resource } from "../runtime/resource.ts";
import type { WaitQueue } from "../runtime/wait-queue.ts";
import type { ThreadPoolMetrics } from "./pool-metrics.ts";
import type { ThreadPool } from "./pool.ts";
import type { SubmittedCall } from "./submitted-call.ts";

/** One thread's calls into a pool. */
export interface Calls {
  /**
   * `mayDefer` when whoever calls is about to return to its event loop.
   *
   * @throws DataCloneError when its arguments cannot be sent.
   */
  submit(call: SubmittedCall, mayDefer?: boolean): void;
  /**
   * The caller gave the call up. True when it is over with that; otherwise it runs, is told, and settles
   * when it has ended or its thread has; or it has settled already.
   */
  abandon(call: SubmittedCall): boolean;
  /** The thread that runs a call, and its life; undefined when none does. */
  runner(call: SubmittedCall): { readonly thread: number; readonly incarnation: number } | undefined;
}

/** A pool as its calls see it. */
export interface Engine {
  readonly submitter: Calls;
  /** How many threads it may have. */
  readonly threads: number;
  /** Calls under way or queued, at most; more wait. */
  readonly room: WaitQueue;
  /** As reports show the pool; the threads of one do not see it. */
  readonly resource?: Resource;
  /** Why nothing can be submitted any more. */
  readonly closed: (() => Error) | undefined;
  metrics(): ThreadPoolMetrics;
  /** Has the thread replaced if the call still runs there. */
  kill(thread: number, incarnation: number, why: string): void;
}

/** Bound by `boot.ts` on the threads of a pool, and by `pool.ts`. */
export const home: {
  /** The pool that this thread belongs to. */
  engine: Engine | null;
  /** The number of this thread in its pool; 0 outside of any. */
  thread: number;
  defaultEngine: (() => Engine) | null;
  engineOfRuntime: ((kernel: Kernel) => Engine) | null;
  engineOfPool: ((pool: ThreadPool) => Engine) | null;
} = { engine: null, thread: 0, defaultEngine: null, engineOfRuntime: null, engineOfPool: null };

export function engineFor(kernel: Kernel): Engine {
  if (home.engine !== null) return home.engine;
  if (kernel.threads !== undefined) return home.engineOfRuntime!(kernel);
  return home.defaultEngine!();
}
