/** Sources that make their own items. */
import { pin } from "../internal/pin.ts";
import { PENDING, type Awaitable, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { abandon, claim, Future } from "../runtime/future.ts";
import { cx } from "../runtime/kernel.ts";
import { ready } from "../combinators/ready.ts";
import { futureOf } from "../combinators/to-future.ts";
import { Callback } from "./callback.ts";
import { END, ReadySource, Source, type Pulled } from "./source.ts";

export class RangeSource extends ReadySource<number> {
  declare private at: number;
  declare private readonly end: number;
  constructor(start: number, end: number) {
    super();
    for (const [what, bound] of [["start", start] as const, ["end", end] as const])
      if (typeof bound !== "number" || Number.isNaN(bound))
        throw new RangeError(`Stream.range expects ${what} to be a number, got ${String(bound)}`);
    this.at = start;
    this.end = end;
  }
  protected next(): number | typeof END {
    return this.at < this.end ? this.at++ : END;
  }
}

/** One awaitable. */
export class OnceSource<T> extends Source<T> {
  #item: Future<T> | null;
  constructor(item: Awaitable<T>) {
    super();
    this.#item = futureOf("Stream.once", item) ?? ready(item as T);
  }
  poll(waker: Waker): Pulled<T> {
    const item = this.#item;
    if (item === null) return END;
    this.#item = null;
    const value = item.poll(waker);
    if (value === PENDING) this.#item = item;
    return value;
  }
  protected override free(): void {
    if (this.#item !== null) abandon(this.#item);
    this.#item = null;
  }
  override waits(): Iterable<Future<unknown>> {
    return this.#item === null ? [] : [this.#item];
  }
}

/** Calls a function for each item, one call at a time. */
abstract class CalledSource<R, T> extends Source<T> {
  declare private inFlight: Future<R> | null;
  constructor() {
    super();
    this.inFlight = null;
  }
  protected abstract call(): R | Future<R> | typeof END;
  protected abstract taken(result: R): T | typeof END;

  poll(waker: Waker): Pulled<T> {
    if (this.inFlight === null) {
      if (!mayProceed(waker)) return PENDING;
      cx.budget--;
      const result = this.call();
      if (result === END) return END;
      if (!(result instanceof Future)) return this.taken(result as R);
      this.inFlight = claim(result as Future<R>);
    }
    let result: Poll<R>;
    try {
      result = this.inFlight.poll(waker);
    } catch (error) {
      this.inFlight = null;
      throw error;
    }
    if (result === PENDING) return PENDING;
    this.inFlight = null;
    return this.taken(result);
  }
  protected override free(): void {
    if (this.inFlight !== null) abandon(this.inFlight);
    this.inFlight = null;
  }
  override waits(): Iterable<Future<unknown>> {
    return this.inFlight === null ? [] : [this.inFlight];
  }
}

export class RepeatSource<T> extends CalledSource<T, T> {
  readonly #make: Callback<undefined, undefined, T>;
  constructor(make: () => Awaitable<T>) {
    super();
    this.#make = new Callback("Stream.repeat", make);
  }
  protected call(): T | Future<T> {
    return this.#make.call(undefined, undefined);
  }
  protected taken(item: T): T {
    return item;
  }
}

type Unfolded<S, T> = readonly [item: T, state: S] | undefined;

export class UnfoldSource<S, T> extends CalledSource<Unfolded<S, T>, T> {
  readonly #step: Callback<S, undefined, Unfolded<S, T>>;
  #state: S;
  #hasEnded: boolean = false;
  constructor(seed: S, step: (state: S) => Awaitable<Unfolded<S, T>>) {
    super();
    this.#step = new Callback("Stream.unfold", step);
    this.#state = seed;
  }
  protected call(): Unfolded<S, T> | Future<Unfolded<S, T>> | typeof END {
    return this.#hasEnded ? END : this.#step.call(this.#state, undefined);
  }
  protected taken(result: Unfolded<S, T>): T | typeof END {
    if (result === undefined) {
      this.#hasEnded = true;
      return END;
    }
    if (!Array.isArray(result))
      throw new TypeError(
        `Stream.unfold expects [item, state] or undefined from its step, got ${typeof result}`,
      );
    const [item, state] = result as readonly [T, S];
    this.#state = state;
    return item;
  }
}

pin(new RangeSource(0, 0));
