/** A queue that wakes one of those who wait when it is closed, and not the others. */
import { Future, PENDING, join, spawn, yieldNow, type Body, type Poll, type Waker } from "millrace";
import { get } from "../../both-styles.ts";
import type { Mutant } from "./mutant.ts";

class Queue {
  readonly items: number[] = [];
  readonly waiting: Set<Waker> = new Set();
  isClosed: boolean = false;
  readonly #isBroken: boolean;
  constructor(isBroken: boolean) {
    this.#isBroken = isBroken;
  }
  put(item: number): void {
    this.items.push(item);
    this.#wakeOne();
  }
  take(): Future<number | undefined> {
    return new Take(this);
  }
  close(): void {
    this.isClosed = true;
    if (this.#isBroken) return this.#wakeOne();
    for (const waker of this.waiting) waker.wake();
  }
  #wakeOne(): void {
    for (const waker of this.waiting) return waker.wake();
  }
}

class Take extends Future<number | undefined> {
  readonly #queue: Queue;
  #waker: Waker | null = null;
  constructor(queue: Queue) {
    super();
    this.#queue = queue;
  }
  poll(waker: Waker): Poll<number | undefined> {
    const { items, isClosed, waiting } = this.#queue;
    this.drop();
    if (items.length > 0 || isClosed) return items.shift();
    this.#waker = waker;
    waiting.add(waker);
    return PENDING;
  }
  override drop(): void {
    if (this.#waker !== null) this.#queue.waiting.delete(this.#waker);
  }
  override describeWait(): string {
    return "an item of the queue";
  }
  override get isExternalWait(): boolean {
    return false;
  }
}

export const forgottenClose: Mutant = {
  name: "closing forgets to wake somebody",
  failure: /deadlock/,
  options: {},
  program: ({ body }, isBroken) =>
    body(function* () {
      const queue = new Queue(isBroken);
      const consume = body(function* () {
        while ((yield* get(queue.take())) !== undefined) yield* get(yieldNow());
      });
      const produce = body(function* () {
        queue.put(1);
        yield* get(yieldNow());
        queue.close();
      });
      const consumers = ["a", "b"].map((name) => spawn(consume, { name }));
      yield* get(join(...consumers, spawn(produce, { name: "producer" })));
    }) as Body<void>,
};
