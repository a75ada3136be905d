/** Several streams read as one, as their items become ready. */
import { PENDING, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { cx } from "../runtime/kernel.ts";
import type { Closing } from "./closing.ts";
import { sourceOf, type Pullable } from "./iteration.ts";
import { Members } from "./members.ts";
import { END, Operator, Source, type Pulled } from "./source.ts";

export class Merged<T> extends Source<T> {
  readonly #members: Members<undefined, T> = new Members();
  constructor(sources: readonly Source<T>[]) {
    super();
    for (const source of sources) this.#members.add(undefined, source);
  }
  poll(waker: Waker): Pulled<T> {
    return this.#members.poll(waker);
  }
  override survives(error: unknown): boolean {
    return this.#members.survives(error);
  }
  protected override free(closing: Closing | null): void {
    this.#members.release(closing);
  }
  override waits(): Iterable<Future<unknown>> {
    return this.#members.waits();
  }
}

/** Streams made of items, up to `limit` of them read at once. */
export class FlatMapUnordered<T, U> extends Operator<T, U> {
  readonly #f: (item: T) => Iterable<U> | AsyncIterable<U>;
  readonly #limit: number;
  readonly #members: Members<undefined, U> = new Members();
  #hasEnded: boolean = false;
  /** The source has used up the budget: those made of its items are first the next time. */
  #yields: boolean = false;

  constructor(upstream: Source<T>, limit: number, f: (item: T) => Iterable<U> | AsyncIterable<U>) {
    super(upstream);
    this.#limit = limit;
    this.#f = f;
  }

  poll(waker: Waker): Pulled<U> {
    const members = this.#members;
    if (this.#yields) {
      const item = members.poll(waker);
      if (item !== END && item !== PENDING) return item;
    }
    for (;;) {
      this.#fill(waker);
      this.#yields = cx.budget <= 0;
      const { size } = members.all;
      const item = members.poll(waker);
      if (item !== END && item !== PENDING) return item;
      // One that has ended makes room for the next.
      if (this.#hasEnded || members.all.size === size)
        return item === END && !this.#hasEnded ? PENDING : item;
    }
  }

  #fill(waker: Waker): void {
    const members = this.#members;
    while (!this.#hasEnded && members.all.size < this.#limit) {
      const item = this.upstream.poll(waker);
      if (item === PENDING) return;
      if (item === END) this.#hasEnded = true;
      else members.add(undefined, sourceOf("Stream.flatMapUnordered", this.#f(item) as Pullable<U>));
    }
  }

  override survives(error: unknown): boolean {
    return this.#members.survives(error) || super.survives(error);
  }
  protected override free(closing: Closing | null): void {
    this.#members.release(closing);
    super.free(closing);
  }
  override *waits(): Iterable<Future<unknown>> {
    yield* this.#members.waits();
    if (!this.#hasEnded && this.#members.all.size < this.#limit) yield* this.upstream.waits();
  }
}
