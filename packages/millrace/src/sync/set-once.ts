/** A value that somebody provides once, and anybody can wait for. */
import { pin } from "../internal/pin.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { Acquire } from "../runtime/acquire.ts";
import type { Future } from "../runtime/future.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";

class Slot<T> {
  /** Those who wait for the value; closed once it is there. */
  readonly waiters: WaitQueue = new WaitQueue(0);
  value: T | undefined = undefined;
}

/** Nothing is ever given to those who wait: they go on when the queue is closed. */
class Wait<T> extends Acquire<T> {
  declare private readonly slot: Slot<T>;
  constructor(slot: Slot<T>) {
    super();
    this.slot = slot;
  }
  protected get queue(): WaitQueue {
    return this.slot.waiters;
  }
  protected granted(): T {
    return this.closed();
  }
  protected closed(): T {
    return this.slot.value as T;
  }
  override describeWait(): string {
    return "a value to be set";
  }
}

/**
 * A value that is set once, and that any number of tasks can wait for.
 *
 * Which one? `SetOnce` when somebody else provides the value; `OnceCell` when whoever needs it makes it;
 * `oneshot` for one value to one receiver; `watch` for a value that changes.
 *
 * @example
 * ```ts
 * import { SetOnce, spawn } from "millrace";
 *
 * const address = new SetOnce<string>();
 * const client = spawn(async () => `connects to ${await address.wait()}`);
 * address.set("localhost:8080");
 * console.log(await client); // connects to localhost:8080
 * ```
 */
export class SetOnce<T> {
  readonly #slot: Slot<T> = new Slot();

  /** False, and nothing changed, when it was set before. */
  set(value: T): boolean {
    const slot = this.#slot;
    if (slot.waiters.isClosed) return false;
    slot.value = value;
    slot.waiters.close();
    return true;
  }
  /** The value, `undefined` while there is none. */
  get(): T | undefined {
    return this.#slot.value;
  }
  /** Completes with the value once it is set. **Cancel safety.** Abandoning it leaves no trace. */
  wait(): Future<T> {
    return new Wait(this.#slot);
  }
}

threadBound(SetOnce, "a SetOnce");

const sample = new SetOnce();
pin(sample, sample.wait());
