/**
 * One source for many consumers. Items are kept until the slowest consumer has had them, at most
 * `capacity` of them.
 *
 *   source ──pull (whoever comes first)──► kept items ──► consumers, each with a position of its own
 *
 * The hub is the source's waker: when the source may have an item, every consumer that waits looks again,
 * so it does not matter if the one that pulled has gone. When the last consumer leaves, the source is
 * released: whoever joins later gets nothing.
 */
import { LaggedError } from "../errors.ts";
import { PENDING, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import { Ring } from "../internal/ring.ts";
import type { Closing } from "./closing.ts";
import { END, Source, type Pulled } from "./source.ts";

export class Hub<T> implements Waker {
  readonly #source: Source<T>;
  readonly #capacity: number;
  readonly #lags: boolean;
  readonly #items: Ring<T> = new Ring();
  /** The position of the oldest item kept. */
  #first: number = 0;
  #end: { readonly failure: { readonly error: unknown } | null } | null = null;
  /** For the source, or for room. */
  readonly #waiting: WaitQueue = new WaitQueue(0);
  readonly #consumers: Set<Consumer<T>> = new Set();

  constructor(source: Source<T>, capacity: number, lags: boolean) {
    this.#source = source;
    this.#capacity = capacity;
    this.#lags = lags;
  }

  wakes: number = 0;
  wake(): void {
    this.wakes++;
    this.#waiting.grantAll();
  }

  join(): Consumer<T> {
    const consumer = new Consumer(this, this.#last);
    if (this.#end === null) this.#consumers.add(consumer);
    return consumer;
  }
  leave(consumer: Consumer<T>, closing: Closing | null): void {
    if (!this.#consumers.delete(consumer)) return;
    // Of a source that failed: whoever throws that first waits for it to close.
    if (this.#end !== null) return this.#source.release(closing);
    if (this.#consumers.size > 0) return this.#forget();
    this.#end = { failure: null };
    this.#items.clear();
    this.#source.release(closing);
  }

  get #last(): number {
    return this.#first + this.#items.length;
  }

  /** The item at the consumer's position. */
  poll(consumer: Consumer<T>): Pulled<T> {
    const { position } = consumer;
    if (position < this.#first) {
      consumer.position = this.#first;
      const missed = this.#first - position;
      throw consumer.lagged(missed);
    }
    if (position < this.#last) {
      const item = this.#items.get(position - this.#first) as T;
      consumer.position++;
      if (position === this.#first) this.#forget();
      return item;
    }
    return this.#end === null ? this.#pull(consumer) : this.#over(this.#end.failure);
  }

  #over(failure: { readonly error: unknown } | null): typeof END {
    if (failure !== null) throw failure.error;
    return END;
  }

  #pull(consumer: Consumer<T>): Pulled<T> {
    // Somebody is too far behind: wait for them, unless they may miss items.
    if (!this.#lags && this.#items.length >= this.#capacity) return PENDING;
    let item: Pulled<T>;
    try {
      item = this.#source.poll(this);
    } catch (error) {
      return this.#finish({ error });
    }
    if (item === PENDING) return PENDING;
    if (item === END) return this.#finish(null);
    this.#items.push(item);
    consumer.position++;
    if (this.#items.length > this.#capacity) {
      this.#items.shift();
      this.#first++;
    }
    this.#forget();
    this.wake();
    return item;
  }

  #finish(failure: { readonly error: unknown } | null): typeof END {
    this.#end = { failure };
    if (failure === null) this.#source.isOver = true;
    this.wake();
    return this.#over(failure);
  }

  /** Drops the items that everybody has had. */
  #forget(): void {
    let slowest = this.#last;
    for (const { position } of this.#consumers) if (position < slowest) slowest = position;
    if (slowest <= this.#first) return;
    for (; this.#first < slowest; this.#first++) this.#items.shift();
    if (!this.#lags) this.wake();
  }

  enter(waker: Waker): Waiter {
    return this.#waiting.enter(1, waker);
  }
  stopWaiting(waiter: Waiter): void {
    this.#waiting.abandon(waiter);
  }
  waits(): Iterable<Future<unknown>> {
    return this.#source.waits();
  }
}

/** A reader of the hub, from where the hub was when it joined. */
export class Consumer<T> extends Source<T> {
  readonly #hub: Hub<T>;
  position: number;
  #waiter: Waiter | null = null;
  /** Those that it has thrown: the error may come to its consumer late, with others after it. */
  #lags: WeakSet<object> | null = null;

  constructor(hub: Hub<T>, position: number) {
    super();
    this.#hub = hub;
    this.position = position;
  }

  poll(waker: Waker): Pulled<T> {
    this.#stopWaiting();
    const { wakes } = this.#hub;
    const item = this.#hub.poll(this);
    if (item !== PENDING) return item;
    this.#waiter = this.#hub.enter(waker);
    // Woken while it was not waiting yet.
    if (this.#hub.wakes !== wakes) waker.wake();
    return PENDING;
  }
  #stopWaiting(): void {
    if (this.#waiter !== null) this.#hub.stopWaiting(this.#waiter);
    this.#waiter = null;
  }

  lagged(missed: number): LaggedError {
    const error = new LaggedError(
      `a consumer of a shared stream fell behind and missed ${missed} items`,
      missed,
    );
    (this.#lags ??= new WeakSet()).add(error);
    return error;
  }
  /** It has only missed some items. */
  override survives(error: unknown): boolean {
    return this.#lags?.has(error as object) ?? false;
  }
  protected override free(closing: Closing | null): void {
    this.#stopWaiting();
    this.#hub.leave(this, closing);
  }
  override waits(): Iterable<Future<unknown>> {
    return this.#hub.waits();
  }
}
