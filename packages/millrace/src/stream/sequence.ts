/** Several streams in a fixed order: one after another, one inside another, side by side. */
import { PENDING, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import type { Closing } from "./closing.ts";
import { sourceOf, type Pullable } from "./iteration.ts";
import { END, Operator, Source, type Pulled } from "./source.ts";

/** The second is not polled before the first has ended. */
export class Chained<T> extends Source<T> {
  readonly #sources: Source<T>[];
  constructor(sources: readonly Source<T>[]) {
    super();
    this.#sources = [...sources];
  }
  /** With one more at its end. */
  with<U>(next: Source<U>): Chained<T | U> {
    return new Chained<T | U>([...this.#sources, next]);
  }
  poll(waker: Waker): Pulled<T> {
    for (let first = this.#sources[0]; first !== undefined; first = this.#sources[0]) {
      const item = first.poll(waker);
      if (item !== END) return item;
      first.isOver = true;
      this.#sources.shift();
    }
    return END;
  }
  override survives(error: unknown): boolean {
    return this.#sources[0]?.survives(error) ?? false;
  }
  protected override free(closing: Closing | null): void {
    for (const source of this.#sources.splice(0)) source.release(closing);
  }
  override waits(): Iterable<Future<unknown>> {
    return this.#sources[0]?.waits() ?? [];
  }
}

/** The items of what `f` makes of each item. */
export class FlatMap<T, U> extends Operator<T, U> {
  readonly #f: (item: T) => Iterable<U> | AsyncIterable<U>;
  #inner: Source<U> | null = null;
  constructor(upstream: Source<T>, f: (item: T) => Iterable<U> | AsyncIterable<U>) {
    super(upstream);
    this.#f = f;
  }
  poll(waker: Waker): Pulled<U> {
    for (;;) {
      if (this.#inner === null) {
        const item = this.upstream.poll(waker);
        if (item === PENDING) return PENDING;
        if (item === END) return END;
        this.#inner = sourceOf("Stream.flatMap", this.#f(item) as Pullable<U>);
      }
      const item = this.#inner.poll(waker);
      if (item !== END) return item;
      this.#inner.isOver = true;
      this.#inner = null;
    }
  }
  override survives(error: unknown): boolean {
    return (this.#inner ?? this.upstream).survives(error);
  }
  protected override free(closing: Closing | null): void {
    this.#inner?.release(closing);
    super.free(closing);
  }
  override waits(): Iterable<Future<unknown>> {
    return (this.#inner ?? this.upstream).waits();
  }
}

/** Pairs; ends with the shorter. Both are pulled at once. */
export class Zipped<T, U> extends Source<[T, U]> {
  readonly #left: Source<T>;
  readonly #right: Source<U>;
  #leftItem: Pulled<T> = PENDING;
  #rightItem: Pulled<U> = PENDING;

  constructor(left: Source<T>, right: Source<U>) {
    super();
    this.#left = left;
    this.#right = right;
  }
  poll(waker: Waker): Pulled<[T, U]> {
    if (this.#leftItem === PENDING) this.#leftItem = this.#left.poll(waker);
    if (this.#leftItem !== END && this.#rightItem === PENDING) this.#rightItem = this.#right.poll(waker);
    const left = this.#leftItem;
    const right = this.#rightItem;
    if (left === END || right === END) return this.leave(waker);
    if (left === PENDING || right === PENDING) return PENDING;
    this.#leftItem = this.#rightItem = PENDING;
    return [left, right];
  }

  override survives(error: unknown): boolean {
    return this.#left.survives(error) || this.#right.survives(error);
  }
  protected override free(closing: Closing | null): void {
    if (this.#leftItem === END) this.#left.isOver = true;
    if (this.#rightItem === END) this.#right.isOver = true;
    this.#left.release(closing);
    this.#right.release(closing);
  }
  override *waits(): Iterable<Future<unknown>> {
    if (this.closing !== null) return yield this.closing;
    if (this.#leftItem === PENDING) yield* this.#left.waits();
    if (this.#rightItem === PENDING) yield* this.#right.waits();
  }
}
