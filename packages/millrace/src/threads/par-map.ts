/** Mapping many items on threads, in chunks whose size follows the cost of an item. */
import { importModule } from "./import-module.ts";
import { isRoutine, isThenable, type Routine } from "../runtime/body.ts";
import { Call } from "../runtime/call.ts";
import { checkCount } from "../runtime/duration.ts";
import type { Future } from "../runtime/future.ts";
import { host } from "../runtime/host.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { register, registered, type AnyFunction } from "./function-table.ts";
import { engineFor, home } from "./home.ts";
import type { ThreadPool } from "./pool.ts";
import { entryOf, threadFnOf, type ThreadFn } from "./threaded.ts";
import { BUILT_IN, BUILT_IN_META } from "./thread-functions.ts";
import { gather } from "./gather-calls.ts";

/** What a chunk should take, in ms: long beside its dispatch, short beside the whole. */
const CHUNK_MS = 2;
const MAX_CHUNK = 4096;
/** The first chunks are small, because nothing is known yet. */
const FIRST_CHUNK = 1;

interface Chunk {
  readonly results: readonly unknown[];
  /** How long they took, in ms. */
  readonly ms: number;
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
  for (const item of items) {
    const result = fn(item);
    results.push(
      isRoutine(result)
        ? yield* result as Routine<unknown>
        : isThenable(result)
          ? yield* new Call(() => result as PromiseLike<unknown>, [])
          : result,
    );
  }
  return { results, ms: host.now() - started };
}
const chunk = threadFnOf(register(`${BUILT_IN}map`, BUILT_IN_META, mapChunk as AnyFunction, false), mapChunk);

/**
 * `fn` of every item, in order, on the pool's threads. The size of a chunk follows what an item was
 * measured to cost, so that cheap items travel together and dear ones can be stolen one by one. The first
 * failure is thrown, and the rest abandoned.
 *
 * `maxInFlight` is how many items may be on their way at most; default: as many as keeps the threads busy.
 *
 * **Cancel safety.** Abandoned, it abandons what runs and dispatches no more.
 *
 * @throws RangeError when `maxInFlight` is not a positive integer.
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
  const { url, position } = entryOf("parMap", fn);
  const { pool, maxInFlight = Infinity } = options;
  if (maxInFlight !== Infinity) checkCount("parMap", "maxInFlight", maxInFlight, 1);
  const call = pool === undefined ? chunk : chunk.with({ pool });
  return new Call(
    function* (): Routine<R[]> {
      const engine = pool === undefined ? engineFor(ambientKernel()) : home.engineOfPool!(pool);
      const { threads } = engine.submitter.memory.layout;
      const source = items[Symbol.iterator]();
      const results: R[] = [];
      const size = new ChunkSize();
      let next = 0;
      let isOver = false;
      const take = (): Future<void> | undefined => {
        const wanted = Math.min(size.items, Math.max(1, Math.floor(maxInFlight / (threads + 1))));
        const batch: T[] = [];
        while (batch.length < wanted && !isOver) {
          const step = source.next();
          if (step.done === true) isOver = true;
          else batch.push(step.value);
        }
        if (batch.length === 0) return undefined;
        const start = next;
        next += batch.length;
        return call(url, position, batch).map((done) => {
          size.learn(done.ms, batch.length);
          for (let i = 0; i < batch.length; i++) results[start + i] = done.results[i] as R;
        });
      };
      try {
        // One more than there are threads, so that none waits for the next.
        yield* gather(take, Math.min(maxInFlight, threads * 2));
      } finally {
        if (!isOver) source.return?.();
      }
      return results;
    },
    [],
    { name: "parMap" },
  );
}

/** Items a chunk, so that one takes about `CHUNK_MS`. */
class ChunkSize {
  items: number = FIRST_CHUNK;
  #perItem: number = -1;

  learn(ms: number, items: number): void {
    const each = ms / items;
    this.#perItem = this.#perItem < 0 ? each : this.#perItem * 0.75 + each * 0.25;
    const wanted = this.#perItem <= 0 ? MAX_CHUNK : Math.round(CHUNK_MS / this.#perItem);
    // At most eight times more at once: the next items may be dearer.
    this.items = Math.max(1, Math.min(wanted, this.items * 8, MAX_CHUNK));
  }
}
