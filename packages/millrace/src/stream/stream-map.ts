/** A keyed set of streams. */
import { ClosedError } from "../errors.ts";
import { PENDING, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import type { Closing } from "./closing.ts";
import { sourceOf } from "./iteration.ts";
import { Members, type Member } from "./members.ts";
import { END, Source, type Pulled } from "./source.ts";
import { Stream } from "./stream.ts";

class KeyedSource<K, T> extends Source<[K, T]> {
  readonly byKey: Map<K, Member<K, T>> = new Map();
  readonly members: Members<K, T> = new Members((key) => this.byKey.delete(key));

  poll(waker: Waker): Pulled<[K, T]> {
    const item = this.members.poll(waker);
    if (item === PENDING) return PENDING;
    return item === END ? END : [this.members.latest!.key, item];
  }
  override survives(error: unknown): boolean {
    return this.members.survives(error);
  }
  /** Empty now; more streams may be added. */
  override get mayGoOn(): boolean {
    return true;
  }
  protected override free(closing: Closing | null): void {
    this.byKey.clear();
    this.members.release(closing);
  }
  override waits(): Iterable<Future<unknown>> {
    return this.members.waits();
  }
}

/**
 * A keyed set of streams read as one: items come as `[key, item]`, in turn when several streams are ready.
 * A stream that has ended leaves the set. An empty set has ended, until a stream is inserted.
 *
 * @example
 * ```ts
 * import { Stream, StreamMap } from "millrace/stream";
 *
 * const map = new StreamMap<string, number>();
 * map.insert("a", Stream.of(1, 2));
 * map.insert("b", Stream.of(10));
 * console.log(await map.collect()); // [["a", 1], ["b", 10], ["a", 2]]
 * ```
 */
export class StreamMap<K, T> extends Stream<[K, T]> {
  readonly #keyed: KeyedSource<K, T>;

  constructor() {
    const keyed = new KeyedSource<K, T>();
    super(keyed);
    this.#keyed = keyed;
  }

  /**
   * Adds a stream. Gives back the one that had the key, not released; `undefined` when there was none.
   *
   * @throws TypeError when `source` cannot be iterated; ClosedError when the map was left or disposed.
   */
  insert(key: K, source: AsyncIterable<T>): Stream<T> | undefined {
    if (this.#keyed.isOver)
      throw new ClosedError("StreamMap.insert into a map that was left early or disposed; make a new one");
    const next = sourceOf("StreamMap.insert", source);
    const replaced = this.remove(key);
    const { byKey, members } = this.#keyed;
    byKey.set(key, members.add(key, next));
    return replaced;
  }
  /** Takes a stream out and gives it back, not released; `undefined` when there is none. */
  remove(key: K): Stream<T> | undefined {
    const { byKey, members } = this.#keyed;
    const member = byKey.get(key);
    if (member === undefined) return undefined;
    byKey.delete(key);
    members.remove(member);
    return new Stream(member.source);
  }
  /** Whether there is a stream of this key. */
  has(key: K): boolean {
    return this.#keyed.byKey.has(key);
  }
  /** Streams that have not ended, as far as is known. */
  get size(): number {
    return this.#keyed.byKey.size;
  }
}
