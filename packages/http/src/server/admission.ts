/** How many requests are worked on at once, and how many may wait for that. */
import { Semaphore, type Future } from "millrace";

/** A place among the requests that are worked on. */
export interface Entry {
  release(): void;
}

export class Admission implements Entry {
  readonly #permits: Semaphore;
  readonly #queue: number;
  /** Requests that wait for a permit. Whoever has waited takes itself off. */
  waiting: number = 0;
  refused: number = 0;

  constructor(limit: number, queue: number) {
    this.#permits = new Semaphore(Math.min(limit, Number.MAX_SAFE_INTEGER), { name: "requests at once" });
    this.#queue = queue;
  }

  /**
   * A place now, the future of one (`waiting` counts it until it is given up or comes), or nothing: the request
   * is one too many. An exchange gives its place back whatever comes, so no permit is made that the collector
   * would have to watch (the server rows of `bench:http`).
   */
  enter(): Entry | Future<Entry> | undefined {
    // Everybody takes one, so nobody waits while one is free.
    if (this.#permits.forgetPermits(1) === 1) return this;
    if (this.waiting >= this.#queue) {
      this.refused++;
      return undefined;
    }
    this.waiting++;
    return this.#permits.acquire();
  }
  /** Of one that was free. */
  release(): void {
    this.#permits.addPermits(1);
  }
}
