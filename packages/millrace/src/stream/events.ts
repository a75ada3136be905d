/** Events as a stream. An event source cannot be slowed, so what happens when nobody reads is said by name. */
import { LaggedError } from "../errors.ts";
import { PENDING, type Waker } from "../runtime/body.ts";
import { Future } from "../runtime/future.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { cx } from "../runtime/kernel.ts";
import { Ring } from "../internal/ring.ts";
import { listenTo } from "../combinators/from-event.ts";
import { requireLimit } from "./callback.ts";
import { END, Source, type Pulled } from "./source.ts";

export type Overflow = "dropOldest" | "dropNewest" | "error";

/** It listens from the moment it is made. What failed comes after the events before it. */
export class EventSource<T> extends Source<T> {
  readonly #event: string;
  readonly #capacity: number;
  readonly #overflow: Overflow;
  readonly #buffer: Ring<T> = new Ring();
  readonly #removers: (() => void)[];
  readonly #wait: Future<void>;
  #failure: { readonly error: unknown } | null = null;
  #waker: Waker | null = null;

  constructor(target: object, event: string, options: { capacity: number; overflow: Overflow }) {
    super();
    const { listen, rejectsOnError } = listenTo("Stream.fromEvents", target);
    const { capacity, overflow } = options ?? {};
    if (overflow !== "dropOldest" && overflow !== "dropNewest" && overflow !== "error") {
      throw new TypeError(
        `Stream.fromEvents expects overflow to be "dropOldest", "dropNewest" or "error", got ${String(overflow)}`,
      );
    }
    this.#event = event;
    this.#capacity = requireLimit("Stream.fromEvents", "capacity", capacity, 1);
    this.#overflow = overflow;
    this.#wait = new EventWait(event);
    this.#removers = [listen(event, (value) => this.#add(value as T))];
    if (rejectsOnError && event !== "error")
      this.#removers.push(listen("error", (error) => this.#fail(error)));
  }

  poll(waker: Waker): Pulled<T> {
    if (!mayProceed(waker)) return PENDING;
    if (this.#buffer.length > 0) {
      cx.budget--;
      return this.#buffer.shift() as T;
    }
    if (this.#failure !== null) {
      const { error } = this.#failure;
      this.isOver = true;
      throw error;
    }
    if (this.isOver) return END;
    this.#waker = waker;
    return PENDING;
  }

  #add(value: T): void {
    if (this.#buffer.length >= this.#capacity) {
      if (this.#overflow === "dropNewest") return;
      if (this.#overflow === "error") {
        const message = `more than ${this.#capacity} "${this.#event}" events were not read in time`;
        return this.#fail(new LaggedError(message, 1));
      }
      this.#buffer.shift();
    }
    this.#buffer.push(value);
    this.#waker?.wake();
  }
  #fail(error: unknown): void {
    this.#failure = { error };
    this.#stop();
    this.#waker?.wake();
  }
  #stop(): void {
    for (const remove of this.#removers.splice(0)) remove();
  }

  protected override free(): void {
    this.#stop();
    this.#buffer.clear();
    this.#waker = null;
  }
  override waits(): Iterable<Future<unknown>> {
    return [this.#wait];
  }
}

/** Stands for the events in what is said of waits. */
class EventWait extends Future<void> {
  readonly #event: string;
  constructor(event: string) {
    super();
    this.#event = event;
  }
  poll(): typeof PENDING {
    return PENDING;
  }
  override describeWait(): string {
    return `event "${this.#event}"`;
  }
  override get isExternalWait(): boolean {
    return true;
  }
}
