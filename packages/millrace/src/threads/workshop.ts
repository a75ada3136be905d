/** What a pool is made of, once it is used: its threads, and the calls under way. */
import type { Resource } from "../runtime/resource.ts";
import type { Engine } from "./home.ts";

/** What is said of a call that has not begun when its pool is shut down. */
export const NEVER_STARTED = "the thread pool was shut down before the call started";

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
  /**
   * How calls and results travel: by message where the platform does not let threads share memory. Always
   * given; optional for whoever makes such figures without a pool.
   */
  readonly transport?: "shared memory" | "messages";
}

export interface WorkshopOptions {
  readonly threads: number;
  readonly name: string;
  readonly queue: number;
  readonly idleTimeout: number;
  readonly resourceLimits: { maxOldGenerationSizeMb?: number } | undefined;
}

export interface Workshop extends Engine, Resource {
  closed: (() => Error) | undefined;
  metrics(): ThreadPoolMetrics;
  /** Nothing is queued or under way, on whichever thread it was called. */
  readonly isQuiet: boolean;
  /** Withdraws what has not started, also what waits for room; the rest goes on. */
  cancelQueued(why: string): void;
  /** Ends all threads, and fails what they were at. */
  end(why: string, error: () => unknown): Promise<void>;
}
