/** What ends a stream: the methods that pull all of it, or until they know enough. */
import type { Awaitable, Body } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { Buffered } from "./buffered.ts";
import { requireFunction } from "../runtime/argument.ts";
import { Callback, requireLimit } from "./callback.ts";
import { fuse, MAP } from "./fused.ts";
import { Pulling } from "./pulling.ts";
import { Collect, Count, Find, Fold, ForEach, Forward, Last, Search } from "./terminal.ts";

/**
 * **Cancel safety** of every method here: abandoning the future releases the source and abandons what is
 * in flight; items so far are lost. A failure of the source or of a callback is thrown once, after the
 * source has closed.
 */
export abstract class Consuming<T> extends Pulling<T> {
  /**
   * Calls `f` for each item, one after another, waiting for each. Cancel safety: see the class.
   *
   * @throws TypeError when `f` is not a function.
   *
   * @example
   * ```ts
   * import { sleep } from "millrace";
   * import { Stream } from "millrace/stream";
   *
   * await Stream.range(0, 3).forEach(async (n) => { await sleep(1); console.log(n); });
   * ```
   */
  forEach(f: Body<void, [item: T, index: number]>): Future<void> {
    return new ForEach(this.source, this.turns, f);
  }

  /**
   * Calls `f` for each item, up to `limit` calls at once. The first failure is thrown and abandons the
   * other calls. Cancel safety: see the class.
   *
   * @throws RangeError unless `limit` is an integer of at least 1, or Infinity; TypeError when `f` is not a function.
   */
  forEachConcurrent(limit: number, f: Body<void, [item: T]>): Future<void> {
    requireLimit("Stream.forEachConcurrent", "limit", limit, 1);
    const callback = new Callback<T, undefined, void>("Stream.forEachConcurrent", f);
    const calls = fuse<void | Future<void>>(this.source, MAP, (item: T) => callback.call(item, undefined));
    return new Count(new Buffered(calls, limit, false), this.turns).map(() => {});
  }

  /**
   * What `f` makes of the items, one after another, starting with `seed`. Cancel safety: see the class.
   *
   * @throws TypeError when `f` is not a function.
   *
   * @example
   * ```ts
   * import { Stream } from "millrace/stream";
   *
   * console.log(await Stream.range(1, 5).fold(0, (sum, n) => sum + n)); // 10
   * ```
   */
  fold<A>(seed: A, f: (acc: A, item: T) => Awaitable<A>): Future<A> {
    return new Fold(this.source, this.turns, seed, f);
  }

  /** All items, in an array. Cancel safety: see the class. */
  collect(): Future<T[]> {
    return new Collect(this.source, this.turns);
  }
  /** How many items there are. Cancel safety: see the class. */
  count(): Future<number> {
    return new Count(this.source, this.turns);
  }
  /** The first item; `undefined` when there is none. Releases the source. Cancel safety: see the class. */
  first(): Future<T | undefined> {
    return new Find(this.source, this.turns, () => true);
  }
  /** The last item; `undefined` when there is none. Cancel safety: see the class. */
  last(): Future<T | undefined> {
    return new Last(this.source, this.turns);
  }
  /**
   * The first item for which `predicate` holds; then it releases the source. Cancel safety: see the class.
   *
   * @throws TypeError when `predicate` is not a function.
   */
  find(predicate: (item: T) => boolean): Future<T | undefined> {
    return new Find(this.source, this.turns, requireFunction("Stream.find", predicate));
  }
  /** Whether `predicate` holds for an item; the first such releases the source. Cancel safety: see the class. */
  any(predicate: (item: T) => boolean): Future<boolean> {
    return new Search(this.source, this.turns, requireFunction("Stream.any", predicate), true);
  }
  /** Whether `predicate` holds for all items; the first other releases the source. Cancel safety: see the class. */
  all(predicate: (item: T) => boolean): Future<boolean> {
    return new Search(this.source, this.turns, requireFunction("Stream.all", predicate), false);
  }

  /**
   * Sends every item, each after the one before has been accepted; does not close the sender. Cancel
   * safety: see the class; an item whose `send` was waiting is lost.
   *
   * @throws TypeError when `sink` has no `send`.
   *
   * @example
   * ```ts
   * import { mpsc, spawn } from "millrace";
   * import { Stream } from "millrace/stream";
   *
   * const [tx, rx] = mpsc.channel<number>(1);
   * spawn(Stream.range(0, 3).forward(tx).map(() => tx.close()));
   * console.log(await Stream.from(rx).collect()); // [0, 1, 2]
   * ```
   */
  forward(sink: { send(item: T): Future<void> }): Future<void> {
    if (typeof sink?.send !== "function")
      throw new TypeError("Stream.forward expects a sink with a send method, such as a channel's sender");
    return new Forward(this.source, this.turns, sink);
  }
}
