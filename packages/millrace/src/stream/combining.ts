/** Many at once: items in flight, streams of streams, several streams, groups and pace. */
import { toMs, type Duration } from "../runtime/duration.ts";
import { Buffered } from "./buffered.ts";
import { optionsOf, requireFunction } from "../runtime/argument.ts";
import { requireLimit } from "./callback.ts";
import { Chunks, ChunksTimeout, ReadyChunks } from "./chunks.ts";
import { sourceOf, type Pullable } from "./iteration.ts";
import { FlatMapUnordered, Merged } from "./merged.ts";
import { Debounce, ItemTimeout, Throttle } from "./pace.ts";
import { Chained, FlatMap, Zipped } from "./sequence.ts";
import { Hub } from "./share.ts";
import type { Source } from "./source.ts";
import type { Stream } from "./stream.ts";
import { Transforming } from "./transforming.ts";

/**
 * The methods of a stream that put several together, or wait.
 *
 * @ignore
 */
export abstract class Combining<T> extends Transforming<T> {
  /**
   * Awaits items that are futures or promises, up to `limit` in flight, and gives the results in source
   * order. Items are pulled on demand; what is in flight keeps running while the consumer works. A
   * failure takes its place in the order, and abandons what is in flight behind it.
   *
   * @throws RangeError unless `limit` is an integer of at least 1, or Infinity.
   *
   * @example
   * ```ts
   * import { asyncFn, sleep } from "millrace";
   * import { Stream } from "millrace/stream";
   *
   * const work = asyncFn(function* (ms: number) { yield* sleep(ms); return ms; });
   * console.log(await Stream.of(30, 20, 10).map(work).buffered(3).collect()); // [30, 20, 10], after 30 ms
   * ```
   */
  buffered(this: Stream<T>, limit: number): Stream<Awaited<T>> {
    requireLimit("Stream.buffered", "limit", limit, 1);
    return this.derive(new Buffered(this.source, limit, true));
  }

  /** As `buffered`, but gives the results in the order in which they come; a failure is thrown at once. */
  bufferUnordered(this: Stream<T>, limit: number): Stream<Awaited<T>> {
    requireLimit("Stream.bufferUnordered", "limit", limit, 1);
    return this.derive(new Buffered(this.source, limit, false));
  }

  /** The items of what `f` makes of each item, one after another. Throws TypeError when `f` is not a function. */
  flatMap<U>(f: (item: T) => Iterable<U> | AsyncIterable<U>): Stream<U> {
    return this.derive(new FlatMap(this.source, requireFunction("Stream.flatMap", f)));
  }

  /**
   * As `flatMap`, with up to `limit` inner streams pulled at once, in turn as they have items.
   *
   * @throws RangeError unless `limit` is an integer of at least 1, or Infinity; TypeError when `f` is not a function.
   */
  flatMapUnordered<U>(limit: number, f: (item: T) => Iterable<U> | AsyncIterable<U>): Stream<U> {
    requireLimit("Stream.flatMapUnordered", "limit", limit, 1);
    const make = requireFunction("Stream.flatMapUnordered", f);
    return this.derive(new FlatMapUnordered(this.source, limit, make));
  }

  /** The items of this stream, then those of `next`, which is not pulled before. */
  chain<U>(next: AsyncIterable<U> | Iterable<U>): Stream<T | U> {
    const second = sourceOf("Stream.chain", next as Pullable<U>);
    const first: Source<T> = this.source;
    return this.derive(
      first instanceof Chained
        ? (first as Chained<T>).with(second)
        : new Chained<T | U>([first as Source<T | U>, second as Source<T | U>]),
    );
  }

  /** The items of both as they come; in turn when both are ready. Ends when both have ended. */
  merge<U>(other: AsyncIterable<U>): Stream<T | U> {
    const second = sourceOf<T | U>("Stream.merge", other);
    return this.derive(new Merged<T | U>([this.source as Source<T | U>, second]));
  }

  /** Pairs of an item of each; both are pulled at once. Ends with the shorter, and releases the other. */
  zip<U>(other: AsyncIterable<U> | Iterable<U>): Stream<[T, U]> {
    return this.derive(new Zipped(this.source, sourceOf("Stream.zip", other as Pullable<U>)));
  }

  /**
   * One source for many consumers: each call of what is returned joins, and gives a stream of the items
   * from then on. A consumer that is `capacity` items behind holds the source back; with
   * `overflow: "lag"` its `next()` throws `LaggedError` instead, and goes on at the oldest item kept.
   * When the last consumer has left, the source is released.
   *
   * @throws RangeError unless `capacity` is an integer of at least 1, or Infinity; TypeError for another overflow.
   *
   * @example
   * ```ts
   * import { join } from "millrace";
   * import { Stream } from "millrace/stream";
   *
   * const join1 = Stream.range(0, 3).share(2);
   * const [left, right] = [join1(), join1()];
   * console.log(await join(left.collect(), right.count())); // [[0, 1, 2], 3]
   * ```
   */
  share(capacity: number, options: { overflow?: "backpressure" | "lag" } = {}): () => Stream<T> {
    requireLimit("Stream.share", "capacity", capacity, 1);
    const { overflow = "backpressure" } = optionsOf("Stream.share", options);
    if (overflow !== "backpressure" && overflow !== "lag")
      throw new TypeError(
        `Stream.share expects overflow to be "backpressure" or "lag", got ${String(overflow)}`,
      );
    const hub = new Hub(this.source, capacity, overflow === "lag");
    return () => this.derive(hub.join());
  }

  /**
   * Groups of `size` items; the last one may be shorter. A failure comes after the items before it.
   *
   * @throws RangeError unless `size` is an integer of at least 1, or Infinity.
   */
  chunks(size: number): Stream<T[]> {
    return this.derive(new Chunks(this.source, requireLimit("Stream.chunks", "size", size, 1)));
  }

  /** Groups of whatever is ready, at most `size`: it waits for the first item only. Throws as `chunks`. */
  readyChunks(size: number): Stream<T[]> {
    return this.derive(new ReadyChunks(this.source, requireLimit("Stream.readyChunks", "size", size, 1)));
  }

  /** Groups of `size` items, or of what has come within `limit` (ms) of the first. Throws as `chunks`. */
  chunksTimeout(size: number, limit: Duration): Stream<T[]> {
    requireLimit("Stream.chunksTimeout", "size", size, 1);
    return this.derive(new ChunksTimeout(this.source, size, toMs("Stream.chunksTimeout", limit)));
  }

  /** At least `gap` (ms) between items; the first is free. Nothing is dropped: the source is held back. */
  throttle(gap: Duration): Stream<T> {
    return this.derive(new Throttle(this.source, toMs("Stream.throttle", gap)));
  }

  /**
   * An item once nothing newer came for `quiet` (ms); older ones are dropped. The last one comes at the
   * end at once, and before a failure.
   */
  debounce(quiet: Duration): Stream<T> {
    return this.derive(new Debounce(this.source, toMs("Stream.debounce", quiet)));
  }

  /** Throws `TimeoutError` when an item takes longer than `limit` (ms), counted from when it is asked for. */
  timeout(limit: Duration): Stream<T> {
    return this.derive(new ItemTimeout(this.source, toMs("Stream.timeout", limit)));
  }
}
