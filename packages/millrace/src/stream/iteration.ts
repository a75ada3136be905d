/** Sources over other people's iterators, and over the library's own. */
import { pin } from "../internal/pin.ts";
import type { ReadableStream } from "../internal/platform.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { Call, type CallOptions } from "../runtime/call.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { abandon, claim, Future } from "../runtime/future.ts";
import { FutureIterator } from "../runtime/iterate.ts";
import { close, Patience, report, type Closing, type Ends } from "./closing.ts";
import { isNodeReadable, NodeSource } from "./node-readable.ts";
import { END, ReadySource, Source, type Pulled } from "./source.ts";
import { isReadableStream, WebSource } from "./web-stream.ts";

/** What a stream can be made of. */
export type Pullable<T> = Iterable<T> | AsyncIterable<T> | ReadableStream<T>;

/** A stream, as far as this file needs to know. */
export abstract class HasSource<T> {
  /** @internal */
  declare readonly source: Source<T>;
}

/** The source of whatever can be iterated. */
export function sourceOf<T>(caller: string, from: Pullable<T>): Source<T> {
  if (from instanceof HasSource) return from.source as Source<T>;
  if (Array.isArray(from)) return new ArraySource<T>(from);
  if (isNodeReadable(from)) return new NodeSource(from) as unknown as Source<T>;
  if (isReadableStream(from)) return new WebSource(caller, from as ReadableStream<T>);
  const isFuture = from instanceof Future;
  if (!isFuture && typeof (from as Partial<AsyncIterable<T>> | null)?.[Symbol.asyncIterator] === "function")
    return new AsyncIteratorSource(from as AsyncIterable<T>);
  if (!isFuture && typeof (from as Partial<Iterable<T>> | null)?.[Symbol.iterator] === "function")
    return new IteratorSource(from as Iterable<T>);
  const got = from === null ? "null" : isFuture ? "a future; Stream.once makes a stream of one" : typeof from;
  throw new TypeError(`${caller} expects an iterable, an async iterable or a readable stream, got ${got}`);
}

/** More than an array has. A small integer, as every index is: anything else would change the hidden class. */
const PAST_ALL = 2 ** 30 - 1;

export class ArraySource<T> extends ReadySource<T> {
  declare private readonly items: readonly T[];
  declare private index: number;
  constructor(items: readonly T[]) {
    super();
    this.items = items;
    this.index = 0;
  }
  protected next(): T | typeof END {
    // As an array's own iterator does: what is pushed meanwhile is seen, until the end was.
    if (this.isOver || this.index >= this.items.length) {
      this.index = PAST_ALL;
      return END;
    }
    return this.items[this.index++]!;
  }
}

class IteratorSource<T> extends ReadySource<T> {
  declare private readonly iterable: Iterable<T>;
  declare private iterator: Iterator<T> | null;
  declare private hasEnded: boolean;
  constructor(iterable: Iterable<T>) {
    super();
    this.iterable = iterable;
    this.iterator = null;
    this.hasEnded = false;
  }
  protected next(): T | typeof END {
    if (this.hasEnded) return END;
    const iterator = (this.iterator ??= this.iterable[Symbol.iterator]());
    // An iterator that throws has closed itself.
    this.hasEnded = true;
    const result = iterator.next();
    if (typeof result !== "object" || result === null) throw notAResult(result);
    if (result.done) return END;
    this.hasEnded = false;
    return result.value;
  }
  protected override free(closing: Closing | null): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    close(closing, () => {
      (this.iterator ?? this.iterable[Symbol.iterator]()).return?.();
    });
  }
}

/**
 * Each `next()` is a call of its own, so that leaving while it waits unwinds what it waits for.
 *
 *   IDLE ──poll──► IN FLIGHT ──item──► IDLE
 *    │                 ├──done, throws──► ENDED
 *    └─free─► return() └─free─► the call is cancelled, and return() called
 *
 * Who lets go waits for both; for a call that waits for a promise of others, which cannot be hurried, only
 * a turn of the host's loop.
 */
class AsyncIteratorSource<T> extends Source<T> {
  declare private readonly iterable: AsyncIterable<T>;
  declare private iterator: AsyncIterator<T> | null;
  declare private inFlight: Future<IteratorResult<T>> | null;
  declare private hasEnded: boolean;
  /** Who waits for the end of a call that was abandoned. */
  declare private leaving: Ends | null;
  declare private readonly options: CallOptions;
  constructor(iterable: AsyncIterable<T>) {
    super();
    this.iterable = iterable;
    this.iterator = null;
    this.inFlight = null;
    this.hasEnded = false;
    this.leaving = null;
    this.options = {
      onEnd: () => this.leaving?.ended(),
      onFailure: (error) => (this.leaving === null ? report(error) : this.leaving.failed(error)),
    };
  }

  poll(waker: Waker): Pulled<T> {
    if (this.inFlight === null) {
      if (this.hasEnded) return END;
      if (!mayProceed(waker)) return PENDING;
      this.inFlight = claim(this.begin());
    }
    let result: Poll<IteratorResult<T>>;
    try {
      result = this.inFlight.poll(waker);
    } catch (error) {
      this.inFlight = null;
      this.hasEnded = !(this.iterator instanceof FutureIterator);
      throw error;
    }
    if (result === PENDING) return PENDING;
    this.inFlight = null;
    if (typeof result !== "object" || result === null) throw notAResult(result);
    if (!result.done) return result.value;
    this.hasEnded = true;
    return END;
  }

  private begin(): Future<IteratorResult<T>> {
    const iterator = (this.iterator ??= this.iterable[Symbol.asyncIterator]());
    if (iterator instanceof FutureIterator) return iterator.step() as Future<IteratorResult<T>>;
    return new Call<IteratorResult<T>, []>(() => iterator.next(), [], this.options);
  }

  protected override free(closing: Closing | null): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    const { inFlight } = this;
    let waiting: Ends | null = closing;
    if (inFlight !== null) {
      this.inFlight = null;
      if (inFlight instanceof Call && inFlight.branch?.isDone === false) {
        if (closing !== null && inFlight.isExternalWait) waiting = new Patience(closing, inFlight.branch);
        this.leaving = waiting;
        waiting?.begun();
      }
      abandon(inFlight);
    }
    close(waiting, () => (this.iterator ?? this.iterable[Symbol.asyncIterator]()).return?.());
  }
  override waits(): Iterable<Future<unknown>> {
    return this.inFlight === null ? [] : [this.inFlight];
  }
}

function notAResult(result: unknown): TypeError {
  return new TypeError(`an iterator's next() must give an object, got ${String(result)}`);
}

pin(new ArraySource([]));
pin(new IteratorSource([]));
pin(new AsyncIteratorSource(null as never));
