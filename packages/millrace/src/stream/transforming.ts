/** One item in, at most one out. All but `mapAsync` and `takeUntil` cost about a call an item. */
import type { AbortSignal } from "../internal/platform.ts";
import type { Awaitable, Body } from "../runtime/body.ts";
import type { CancellationToken } from "../sync/cancellation-token.ts";
import { requireFunction } from "../runtime/argument.ts";
import { requireLimit } from "./callback.ts";
import { Consuming } from "./consuming.ts";
import * as steps from "./fused.ts";
import { MapAsync } from "./map-async.ts";
import type { Source } from "./source.ts";
import type { Stream } from "./stream.ts";
import { TakeUntil } from "./take-until.ts";

export abstract class Transforming<T> extends Consuming<T> {
  /** A stream that reads from `source`. @internal */
  protected abstract derive<U>(source: Source<U>): Stream<U>;

  /**
   * `f` of each item and its index. What it returns is the item, even a promise: `buffered` awaits those.
   *
   * @throws TypeError when `f` is not a function.
   */
  map<U>(f: (item: T, index: number) => U): Stream<U> {
    return this.step(steps.MAP, requireFunction("Stream.map", f));
  }

  /**
   * Awaits what `f` makes of an item before the next item is pulled (Rust's `then`). `f` may be plain,
   * async or a generator function; leaving the stream cancels the call that is under way.
   *
   * @throws TypeError when `f` is not a function.
   */
  mapAsync<U>(f: Body<U, [item: T, index: number]>): Stream<U> {
    return this.derive(new MapAsync(this.source, f));
  }

  /** The items for which `keep` holds. Throws TypeError when it is not a function. */
  filter<S extends T>(keep: (item: T, index: number) => item is S): Stream<S>;
  filter(keep: (item: T, index: number) => boolean): Stream<T>;
  filter(keep: (item: T, index: number) => boolean): Stream<T> {
    return this.step(steps.FILTER, requireFunction("Stream.filter", keep));
  }

  /** `f` of each item; where that is `undefined`, the item is dropped. Throws TypeError when it is not a function. */
  filterMap<U>(f: (item: T, index: number) => U | undefined): Stream<U> {
    return this.step(steps.FILTER_MAP, requireFunction("Stream.filterMap", f));
  }

  /** The same items; `f` sees each as it passes. Throws TypeError when it is not a function. */
  inspect(f: (item: T, index: number) => void): Stream<T> {
    return this.step(steps.INSPECT, requireFunction("Stream.inspect", f));
  }

  /** Each item with its index, from 0. */
  enumerate(): Stream<[index: number, item: T]> {
    return this.step(steps.ENUMERATE);
  }

  /**
   * `f` makes the next state and an item of the state and each item; `undefined` ends the stream.
   *
   * @throws TypeError when `f` is not a function.
   *
   * @example
   * ```ts
   * import { Stream } from "millrace/stream";
   *
   * const totals = Stream.of(1, 2, 3).scan(0, (sum, n) => [sum + n, sum + n]);
   * console.log(await totals.collect()); // [1, 3, 6]
   * ```
   */
  scan<S, U>(seed: S, f: (state: S, item: T) => readonly [S, U] | undefined): Stream<U> {
    return this.step(steps.SCAN, requireFunction("Stream.scan", f), 0, seed);
  }

  /**
   * The first `count` items; then it releases the source, and ends when that has closed.
   *
   * @throws RangeError unless `count` is an integer of at least 0, or Infinity.
   */
  take(count: number): Stream<T> {
    return this.step(steps.TAKE, undefined, requireLimit("Stream.take", "count", count, 0));
  }

  /** All but the first `count` items. Throws RangeError unless `count` is an integer of at least 0, or Infinity. */
  skip(count: number): Stream<T> {
    return this.step(steps.SKIP, undefined, requireLimit("Stream.skip", "count", count, 0));
  }

  /** The items up to the first for which `keep` does not hold. Throws TypeError when it is not a function. */
  takeWhile(keep: (item: T) => boolean): Stream<T> {
    return this.step(steps.TAKE_WHILE, requireFunction("Stream.takeWhile", keep));
  }

  /** The items from the first on for which `skip` does not hold. Throws TypeError when it is not a function. */
  skipWhile(skip: (item: T) => boolean): Stream<T> {
    return this.step(steps.SKIP_WHILE, requireFunction("Stream.skipWhile", skip));
  }

  /**
   * Ends when the future, token or signal fires, also in the middle of a wait. A failure of the future is
   * thrown to the consumer.
   *
   * @example
   * ```ts
   * import { interval, sleep } from "millrace";
   * import { Stream } from "millrace/stream";
   *
   * console.log(await Stream.from(interval(10)).takeUntil(sleep(25)).count()); // 3
   * ```
   */
  // oxlint-disable-next-line typescript/no-redundant-type-constituents -- names what is meant
  takeUntil(stop: Awaitable<unknown> | CancellationToken | AbortSignal): Stream<T> {
    return this.derive(new TakeUntil(this.source, stop));
  }

  private step<U>(
    kind: number,
    apply?: (...args: never[]) => unknown,
    count?: number,
    state?: unknown,
  ): Stream<U> {
    return this.derive(steps.fuse<U>(this.source as Source<unknown>, kind, apply, count, state));
  }
}
