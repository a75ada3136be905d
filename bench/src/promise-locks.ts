/**
 * The promise baselines' locks: what a good engineer writes by hand. All are FIFO. They have no
 * cancellation, no guards and no safety net: less than any library here offers.
 */
import { Fifo } from "./fifo.ts";

const ACQUIRED: Promise<void> = Promise.resolve();

/** Each one waits for the promise of the one before. */
export class ChainMutex {
  #tail: Promise<void> = ACQUIRED;

  /** Gives what unlocks. */
  lock(): Promise<() => void> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise;
    return before.then(() => resolve);
  }
}

/** With one permit a mutex: a count and a queue, which costs less than a chain of promises. */
export class PromiseSemaphore {
  #permits: number;
  readonly #waiters = new Fifo<() => void>();

  constructor(permits: number) {
    this.#permits = permits;
  }
  acquire(): Promise<void> {
    if (this.#permits > 0) {
      this.#permits--;
      return ACQUIRED;
    }
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
  /** Hands over to the longest waiter, so that nobody barges. */
  release(): void {
    if (this.#waiters.size > 0) this.#waiters.shift()();
    else this.#permits++;
  }
}

interface WaitingLocker {
  readonly isWriter: boolean;
  readonly resolve: () => void;
}

/** Many readers or one writer; whoever comes later than a waiting writer waits behind it. */
export class PromiseRwLock {
  #readers = 0;
  #isWritten = false;
  readonly #waiters = new Fifo<WaitingLocker>();

  read(): Promise<void> {
    if (!this.#isWritten && this.#waiters.size === 0) {
      this.#readers++;
      return ACQUIRED;
    }
    return new Promise((resolve) => this.#waiters.push({ isWriter: false, resolve }));
  }
  write(): Promise<void> {
    if (!this.#isWritten && this.#readers === 0) {
      this.#isWritten = true;
      return ACQUIRED;
    }
    return new Promise((resolve) => this.#waiters.push({ isWriter: true, resolve }));
  }
  endRead(): void {
    this.#readers--;
    this.#admit();
  }
  endWrite(): void {
    this.#isWritten = false;
    this.#admit();
  }

  #admit(): void {
    while (this.#waiters.size > 0 && !this.#isWritten) {
      if (this.#waiters.first.isWriter) {
        if (this.#readers > 0) return;
        this.#isWritten = true;
      } else this.#readers++;
      this.#waiters.shift().resolve();
    }
  }
}
