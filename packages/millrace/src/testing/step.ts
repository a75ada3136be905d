/** Polling one future by hand. */
import { FutureConsumedError } from "../errors.ts";
import type { Poll, Waker } from "../runtime/body.ts";
import { PENDING } from "../runtime/body.ts";
import { abandon, claim, Future } from "../runtime/future.ts";
import { cx, UNLIMITED } from "../runtime/kernel.ts";
import { ambientBranch } from "../runtime/trail.ts";

/** One future in your hands, made by `step`. */
export interface Stepper<T> extends Disposable {
  /** Polls once. Throws what the future throws. */
  poll(): Poll<T>;
  /** Whether it was woken since the last poll. */
  readonly isWoken: boolean;
  /** Wake-ups in all. */
  readonly wakeCount: number;
  /** Abandons the future. */
  drop(): void;
}

/**
 * Polls one future by hand, with a waker that counts.
 *
 * @example
 * ```ts
 * import { mpsc, PENDING } from "millrace";
 * import { step } from "millrace/testing";
 *
 * const [tx, rx] = mpsc.channel<number>(1);
 * using recv = step(rx.recv());
 * console.log(recv.poll() === PENDING); // true
 * tx.trySend(1);
 * console.log(recv.isWoken, recv.poll()); // true 1
 * ```
 */
export function step<T>(future: Future<T>): Stepper<T> {
  if (!(future instanceof Future)) throw new TypeError(`step expects a future, got ${typeof future}`);
  return new HandStepper(claim(future));
}

class HandStepper<T> implements Stepper<T>, Waker {
  readonly #future: Future<T>;
  #isOver: boolean = false;
  #isDropped: boolean = false;
  isWoken: boolean = false;
  wakeCount: number = 0;

  constructor(future: Future<T>) {
    this.#future = future;
  }

  poll(): Poll<T> {
    if (this.#isDropped)
      throw new FutureConsumedError("this future was dropped; it cannot be polled any more");
    const { branch, waker, budget } = cx;
    cx.branch = ambientBranch();
    cx.waker = this;
    cx.budget = UNLIMITED;
    this.isWoken = false;
    try {
      const value = this.#future.poll(this);
      if (value !== PENDING) this.#isOver = true;
      return value;
    } catch (error) {
      this.#isOver = true;
      throw error;
    } finally {
      cx.branch = branch;
      cx.waker = waker;
      cx.budget = budget;
    }
  }

  wake(): void {
    this.isWoken = true;
    this.wakeCount++;
  }

  drop(): void {
    if (this.#isOver) return;
    this.#isOver = this.#isDropped = true;
    abandon(this.#future);
  }
  [Symbol.dispose](): void {
    this.drop();
  }
}
