/** The promise baseline's channel without a bound: an array of values, or of those who wait for one. */
import { Fifo } from "./fifo.ts";

export class PromiseQueue<T> {
  readonly #values = new Fifo<T>();
  readonly #receivers = new Fifo<(value: T) => void>();

  send(value: T): void {
    if (this.#receivers.size > 0) this.#receivers.shift()(value);
    else this.#values.push(value);
  }
  recv(): Promise<T> {
    if (this.#values.size > 0) return Promise.resolve(this.#values.shift());
    return new Promise((resolve) => this.#receivers.push(resolve));
  }
}
