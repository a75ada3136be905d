/** One at a time, across threads. */
import type { Future } from "../runtime/future.ts";
import { SHARE, shareable, type SharedParts } from "./shareable.ts";
import { SharedPermits, take, tryTake, type SharedGuard } from "./shared-semaphore.ts";

const KIND = "mutex";

/**
 * Locks a region of shared memory across threads; never blocks an event loop. Pass it to a `threaded`
 * function. On one thread, those who wait are served first come, first served; between threads there is no
 * order. When a thread of a pool dies while it holds the lock, the next one gets it, with a guard that says
 * so (`isAbandoned`): what the lock protects may be half-done.
 *
 * **Cancel safety.** Abandoning `lock` takes nothing.
 *
 * @example
 * ```ts
 * import { SharedMutex } from "millrace/threads";
 *
 * const mutex = new SharedMutex();
 * {
 *   using guard = await mutex.lock();
 * }
 * console.log(mutex.tryLock() !== undefined); // true
 * ```
 */
export class SharedMutex {
  readonly #permits: SharedPermits;

  constructor() {
    this.#permits = restoring === undefined ? new SharedPermits(1) : new SharedPermits(0, restoring);
  }

  /** Waits for the lock. `using` releases it at the end of the block. */
  lock(): Future<SharedGuard> {
    return take(this.#permits, 1, "a shared mutex");
  }
  /** The lock, if it is free. */
  tryLock(): SharedGuard | undefined {
    return tryTake(this.#permits, 1);
  }
  /** @internal */
  [SHARE](): SharedParts {
    return { kind: KIND, memory: this.#permits.memory, data: [] };
  }
}

let restoring: SharedArrayBuffer | undefined;
shareable(KIND, (memory) => {
  restoring = memory;
  try {
    return new SharedMutex();
  } finally {
    restoring = undefined;
  }
});
