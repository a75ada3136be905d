/**
 * Up to `limit` futures in flight at once. Items are pulled when the consumer asks; what was pulled makes
 * progress by itself, so that it goes on while the consumer is busy. An item counts until it is consumed.
 */
import { pin } from "../internal/pin.ts";
import { isThenable, PENDING, type Waker } from "../runtime/body.ts";
import { claim, Future } from "../runtime/future.ts";
import { watchPromise } from "../combinators/from-promise.ts";
import { Ring } from "../internal/ring.ts";
import type { Closing } from "./closing.ts";
import { Flight, InFlight } from "./in-flight.ts";
import { END, Operator, type Pulled, type Source } from "./source.ts";

/** That of a promise which behaves as the language says. */
const nativeThen: unknown = Reflect.get(Promise.prototype, "then");

/** In flight, or settled and not consumed yet. */
class Load extends Flight {
  /** Those that may be consumed next: in source order, or in the order in which they settled. */
  readonly queue: Ring<InFlight> = new Ring();
  /** How many are aboard. */
  size: number = 0;
  waker: Waker | null = null;
  readonly isOrdered: boolean;
  constructor(isOrdered: boolean) {
    super();
    this.isOrdered = isOrdered;
  }
  landed(item: InFlight): void {
    if (!this.isOrdered) this.queue.push(item);
    else if (this.queue.peek() !== item) return;
    this.waker?.wake();
  }
}

export class Buffered<T> extends Operator<T, Awaited<T>> {
  readonly #limit: number;
  readonly #load: Load;
  /** As many as were ever aboard at once; used again. */
  readonly #slots: InFlight[] = [];
  readonly #idle: InFlight[] = [];
  #hasEnded: boolean = false;

  constructor(upstream: Source<T>, limit: number, isOrdered: boolean) {
    super(upstream);
    this.#limit = limit;
    this.#load = new Load(isOrdered);
  }

  poll(waker: Waker): Pulled<Awaited<T>> {
    const load = this.#load;
    const { queue } = load;
    load.waker = waker;
    load.board();
    while (!this.#hasEnded && load.size < this.#limit && this.#pull(waker));
    const first = queue.peek();
    if (first?.isSettled !== true) return this.#hasEnded && load.size === 0 ? END : PENDING;
    queue.shift();
    load.size--;
    this.#idle.push(first);
    return first.take() as Awaited<T>;
  }

  /** Pulls one item and starts it. False when there is none to be had now. */
  #pull(waker: Waker): boolean {
    const load = this.#load;
    const { isOrdered, queue } = load;
    let item: Pulled<T>;
    let failure: { readonly error: unknown } | null = null;
    try {
      item = this.upstream.poll(waker);
    } catch (error) {
      // In source order, it comes after what was pulled before it.
      if (!isOrdered) throw error;
      failure = { error };
      item = END;
    }
    if (item === PENDING) return false;
    this.#hasEnded = item === END && (failure === null || !this.survives(failure.error));
    if (item === END && failure === null) return false;
    const slot = this.#idle.pop() ?? this.#newSlot();
    load.size++;
    if (failure !== null) slot.settle(true, failure.error);
    else if (item instanceof Future) slot.start(claim(item as Future<unknown>));
    else if (item instanceof Promise && item.then === nativeThen) slot.follow(item);
    else if (isThenable(item)) slot.start(watchPromise(item));
    else slot.settle(false, item);
    if (isOrdered || slot.isSettled) queue.push(slot);
    return true;
  }

  #newSlot(): InFlight {
    const slot = new InFlight(this.#load);
    this.#slots.push(slot);
    return slot;
  }

  protected override free(closing: Closing | null): void {
    this.#load.waker = null;
    this.#load.queue.clear();
    for (const slot of this.#slots) slot.abandon();
    super.free(closing);
  }
  override *waits(): Iterable<Future<unknown>> {
    for (const { wait } of this.#slots) if (wait !== null) yield wait;
    if (!this.#hasEnded && this.#load.size < this.#limit) yield* this.upstream.waits();
  }
}

pin(new Buffered(null as never, 1, true));
