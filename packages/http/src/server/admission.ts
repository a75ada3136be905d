/** How many requests are worked on at once, and how many may wait for that. */
import { Semaphore, type Future, type SemaphorePermit } from "millrace";

export class Admission {
  readonly #permits: Semaphore;
  readonly #queue: number;
  /** Requests that wait for a permit. Whoever has waited takes itself off. */
  waiting: number = 0;
  refused: number = 0;

  constructor(limit: number, queue: number) {
    this.#permits = new Semaphore(Math.min(limit, Number.MAX_SAFE_INTEGER), { name: "requests at once" });
    this.#queue = queue;
  }

  /** A permit now, the future of one (`waiting` counts it until it is given up or comes), or nothing: the request is one too many. */
  enter(): SemaphorePermit | Future<SemaphorePermit> | undefined {
    const taken = this.#permits.tryAcquire();
    if (taken.ok) return taken.value;
    if (this.waiting >= this.#queue) {
      this.refused++;
      return undefined;
    }
    this.waiting++;
    return this.#permits.acquire();
  }
}
