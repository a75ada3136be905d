/** One at a time, across threads. */
import type { Future } from "../runtime/future.ts";
import { SHARE, shareable, type SharedParts } from "./shareable.ts";
import { makePermits, samePermits } from "./make-permits.ts";
import type { Permits, SharedGuard } from "./permits.ts";

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
  readonly #permits: Permits;

  constructor() {
    this.#permits = restoring === undefined ? makePermits(1) : samePermits(restoring);
  }

  /** Waits for the lock. `using` releases it at the end of the block. */
  lock(): Future<SharedGuard> {
    return this.#permits.take(1, "a shared mutex");
  }
  /** The lock, if it is free. */
  tryLock(): SharedGuard | undefined {
    return this.#permits.tryHold(1);
  }
  /** @internal */
  [SHARE](): SharedParts {
    return { kind: KIND, data: [], ...this.#permits.parts() };
  }
}

let restoring: SharedParts | undefined;
shareable(KIND, (parts) => {
  restoring = parts;
  try {
    return new SharedMutex();
  } finally {
    restoring = undefined;
  }
});
