/** The promise baselines of what wakes others: written by hand, simply, without cancellation. */
import { Fifo } from "./fifo.ts";

const NOTIFIED: Promise<void> = Promise.resolve();

/** Wakes the longest waiter, or remembers one notification. */
export class PromiseNotify {
  #isStored = false;
  readonly #waiters = new Fifo<() => void>();

  notified(): Promise<void> {
    if (this.#isStored) {
      this.#isStored = false;
      return NOTIFIED;
    }
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
  notifyOne(): void {
    if (this.#waiters.size > 0) this.#waiters.shift()();
    else this.#isStored = true;
  }
}

/** One promise a round; the last to arrive resolves it, and leads. */
export class PromiseBarrier {
  readonly #parties: number;
  #arrived = 0;
  #round = Promise.withResolvers<void>();

  constructor(parties: number) {
    this.#parties = parties;
  }
  async wait(): Promise<boolean> {
    if (++this.#arrived < this.#parties) {
      await this.#round.promise;
      return false;
    }
    this.#arrived = 0;
    this.#round.resolve();
    this.#round = Promise.withResolvers<void>();
    return true;
  }
}

/** The latest value, and one promise of the next change for all who wait for it. */
export class PromiseWatch<T> {
  #value: T;
  #version = 0;
  #change: PromiseWithResolvers<void> | null = null;

  constructor(value: T) {
    this.#value = value;
  }
  get value(): T {
    return this.#value;
  }
  get version(): number {
    return this.#version;
  }
  set(value: T): void {
    this.#value = value;
    this.#version++;
    this.#change?.resolve();
    this.#change = null;
  }
  /** Resolves once there is a version later than `seen`. */
  changed(seen: number): Promise<void> {
    if (this.#version !== seen) return NOTIFIED;
    return (this.#change ??= Promise.withResolvers<void>()).promise;
  }
}
