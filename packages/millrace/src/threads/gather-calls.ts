/** Keeps a number of futures under way until there are no more of them. */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { abandon, claim, Future } from "../runtime/future.ts";

class Gather extends Future<void> {
  readonly #next: () => Future<void> | undefined;
  readonly #limit: number;
  readonly #running: Set<Branch> = new Set();
  readonly #woken: Set<Branch> = new Set();
  #isOver: boolean = false;
  #waker: Waker | null = null;

  constructor(next: () => Future<void> | undefined, limit: number) {
    super();
    this.#next = next;
    this.#limit = limit;
  }

  poll(waker: Waker): Poll<void> {
    this.#waker = waker;
    try {
      for (;;) {
        for (const branch of this.#woken) {
          this.#woken.delete(branch);
          if (branch.future.poll(branch) !== PENDING) this.#running.delete(branch);
        }
        while (!this.#isOver && this.#running.size < this.#limit) this.#start();
        if (this.#woken.size === 0) break;
      }
    } catch (error) {
      this.drop();
      throw error;
    }
    return this.#running.size === 0 ? undefined : PENDING;
  }

  #start(): void {
    const future = this.#next();
    if (future === undefined) {
      this.#isOver = true;
      return;
    }
    const branch = new Branch(claim(future), (woken) => {
      if (this.#running.has(woken)) this.#woken.add(woken);
      this.#waker?.wake();
    });
    this.#running.add(branch);
    this.#woken.add(branch);
  }

  override drop(): void {
    const running = [...this.#running];
    this.#running.clear();
    this.#woken.clear();
    this.#isOver = true;
    for (const { future } of running) abandon(future);
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [...this.#running].map(({ future }) => future);
  }
}

class Branch implements Waker {
  readonly future: Future<void>;
  readonly #onWake: (branch: Branch) => void;
  constructor(future: Future<void>, onWake: (branch: Branch) => void) {
    this.future = future;
    this.#onWake = onWake;
  }
  wake(): void {
    this.#onWake(this);
  }
}

/** Completes when `next` gives nothing more and all it gave has completed; the first failure is thrown. */
export function gather(next: () => Future<void> | undefined, limit: number): Future<void> {
  return new Gather(next, limit);
}
