/** A future that a test finishes by hand, and that counts what is done to it. */
import { Future, PENDING, type Poll, type Waker } from "millrace";

export class Probe<T = void> extends Future<T> {
  polls: number = 0;
  drops: number = 0;
  #waker: Waker | undefined;
  #finish: (() => T) | undefined;

  poll(waker: Waker): Poll<T> {
    this.polls++;
    if (this.#finish !== undefined) return this.#finish();
    this.#waker = waker;
    return PENDING;
  }
  override drop(): void {
    this.drops++;
  }

  resolve(value: T): void {
    this.#finish = () => value;
    this.#waker?.wake();
  }
  reject(error: unknown): void {
    this.#finish = () => {
      throw error;
    };
    this.#waker?.wake();
  }
  /** Wakes whoever polled, without a result. */
  wake(): void {
    this.#waker?.wake();
  }
}
