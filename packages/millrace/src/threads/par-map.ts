/** Mapping many items on threads, in chunks whose size follows the cost of an item. */
import { importModule } from "./import-module.ts";
import { isRoutine, isThenable, type Routine } from "../runtime/body.ts";
import { Call } from "../runtime/call.ts";
import { checkCount, kindOf, optionsOf } from "../runtime/argument.ts";
import type { Future } from "../runtime/future.ts";
import { host } from "../runtime/host.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { register, registered, type AnyFunction } from "./function-table.ts";
import { engineFor, home } from "./home.ts";
import type { ThreadPool } from "./pool.ts";
import { callOf, entryOf, threadFnOf, type ThreadFn } from "./threaded.ts";
import { BUILT_IN, BUILT_IN_META } from "./thread-functions.ts";
import { ChunkSize, isPrimitive } from "./chunk-size.ts";
import { gather } from "./gather-calls.ts";
import { ItemSource } from "./item-source.ts";
import { putTogether, takeApart } from "./shareable.ts";
import { yieldNow } from "../runtime/budget.ts";

/** How long the calling thread maps before others get their turn, in ms. */
const LOCAL_MS = 0.5;

interface Chunk {
  readonly results: readonly unknown[];
  /** How long they took, in ms. */
  readonly ms: number;
  /** No result waited or would have been copied: elsewhere they would have been the same. */
  readonly isPlain: boolean;
}

/** Runs a chunk on a thread. */
function* mapChunk(url: string, position: number, items: readonly unknown[]): Routine<Chunk> {
  let entry = registered(url, position);
  if (entry === undefined) {
    const load = importModule(url);
    yield* new Call(() => load, []);
    entry = registered(url, position);
  }
  const fn = entry!.fn as (item: unknown) => unknown;
  const started = host.now();
  const results: unknown[] = [];
  let isPlain = true;
  for (const item of items) {
    const result = fn(item);
    if (isPrimitive(result)) {
      results.push(result);
      continue;
    }
    isPlain = false;
    results.push(yield* awaited(result));
  }
  return { results, ms: host.now() - started, isPlain };
}
function* awaited(result: unknown): Routine<unknown> {
  if (isRoutine(result)) return yield* result as Routine<unknown>;
  if (isThenable(result)) return yield* new Call(() => result as PromiseLike<unknown>, []);
  return result;
}
const chunk = threadFnOf(register(`${BUILT_IN}map`, BUILT_IN_META, mapChunk as AnyFunction, false), mapChunk);

/**
 * `fn` of every item, in order, on the pool's threads. The size of a chunk follows what an item was
 * measured to cost, so that cheap items travel together and dear ones can be stolen one by one. Items that
 * cost less than sending them would, a microsecond or two, are mapped on the calling thread, half a
 * millisecond at a time, as long as items and results are primitive: then nothing tells the difference but
 * the time and `cx().thread`. The first failure is thrown, and the rest abandoned.
 *
 * `maxInFlight` is how many items may be on their way at most; default: as many as keeps the threads busy.
 *
 * **Cancel safety.** Abandoned, it abandons what runs and dispatches no more.
 *
 * @throws RangeError when `maxInFlight` is not a positive integer; TypeError when `items` cannot be iterated.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { parMap, threaded } from "millrace/threads";
 *
 * export const cube = threaded(import.meta, (n: number) => n ** 3);
 * main(async () => console.log(await parMap([1, 2, 3], cube))); // [1, 8, 27]
 * ```
 */
export function parMap<T, R>(
  items: Iterable<T>,
  fn: ThreadFn<[T], R>,
  options: { pool?: ThreadPool; maxInFlight?: number } = {},
): Future<R[]> {
  if (typeof (items as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] !== "function")
    throw new TypeError(`parMap expects an iterable of items, got ${kindOf(items)}`);
  const { url, position } = entryOf("parMap", fn);
  const { pool, maxInFlight = Infinity } = optionsOf("parMap", options);
  if (maxInFlight !== Infinity) checkCount("parMap", "maxInFlight", maxInFlight, 1);
  const on = pool === undefined ? undefined : () => home.engineOfPool!(pool);
  return new Call(
    function* (): Routine<R[]> {
      const engine = on?.() ?? engineFor(ambientKernel());
      const { threads } = engine;
      // So many that no thread waits for the next while this one sleeps, or has other things to do.
      const chunks = Math.min(maxInFlight, threads * 4);
      const most = Math.floor(maxInFlight / chunks);
      const results: R[] = [];
      const source = new ItemSource(items);
      const size = new ChunkSize();
      let isHere = false;
      const here = function* (): Routine<void> {
        while (size.isLocal && source.hasNext()) {
          yield* mapHere(source, fn.local, size, results);
          yield* yieldNow();
        }
        isHere = false;
      };
      const take = (): Future<void> | undefined => {
        if (size.isLocal) {
          if (isHere || !source.hasNext()) return undefined;
          isHere = true;
          // Beside the chunks that are still on their way.
          return new Call(here, []);
        }
        const wanted = Math.min(
          size.items,
          most,
          // Towards the end smaller ones, so that the threads come to it together.
          Math.max(1, Math.ceil(source.left / (threads * 2))),
        );
        const start = source.taken;
        const sentAt = size.turns;
        const batch = source.take(wanted);
        if (batch.length === 0) return undefined;
        return callOf("parMap", chunk, [url, position, batch], on, url).map((done) => {
          size.learn(done.ms, batch.length, done.isPlain && batch.every(isPrimitive), sentAt);
          for (let i = 0; i < batch.length; i++) results[start + i] = done.results[i] as R;
        });
      };
      try {
        while (!source.isOver) yield* gather(take, chunks);
      } finally {
        source.close();
      }
      return results;
    },
    [],
    { name: "parMap" },
  );
}

/** Maps items on this thread for `LOCAL_MS`, or until one should not be. */
function* mapHere<T, R>(
  source: ItemSource<T>,
  fn: ThreadFn<[T], R>["local"],
  size: ChunkSize,
  results: R[],
): Routine<void> {
  const started = host.now();
  for (let before = started; size.isLocal;) {
    const first = source.taken;
    const odd = mapSome(source, fn, size.stride, results);
    if (odd !== NOTHING) {
      size.leave();
      const at = source.taken - 1;
      results[at] = copied(yield* awaited(odd)) as R;
      return;
    }
    const count = source.taken - first;
    if (count < size.stride) {
      if (source.hasNext()) size.leave();
      return;
    }
    const now = host.now();
    size.learnLocal(now - before, count);
    if (now - started > LOCAL_MS) return;
    before = now;
  }
}

/** No result. */
const NOTHING: unique symbol = Symbol("nothing");

/**
 * At most so many: fewer when the items are over or the next is not primitive. A result that is not
 * primitive ends it, and is returned. (Apart from the generator, whose loops the engine compiles to slower
 * code: the row of tiny items.)
 */
function mapSome<T, R>(
  source: ItemSource<T>,
  fn: ThreadFn<[T], R>["local"],
  count: number,
  results: R[],
): unknown {
  for (let i = 0; i < count && source.hasNext() && isPrimitive(source.next); i++) {
    const result: unknown = fn(source.shift());
    if (!isPrimitive(result)) return result;
    results[source.taken - 1] = result as R;
  }
  return NOTHING;
}

/** As if it had come from a thread. */
function copied(value: unknown): unknown {
  return putTogether(structuredClone(takeApart(value)));
}
