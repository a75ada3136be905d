/**
 * `Source`: what a stream pulls from. `poll` either gives an item, or says that the stream has ended, or
 * arranges for the waker to be woken and returns `PENDING`. Operators are sources that poll a source.
 *
 *   IDLE ⇄ polled ──► END, or throws
 *     └──────┴──release──► RELEASED
 *
 * Invariants
 *  1. A source is polled by one consumer at a time; a wake-up means "try again". What is under way
 *     between two polls stays with the source, so a consumer that goes away and comes back loses nothing.
 *  2. Whoever consumes a chain (`Stream.next`, a terminal) releases all of it, once, when it fails or is
 *     left. So an operator lets failures of its upstream pass, and does not clean up after them.
 *  3. A source that answered END has let go of everything, and answers END again.
 */
import { PENDING, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import type { Future } from "../runtime/future.ts";
import { cx } from "../runtime/kernel.ts";
import { Closing } from "./closing.ts";

/** The answer of a source that has no more items. */
export const END: unique symbol = Symbol("millrace.end");
export type Pulled<T> = T | typeof PENDING | typeof END;

export abstract class Source<T> {
  /** Nothing will come any more: it was released, or its consumer has seen the end or a failure. */
  declare isOver: boolean;
  /** Once it ends early. */
  declare protected closing: Closing | null;
  constructor() {
    this.isOver = false;
    this.closing = null;
  }

  abstract poll(waker: Waker): Pulled<T>;

  /** Lets go of what it reads from and abandons what is in flight. `closing` is told of ends that must wait. */
  release(closing: Closing | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.free(closing);
  }
  protected free(_closing: Closing | null): void {}

  /** Ends early: lets go of everything, and answers END when that is done. */
  protected leave(waker: Waker): typeof PENDING | typeof END {
    if (this.closing === null) {
      this.closing = new Closing();
      this.free(this.closing);
    }
    return this.closing.poll(waker) === PENDING ? PENDING : END;
  }

  /** Whether items may still come after it threw `error`. */
  survives(_error: unknown): boolean {
    return false;
  }
  /** Whether items may come after it answered END. */
  get mayGoOn(): boolean {
    return false;
  }
  /** What it waits for right now. */
  waits(): Iterable<Future<unknown>> {
    return NOTHING;
  }
}

const NOTHING: readonly never[] = [];

/** A source that reads from one other. */
export abstract class Operator<S, T> extends Source<T> {
  declare readonly upstream: Source<S>;
  constructor(upstream: Source<S>) {
    super();
    this.upstream = upstream;
  }
  protected override free(closing: Closing | null): void {
    this.upstream.release(closing);
  }
  override survives(error: unknown): boolean {
    return this.upstream.survives(error);
  }
  override waits(): Iterable<Future<unknown>> {
    return this.upstream.waits();
  }
}

/**
 * Items that a source which is always ready gives for one operation of the cooperative budget. A turn of the
 * event loop costs about as much as 250 items of a cheap chain: 2048 items a turn make it 10 % (the "stream:
 * synchronous" row of the bench), and callbacks of a microsecond hold up timers and I/O for 2 ms.
 */
const ITEMS_PER_OPERATION = 16;

/** A source that never waits. It lets others run after a while, which its operators need not care for. */
export abstract class ReadySource<T> extends Source<T> {
  declare private credit: number;
  constructor() {
    super();
    this.credit = 0;
  }
  protected abstract next(): T | typeof END;

  poll(waker: Waker): Pulled<T> {
    if (this.credit === 0 && !this.earn(waker)) return PENDING;
    this.credit--;
    return this.next();
  }
  private earn(waker: Waker): boolean {
    if (!mayProceed(waker)) return false;
    cx.budget--;
    this.credit = ITEMS_PER_OPERATION;
    return true;
  }
}
