/**
 * The promise baseline's bounded channel: what a good engineer writes by hand.
 *
 * A ring for the values, FIFO queues of `resolve` functions for whoever waits, hand-over from a sender to a
 * waiting receiver without touching the ring, and one shared promise for sends that need not wait.
 * It has no cancellation, no closing and no fairness beyond FIFO: less than any library here offers.
 */
import { Fifo } from "./fifo.ts";

const SENT: Promise<void> = Promise.resolve();

interface WaitingSender<T> {
  readonly value: T;
  readonly resolve: () => void;
}

export class PromiseChannel<T> {
  readonly #capacity: number;
  /** A ring that grows to the capacity as it is first filled. */
  readonly #values: (T | undefined)[] = [];
  #first = 0;
  #size = 0;
  readonly #receivers = new Fifo<(value: T) => void>();
  readonly #senders = new Fifo<WaitingSender<T>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  send(value: T): Promise<void> {
    if (this.#receivers.size > 0) {
      this.#receivers.shift()(value);
      return SENT;
    }
    if (this.#size < this.#capacity) {
      this.#push(value);
      return SENT;
    }
    return new Promise((resolve) => this.#senders.push({ value, resolve }));
  }

  recv(): Promise<T> {
    if (this.#size > 0) {
      const value = this.#values[this.#first] as T;
      this.#values[this.#first] = undefined;
      this.#first = (this.#first + 1) % this.#capacity;
      this.#size--;
      if (this.#senders.size > 0) {
        const sender = this.#senders.shift();
        this.#push(sender.value);
        sender.resolve();
      }
      return Promise.resolve(value);
    }
    return new Promise((resolve) => this.#receivers.push(resolve));
  }

  #push(value: T): void {
    this.#values[(this.#first + this.#size++) % this.#capacity] = value;
  }
}
