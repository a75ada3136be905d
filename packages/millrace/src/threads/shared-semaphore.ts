/** Permits that any thread takes and gives back. */
import { checkCount } from "../runtime/argument.ts";
import type { Future } from "../runtime/future.ts";
import { makePermits, samePermits } from "./make-permits.ts";
import type { Permits, SharedGuard } from "./permits.ts";
import { SHARE, shareable, type SharedParts } from "./shareable.ts";

const KIND = "semaphore";

/**
 * A semaphore across threads; never blocks an event loop. Pass it to a `threaded` function. On one thread,
 * those who wait are served first come, first served; between threads there is no order. Permits held by a
 * thread of a pool that died are given back, and whoever takes the first of them is told (`isAbandoned`).
 *
 * **Cancel safety.** Abandoning `acquire` takes nothing.
 *
 * @example
 * ```ts
 * import { SharedSemaphore } from "millrace/threads";
 *
 * const slots = new SharedSemaphore(2);
 * using permit = await slots.acquire();
 * ```
 */
export class SharedSemaphore {
  readonly #permits: Permits;
  readonly #most: number;

  /**
   * With so many free permits.
   *
   * @throws RangeError when `permits` is not a positive integer.
   */
  constructor(permits: number) {
    this.#most = checkCount("SharedSemaphore", "permits", permits, 1);
    this.#permits = restoring === undefined ? makePermits(permits) : samePermits(restoring);
  }

  /**
   * Waits for `count` permits (1 unless said), all or nothing.
   *
   * @throws RangeError for more than there are.
   */
  acquire(count: number = 1): Future<SharedGuard> {
    checkCount("SharedSemaphore.acquire", "count", count, 1);
    if (count > this.#most) {
      throw new RangeError(`acquire expects at most ${this.#most}, which is all there are, got ${count}`);
    }
    return this.#permits.take(count, "permits of a shared semaphore");
  }
  /** @internal */
  [SHARE](): SharedParts {
    return { kind: KIND, data: [this.#most], ...this.#permits.parts() };
  }
}

let restoring: SharedParts | undefined;
shareable(KIND, (parts) => {
  restoring = parts;
  try {
    return new SharedSemaphore(parts.data[0]!);
  } finally {
    restoring = undefined;
  }
});
