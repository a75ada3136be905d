/**
 * `Stream`: a lazy sequence, pulled one item at a time. The class is built in storeys, one room for each
 * kind of method:
 *
 *   Pulling (next, for await) ◄ Consuming (forEach, collect, …) ◄ Transforming (map, filter, …)
 *     ◄ Combining (buffered, merge, chunks, …) ◄ Stream (where streams come from, and where they go)
 */
import type { ReadableStream } from "../internal/platform.ts";
import { PENDING, type Awaitable, type Body, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { optionsOf, requireFunction } from "../runtime/argument.ts";
import { requireLimit } from "./callback.ts";
import { Combining } from "./combining.ts";
import { EventSource, type Overflow } from "./events.ts";
import { OnceSource, RangeSource, RepeatSource, UnfoldSource } from "./generated.ts";
import { ArraySource, sourceOf, type Pullable } from "./iteration.ts";
import { Merged } from "./merged.ts";
import { PeekSource } from "./peek.ts";
import { ProducedSource } from "./produced.ts";
import { Next } from "./pulling.ts";
import { END, type Pulled, type Source } from "./source.ts";
import { toReadableStream } from "./to-web-stream.ts";
import type { Turns } from "./turns.ts";

/**
 * A lazy sequence that is pulled one item at a time; nothing runs ahead of demand except what `buffered*`
 * asks for. `for await`, `yield* stream.next()` and the methods below all pull. Callbacks that are
 * awaited may be plain, async or generator functions.
 *
 * A failure of the source or of a callback is thrown to the consumer once; then the stream has ended.
 * Leaving early (`break`, an abandoned terminal future, disposal) releases the source and abandons what is
 * in flight.
 *
 * A method that gives a stream reads from this one: use the new one from then on.
 *
 * @example
 * ```ts
 * import { asyncFn, mpsc, sleep, spawn } from "millrace";
 * import { Stream } from "millrace/stream";
 *
 * const [tx, rx] = mpsc.channel<number>(32);
 * spawn(function* () { for (let n = 0; n < 20; n++) yield* tx.send(n); tx.close(); });
 *
 * const work = asyncFn(function* (n: number) { yield* sleep(10); return n * n; });
 * await Stream.from(rx).map(work).bufferUnordered(10).forEach((square) => console.log(square));
 * ```
 */
export class Stream<T> extends Combining<T> {
  /** @internal */
  constructor(source: Source<T>) {
    super(source);
  }

  /**
   * From anything that can be iterated, receivers and intervals among them, or a web or Node readable
   * stream, whose back-pressure is kept. Leaving early calls the iterator's `return`, cancels the web
   * stream, destroys the Node stream.
   *
   * @throws TypeError for anything else, and for a locked web stream.
   */
  static from<T>(source: Pullable<T>): Stream<T> {
    return source instanceof Stream ? (source as Stream<T>) : new Stream(sourceOf("Stream.from", source));
  }
  /** The given items. */
  static of<T>(...items: T[]): Stream<T> {
    return new Stream(new ArraySource(items));
  }
  /** No items. */
  static empty<T = never>(): Stream<T> {
    return new Stream(new ArraySource<T>([]));
  }
  /** One item, or what a future or promise gives. */
  static once<T>(item: Awaitable<T>): Stream<T> {
    return new Stream(new OnceSource(item));
  }
  /** What `make` gives, again and again without end. Throws TypeError when `make` is not a function. */
  static repeat<T>(make: () => Awaitable<T>): Stream<T> {
    return new Stream(new RepeatSource(make));
  }
  /** From `start` up, in steps of 1; `end` is not included. Throws RangeError when either is not a number. */
  static range(start: number, end: number): Stream<number> {
    return new Stream(new RangeSource(start, end));
  }

  /**
   * `step` makes an item and the next state of the state; `undefined` ends the stream.
   *
   * @throws TypeError when `step` is not a function.
   *
   * @example
   * ```ts
   * import { Stream } from "millrace/stream";
   *
   * const powers = Stream.unfold(1, (n) => (n > 100 ? undefined : [n, n * 2]));
   * console.log(await powers.collect()); // [1, 2, 4, 8, 16, 32, 64]
   * ```
   */
  static unfold<S, T>(
    seed: S,
    step: (state: S) => Awaitable<readonly [item: T, state: S] | undefined>,
  ): Stream<T> {
    return new Stream(new UnfoldSource(seed, step));
  }

  /**
   * A task that writes into a bounded channel of `capacity` items. It starts when the first item is asked
   * for and is cancelled when the consumer leaves; its failure is thrown after what it had sent. As with
   * any channel, `undefined` cannot be sent.
   *
   * @throws RangeError unless `capacity` is an integer of at least 1, or Infinity; TypeError when `producer` is not a function.
   *
   * @example
   * ```ts
   * import { sleep } from "millrace";
   * import { Stream } from "millrace/stream";
   *
   * const ticks = Stream.produce<number>(4, async (send) => {
   *   for (let n = 0; n < 3; n++) { await sleep(5); await send(n); }
   * });
   * for await (const n of ticks) console.log(n);
   * ```
   */
  static produce<T>(capacity: number, producer: Body<void, [send: (item: T) => Future<void>]>): Stream<T> {
    return new Stream(new ProducedSource(capacity, producer));
  }

  /**
   * Every event from now on, of an `EventTarget` (the event) or a Node `EventEmitter` (its first argument;
   * an "error" event is thrown after what came before it). At most `capacity` events wait to be read; of
   * one more, the overflow policy says whether the oldest or the newest is dropped or `LaggedError` is
   * thrown. The listener is removed when the stream is left.
   *
   * @throws TypeError when `target` is neither or the policy is unknown; RangeError unless `capacity` is an integer of at least 1, or Infinity.
   */
  static fromEvents<T = unknown>(
    target: object,
    event: string,
    options: { capacity: number; overflow: Overflow },
  ): Stream<T> {
    return new Stream(new EventSource<T>(target, event, options));
  }

  /** The items of many streams as they come, in turn when several are ready. Ends when all have ended. */
  static mergeAll<T>(sources: Iterable<AsyncIterable<T>>): Stream<T> {
    if (typeof (sources as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== "function")
      throw new TypeError(`Stream.mergeAll expects an iterable of streams, got ${typeof sources}`);
    return new Stream(new Merged([...sources].map((source) => sourceOf<T>("Stream.mergeAll", source))));
  }

  /** The same stream, with a look at the next item. */
  peekable(): Peekable<T> {
    return new Peekable(new PeekSource(this.source));
  }

  /**
   * As a web stream, which pulls when it is read (or up to `highWaterMark` items ahead; 0 unless said).
   * Cancelling it releases the source; a failure errors it.
   *
   * @throws RangeError unless `highWaterMark` is an integer of at least 0, or Infinity.
   */
  toReadableStream(options: { highWaterMark?: number } = {}): ReadableStream<T> {
    const { highWaterMark = 0 } = optionsOf("Stream.toReadableStream", options);
    requireLimit("Stream.toReadableStream", "highWaterMark", highWaterMark, 0);
    return toReadableStream(this, highWaterMark);
  }

  /** @internal */
  protected override derive<U>(source: Source<U>): Stream<U> {
    return new Stream(source);
  }
}

/** A look at the next item, when it is its turn. */
class Peek<T> extends Next<T> {
  declare protected readonly peeked: PeekSource<T>;
  constructor(source: PeekSource<T>, turns: Turns) {
    super(source, turns);
    this.peeked = source;
  }
  protected override pull(waker: Waker): Pulled<T> {
    return this.peeked.peek(waker);
  }
}

/** Takes the next item if it passes. */
class NextIf<T> extends Peek<T> {
  declare private readonly predicate: (item: T) => boolean;
  declare isTaken: boolean;
  constructor(source: PeekSource<T>, turns: Turns, predicate: (item: T) => boolean) {
    super(source, turns);
    this.predicate = predicate;
    this.isTaken = false;
  }
  protected override pull(waker: Waker): Pulled<T> {
    const item = super.pull(waker);
    if (item === PENDING || item === END) return item;
    this.isTaken = Boolean(this.predicate(item));
    if (this.isTaken) this.peeked.taken();
    return item;
  }
}

/** A stream whose next item can be looked at without being taken. */
export class Peekable<T> extends Stream<T> {
  readonly #peeked: PeekSource<T>;
  /** @internal */
  constructor(source: PeekSource<T>) {
    super(source);
    this.#peeked = source;
  }

  /**
   * What `next()` will give. **Cancel safety.** Abandoning it takes nothing.
   *
   * @example
   * ```ts
   * import { Stream } from "millrace/stream";
   *
   * const items = Stream.of(1, 2).peekable();
   * console.log(await items.peek(), await items.nextIf((n) => n > 1), await items.next());
   * // { done: false, value: 1 } undefined { done: false, value: 1 }
   * ```
   */
  peek(): Future<IteratorResult<T, undefined>> {
    return new Peek(this.#peeked, this.turns);
  }

  /**
   * Takes the next item if `predicate` holds for it; else `undefined`, and it stays.
   *
   * **Cancel safety.** An item is taken only in the step that gives it.
   *
   * @throws TypeError when `predicate` is not a function.
   */
  nextIf(predicate: (item: T) => boolean): Future<T | undefined> {
    requireFunction("Peekable.nextIf", predicate);
    const next = new NextIf(this.#peeked, this.turns, predicate);
    return next.map(({ value }) => (next.isTaken ? value : undefined));
  }
}
