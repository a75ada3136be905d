/** The promise baseline's rate limiter: a bucket that is filled when somebody looks, and one timer for the first who waits. */
import { Fifo } from "./fifo.ts";

const TAKEN: Promise<void> = Promise.resolve();

export class PromiseTokenBucket {
  readonly #rate: number;
  readonly #per: number;
  #tokens: number;
  #filledAt = performance.now();
  readonly #waiters = new Fifo<() => void>();

  /** At most `rate` at once, and `rate` in `per` milliseconds over time. */
  constructor(rate: number, per: number) {
    this.#rate = rate;
    this.#per = per;
    this.#tokens = rate;
  }

  take(): Promise<void> {
    this.#fill();
    if (this.#tokens >= 1 && this.#waiters.size === 0) {
      this.#tokens--;
      return TAKEN;
    }
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      if (this.#waiters.size === 1) this.#arm();
    });
  }

  #fill(): void {
    const now = performance.now();
    const earned = ((now - this.#filledAt) * this.#rate) / this.#per;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#rate, this.#tokens + earned);
  }
  #arm(): void {
    setTimeout(() => this.#serve(), ((1 - this.#tokens) * this.#per) / this.#rate);
  }
  #serve(): void {
    this.#fill();
    while (this.#tokens >= 1 && this.#waiters.size > 0) {
      this.#tokens--;
      this.#waiters.shift()();
    }
    if (this.#waiters.size > 0) this.#arm();
  }
}
