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
