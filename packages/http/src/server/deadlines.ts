/** Many deadlines, one timer: what is still there when its time comes is told so. */
import { DelayQueue, Notify, type DelayKey, type Routine } from "millrace";

export interface Expiring {
  expire(): void;
}

export class Deadlines {
  readonly #queue: DelayQueue<Expiring> = new DelayQueue();
  readonly #begun: Notify = new Notify();

  /** In `ms` from now, of the runtime that the caller's task belongs to. */
  add(item: Expiring, ms: number): DelayKey {
    const key = this.#queue.insert(item, ms);
    if (this.#queue.size === 1) this.#begun.notifyOne();
    return key;
  }
  remove(key: DelayKey): void {
    this.#queue.remove(key);
  }

  /** Runs until it is abandoned. */
  *run(): Routine<never> {
    for (;;) {
      const item = yield* this.#queue.next();
      if (item === undefined) yield* this.#begun.notified();
      else item.expire();
    }
  }
}
