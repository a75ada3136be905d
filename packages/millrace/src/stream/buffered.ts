/**
 * Up to `limit` futures in flight at once. Items are pulled when the consumer asks; what was pulled makes
 * progress by itself, so that it goes on while the consumer is busy. An item counts until it is consumed.
 */
import { pin } from "../internal/pin.ts";
import { isThenable, PENDING, type Waker } from "../runtime/body.ts";
import { claim, Future } from "../runtime/future.ts";
import { watchPromise } from "../combinators/to-future.ts";
import { Ring } from "../internal/ring.ts";
import type { Closing } from "./closing.ts";
import { Flight, InFlight } from "./in-flight.ts";
import { END, Operator, type Pulled, type Source } from "./source.ts";

/** That of a promise which behaves as the language says. */
const nativeThen: unknown = Reflect.get(Promise.prototype, "then");

/** In flight, or settled and not consumed yet. */
class Load extends Flight {
  /** Those that may be consumed next: in source order, or in the order in which they settled. */
  declare readonly queue: Ring<InFlight>;
  /** How many are aboard. */
  declare size: number;
  declare waker: Waker | null;
  declare readonly isOrdered: boolean;
  constructor(isOrdered: boolean) {
    super();
    this.queue = new Ring();
    this.size = 0;
    this.waker = null;
    this.isOrdered = isOrdered;
  }
  landed(item: InFlight): void {
    if (!this.isOrdered) this.queue.push(item);
    else if (this.queue.peek() !== item) return;
    this.waker?.wake();
  }
}

export class Buffered<T> extends Operator<T, Awaited<T>> {
  declare private readonly limit: number;
  declare private readonly load: Load;
  /** As many as were ever aboard at once; used again. */
  declare private readonly slots: InFlight[];
  declare private readonly idle: InFlight[];
  declare private hasEnded: boolean;

  constructor(upstream: Source<T>, limit: number, isOrdered: boolean) {
    super(upstream);
    this.limit = limit;
    this.load = new Load(isOrdered);
    this.slots = [];
    this.idle = [];
    this.hasEnded = false;
  }

  poll(waker: Waker): Pulled<Awaited<T>> {
    const { load } = this;
    const { queue } = load;
    load.waker = waker;
    load.board();
    while (load.size < this.limit && !this.hasEnded && this.pull(waker, load));
    const first = queue.peek();
    if (first?.isSettled !== true) return this.hasEnded && load.size === 0 ? END : PENDING;
    queue.shift();
    load.size--;
    this.idle.push(first);
    return first.take() as Awaited<T>;
  }

  /** Pulls one item and starts it. False when there is none to be had now. */
  private pull(waker: Waker, load: Load): boolean {
    let item: Pulled<T>;
    try {
      item = this.upstream.poll(waker);
    } catch (error) {
      return this.fail(error, load);
    }
    if (item === PENDING) return false;
    if (item === END) {
      this.hasEnded = true;
      return false;
    }
    const slot = this.board(load);
    if (item instanceof Future) slot.start(claim(item as Future<unknown>));
    else if (item instanceof Promise && item.then === nativeThen) slot.follow(item);
    else if (isThenable(item)) slot.start(watchPromise(item));
    else slot.settle(false, item);
    if (load.isOrdered || slot.isSettled) load.queue.push(slot);
    return true;
  }

  /** In source order, a failure of the source comes after what was pulled before it. */
  private fail(error: unknown, load: Load): boolean {
    if (!load.isOrdered) throw error;
    this.hasEnded = !this.survives(error);
    const slot = this.board(load);
    slot.settle(true, error);
    load.queue.push(slot);
    return true;
  }

  private board(load: Load): InFlight {
    load.size++;
    return this.idle.pop() ?? this.newSlot();
  }
  private newSlot(): InFlight {
    const slot = new InFlight(this.load);
    this.slots.push(slot);
    return slot;
  }

  protected override free(closing: Closing | null): void {
    this.load.waker = null;
    this.load.queue.clear();
    for (const slot of this.slots) slot.abandon();
    super.free(closing);
  }
  override *waits(): Iterable<Future<unknown>> {
    for (const { wait } of this.slots) if (wait !== null) yield wait;
    if (!this.hasEnded && this.load.size < this.limit) yield* this.upstream.waits();
  }
}

pin(new Buffered(null as never, 1, true));
