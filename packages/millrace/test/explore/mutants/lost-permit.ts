/**
 * A semaphore that forgets the permit of a waiter which goes away after it was granted one: whoever
 * comes next waits for ever.
 */
import { Future, PENDING, joinSettled, spawn, type Body, type Poll, type Waker } from "millrace";
import { get } from "../../both-styles.ts";
import type { Mutant } from "./mutant.ts";

class Permits {
  free: number = 1;
  readonly waiting: Acquire[] = [];
  readonly isBroken: boolean;
  constructor(isBroken: boolean) {
    this.isBroken = isBroken;
  }
  acquire(): Future<void> {
    return new Acquire(this);
  }
  release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next.grant();
  }
}

class Acquire extends Future<void> {
  readonly #permits: Permits;
  #state: "new" | "waiting" | "granted" | "done" = "new";
  #waker: Waker | null = null;
  constructor(permits: Permits) {
    super();
    this.#permits = permits;
  }
  grant(): void {
    this.#state = "granted";
    this.#waker!.wake();
  }
  poll(waker: Waker): Poll<void> {
    this.#waker = waker;
    if (this.#state === "new") {
      if (this.#permits.free > 0) {
        this.#permits.free--;
        this.#state = "granted";
      } else {
        this.#permits.waiting.push(this);
        this.#state = "waiting";
      }
    }
    if (this.#state === "waiting") return PENDING;
    this.#state = "done";
  }
  override drop(): void {
    const { waiting, isBroken } = this.#permits;
    if (this.#state === "waiting") waiting.splice(waiting.indexOf(this), 1);
    if (this.#state === "granted" && !isBroken) this.#permits.release();
  }
  override describeWait(): string {
    return "a permit";
  }
  override get isExternalWait(): boolean {
    return false;
  }
}

export const lostPermit: Mutant = {
  name: "a permit is lost when its waiter is dropped",
  failure: /deadlock/,
  options: { cancel: true },
  program: ({ body }, isBroken) =>
    body(function* () {
      const permits = new Permits(isBroken);
      const work = body(function* () {
        yield* get(permits.acquire());
        permits.release();
      });
      yield* get(permits.acquire());
      const tasks = [spawn(work, { name: "a" }), spawn(work, { name: "b" })];
      yield* get(spawn(() => permits.release()));
      yield* get(joinSettled(...tasks));
    }) as Body<void>,
};
