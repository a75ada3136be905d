/**
 * Those who wait on any receiver of a channel where every receiver has its own position. Each receiver
 * queues its own, so that it alone can be woken; news for everybody wakes all of them.
 */
import type { Waker } from "../runtime/body.ts";
import { pin } from "../internal/pin.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import { Handles } from "./handle.ts";

export class Audience {
  /** The queues in which somebody waits. */
  readonly #waiting: Set<WaitQueue> = new Set();
  /** The open senders: what those who wait, wait for. */
  readonly senders: Handles = new Handles();

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }
  enter(queue: WaitQueue, waker: Waker): Waiter {
    this.senders.awaited();
    this.#waiting.add(queue);
    return queue.enter(1, waker);
  }
  leave(queue: WaitQueue, waiter: Waiter): void {
    queue.abandon(waiter);
    if (queue.isEmpty) this.#waiting.delete(queue);
  }
  /** Wakes those of one receiver. */
  wake(queue: WaitQueue): void {
    this.#waiting.delete(queue);
    queue.grantAll();
  }
  wakeAll(): void {
    if (this.#waiting.size === 0) return;
    // A waker may add waiters, which are not part of this call.
    if (this.#waiting.size === 1) {
      for (const queue of this.#waiting) return this.wake(queue);
    }
    const queues = [...this.#waiting];
    this.#waiting.clear();
    for (const queue of queues) queue.grantAll();
  }
}

/** What an operation of one receiver holds while it waits. */
export class Seat {
  declare private readonly audience: Audience;
  declare private readonly queue: WaitQueue;
  declare private waiter: Waiter | null;

  constructor(audience: Audience, queue: WaitQueue) {
    this.audience = audience;
    this.queue = queue;
    this.waiter = null;
  }
  /** Waits, again if it was woken in vain. */
  wait(waker: Waker): void {
    if (this.waiter !== null && this.waiter.isWaiting) this.waiter.waker = waker;
    else this.waiter = this.audience.enter(this.queue, waker);
  }
  leave(): void {
    if (this.waiter !== null) this.audience.leave(this.queue, this.waiter);
    this.waiter = null;
  }
}

pin(new Seat(new Audience(), new WaitQueue(0)));
