/** Streams and time: not too fast, only when quiet, not too slow. */
import { TimeoutError } from "../errors.ts";
import { PENDING, type Waker } from "../runtime/body.ts";
import { abandon, claim, type Future } from "../runtime/future.ts";
import { now, sleepUntil } from "../time/sleep.ts";
import type { Closing } from "./closing.ts";
import { END, Operator, type Pulled, type Source } from "./source.ts";

/** With a timer, made when it is needed. */
abstract class Timed<T> extends Operator<T, T> {
  declare protected readonly ms: number;
  declare private timer: Future<void> | null;
  constructor(upstream: Source<T>, ms: number) {
    super(upstream);
    this.ms = ms;
    this.timer = null;
  }
  protected hasElapsed(deadline: number, waker: Waker): boolean {
    this.timer ??= claim(sleepUntil(deadline));
    if (this.timer.poll(waker) === PENDING) return false;
    this.timer = null;
    return true;
  }
  protected stopTimer(): void {
    if (this.timer !== null) abandon(this.timer);
    this.timer = null;
  }
  protected override free(closing: Closing | null): void {
    this.stopTimer();
    super.free(closing);
  }
  override *waits(): Iterable<Future<unknown>> {
    yield* super.waits();
    if (this.timer !== null) yield this.timer;
  }
}

/** The next item is pulled when the gap is over. */
export class Throttle<T> extends Timed<T> {
  #freeAt: number = -Infinity;
  poll(waker: Waker): Pulled<T> {
    if (this.#freeAt > -Infinity && !this.hasElapsed(this.#freeAt, waker)) return PENDING;
    this.#freeAt = -Infinity;
    const item = this.upstream.poll(waker);
    if (item !== PENDING && item !== END) this.#freeAt = now() + this.ms;
    return item;
  }
}

/** Pulls all that comes, and keeps the latest. */
export class Debounce<T> extends Timed<T> {
  #latest: T | typeof END = END;
  #deadline: number = 0;
  #end: { readonly failure: { readonly error: unknown } | null } | null = null;

  poll(waker: Waker): Pulled<T> {
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
        if (this.#latest === END || !this.hasElapsed(this.#deadline, waker)) return PENDING;
        return this.#take();
      } else {
        this.#latest = item;
        this.#deadline = now() + this.ms;
        this.stopTimer();
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
    this.stopTimer();
    return item;
  }
}

/** A limit for each item. */
export class ItemTimeout<T> extends Timed<T> {
  /** Of the item that is waited for. */
  #deadline: number = -Infinity;
  poll(waker: Waker): Pulled<T> {
    const item = this.upstream.poll(waker);
    if (item !== PENDING) {
      this.stopTimer();
      this.#deadline = -Infinity;
      return item;
    }
    if (this.#deadline === -Infinity) this.#deadline = now() + this.ms;
    if (!this.hasElapsed(this.#deadline, waker)) return PENDING;
    throw new TimeoutError(`no item came within ${this.ms} ms`);
  }
}
