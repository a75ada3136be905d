/** Streams and time: not too fast, only when quiet, not too slow. */
import { TimeoutError } from "../errors.ts";
import { PENDING, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { now } from "../time/sleep.ts";
import type { Closing } from "./closing.ts";
import { Deadline } from "./deadline.ts";
import { END, Operator, type Pulled, type Source } from "./source.ts";

/** With a timer. */
abstract class Timed<T> extends Operator<T, T> {
  declare protected readonly ms: number;
  declare protected readonly deadline: Deadline;
  constructor(upstream: Source<T>, ms: number) {
    super(upstream);
    this.ms = ms;
    this.deadline = new Deadline();
  }
  protected override free(closing: Closing | null): void {
    this.deadline.stop();
    super.free(closing);
  }
  override *waits(): Iterable<Future<unknown>> {
    yield* super.waits();
    const { timer } = this.deadline;
    if (timer !== null) yield timer;
  }
}

/** The next item is pulled when the gap is over. */
export class Throttle<T> extends Timed<T> {
  #freeAt: number = -Infinity;
  poll(waker: Waker): Pulled<T> {
    if (this.#freeAt > -Infinity && !this.deadline.hasPassed(this.#freeAt, waker)) return PENDING;
    this.#freeAt = -Infinity;
    const item = this.upstream.poll(waker);
    if (item !== PENDING && item !== END) this.#freeAt = now() + this.ms;
    return item;
  }
}

/** Pulls all that comes, and keeps the latest. */
export class Debounce<T> extends Timed<T> {
  #latest: T | typeof END = END;
  #dueAt: number = 0;
  #end: { readonly failure: { readonly error: unknown } | null } | null = null;

  poll(waker: Waker): Pulled<T> {
    this.deadline.begin();
    while (this.#end === null) {
      let item: Pulled<T>;
      try {
        item = this.upstream.poll(waker);
      } catch (error) {
        this.#end = { failure: { error } };
        break;
      }
      if (item === END) this.#end = { failure: null };
      else if (item === PENDING) {
        if (this.#latest === END || !this.deadline.hasPassed(this.#dueAt, waker)) return PENDING;
        return this.#take();
      } else {
        this.#latest = item;
        this.#dueAt = now() + this.ms;
        this.deadline.stop();
      }
    }
    if (this.#latest !== END) return this.#take();
    const { failure } = this.#end;
    if (failure === null) return END;
    this.#end = this.survives(failure.error) ? null : { failure: null };
    throw failure.error;
  }

  #take(): Pulled<T> {
    const item = this.#latest;
    this.#latest = END;
    this.deadline.stop();
    return item;
  }
}

/** A limit for each item. */
export class ItemTimeout<T> extends Timed<T> {
  /** Of the item that is waited for. */
  #dueAt: number = -Infinity;
  poll(waker: Waker): Pulled<T> {
    this.deadline.begin();
    const item = this.upstream.poll(waker);
    if (item !== PENDING) {
      this.deadline.stop();
      this.#dueAt = -Infinity;
      return item;
    }
    if (this.#dueAt === -Infinity) this.#dueAt = now() + this.ms;
    if (!this.deadline.hasPassed(this.#dueAt, waker)) return PENDING;
    throw new TimeoutError(`no item came within ${this.ms} ms`);
  }
}
