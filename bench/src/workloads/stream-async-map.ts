/** The two rows of an async map of which ten calls run at a time: results as they come, and in order. */
import { PromisePool } from "@supercharge/promise-pool";
import { Effect, Stream as EffectStream } from "effect";
import { from as fromIx, of as ofIx } from "ix/asynciterable";
import { filter as filterIx, flatMap as flatMapIx, map as mapIx } from "ix/asynciterable/operators";
import { asyncFn, type Routine, Runtime } from "millrace";
import { Stream } from "millrace/stream";
import { Readable } from "node:stream";
import pMap, { pMapIterable } from "p-map";
import {
  bufferCount,
  concatMap,
  filter as filterRx,
  from as fromRx,
  lastValueFrom,
  map as mapRx,
  mergeMap,
  reduce as reduceRx,
} from "rxjs";
import { parallelMap, transform } from "streaming-iterables";
import { fold, IN_FLIGHT, inAnyOrder, inOrder, isEven, numbers, triple, work } from "../stream-job.ts";
import { add, type Contender, type Workload } from "../workload.ts";

type Fold = (state: number, value: number) => number;

export const streamUnordered: Workload = {
  name: "stream: map, filter, async map 10 at a time, unordered",
  operation: "an item of the source, of which every other passes the filter",
  operations: 200_000,
  quickOperations: 50_000,
  checksum: inAnyOrder,
  method: "turns",
  measures: [
    {
      metric: "time",
      required: [
        { column: "yield*", limit: 200 },
        { column: "yield*", isAheadOfPeers: true },
        { column: "await", isAheadOfPeers: true },
      ],
    },
  ],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "ten async loops over one iterator of Iterator helpers",
      async run(operations) {
        const items = source(operations);
        let sum = 0;
        const loop = async (): Promise<void> => {
          for (const item of items) {
            const result = await work(item);
            sum = add(sum, result);
          }
        };
        await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
        return sum;
      },
    },
    effect("Stream.mapEffect", "concurrency 10, unordered, of Effect.sync", true, add),
    {
      column: "peer",
      name: "rxjs",
      how: "mergeMap(work, 10)",
      operations: 20_000,
      run: (operations) =>
        lastValueFrom(
          fromRx(numbers(operations)).pipe(
            mapRx(triple),
            filterRx(isEven),
            mergeMap(work, IN_FLIGHT),
            reduceRx(add, 0),
          ),
        ),
    },
    {
      column: "peer",
      name: "streaming-iterables",
      how: "transform(10, work) of Iterator helpers",
      operations: 50_000,
      run: (operations) => foldEach(transform(IN_FLIGHT, work, source(operations)), add),
    },
    {
      column: "peer",
      name: "promise-pool",
      how: "@supercharge/promise-pool over Iterator helpers, added up in the callback",
      operations: 50_000,
      async run(operations) {
        let sum = 0;
        await PromisePool.for(source(operations))
          .withConcurrency(IN_FLIGHT)
          .process(async (item) => {
            const result = await work(item);
            sum = add(sum, result);
          });
        return sum;
      },
    },
    {
      column: "peer",
      name: "ix",
      how: "flatMap of a stream of one, concurrency 10",
      operations: 20_000,
      run: (operations) =>
        foldEach(
          fromIx(numbers(operations)).pipe(
            mapIx(triple),
            filterIx(isEven),
            flatMapIx(async (item) => ofIx(await work(item)), IN_FLIGHT),
          ),
          add,
        ),
    },
    pMapAll(add),
    readable(add),
    ...ours((stream, limit) => stream.bufferUnordered(limit), add),
  ],
};

export const streamOrdered: Workload = {
  name: "stream: map, filter, async map 10 at a time, ordered",
  operation: "an item of the source, of which every other passes the filter",
  operations: 200_000,
  quickOperations: 50_000,
  checksum: inOrder,
  method: "turns",
  measures: [
    {
      metric: "time",
      required: [
        { column: "yield*", isAheadOfPeers: true },
        { column: "await", isAheadOfPeers: true },
      ],
    },
  ],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "async generators, the last of which keeps a window of ten promises",
      run: (operations) => foldEach(windowed(filtered(mapped(numbers(operations)))), fold),
    },
    effect("Stream.mapEffect", "concurrency 10, of Effect.sync", false, fold),
    {
      column: "peer",
      name: "rxjs",
      how: "bufferCount(10), concatMap(Promise.all): the next ten wait for all ten",
      operations: 50_000,
      run: (operations) =>
        lastValueFrom(
          fromRx(numbers(operations)).pipe(
            mapRx(triple),
            filterRx(isEven),
            bufferCount(IN_FLIGHT),
            concatMap((items) => Promise.all(items.map(work))),
            concatMap((results) => results),
            reduceRx(fold, 0),
          ),
        ),
    },
    {
      column: "peer",
      name: "streaming-iterables",
      how: "parallelMap(10, work) of Iterator helpers",
      operations: 50_000,
      run: (operations) => foldEach(parallelMap(IN_FLIGHT, work, source(operations)), fold),
    },
    {
      column: "peer",
      name: "promise-pool",
      how: "@supercharge/promise-pool, useCorrespondingResults: all results in memory",
      operations: 50_000,
      async run(operations) {
        const { results } = await PromisePool.for([...source(operations)])
          .withConcurrency(IN_FLIGHT)
          .useCorrespondingResults()
          .process(work);
        return (results as number[]).reduce(fold, 0);
      },
    },
    {
      column: "peer",
      name: "pMapIterable",
      how: "p-map's pMapIterable of Iterator helpers, concurrency 10",
      operations: 50_000,
      run: (operations) => foldEach(pMapIterable(source(operations), work, { concurrency: IN_FLIGHT }), fold),
    },
    pMapAll(fold),
    readable(fold),
    ...ours((stream, limit) => stream.buffered(limit), fold),
  ],
};

/** Mapped and filtered with Iterator helpers, for those who have only the async map. */
function source(operations: number): IteratorObject<number> {
  return numbers(operations).values().map(triple).filter(isEven);
}

async function foldEach(items: AsyncIterable<number>, step: Fold): Promise<number> {
  let state = 0;
  for await (const item of items) state = step(state, item);
  return state;
}

async function* mapped(items: Iterable<number>): AsyncGenerator<number> {
  for (const item of items) yield triple(item);
}
async function* filtered(items: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const item of items) if (isEven(item)) yield item;
}
async function* windowed(items: AsyncIterable<number>): AsyncGenerator<number> {
  const inFlight: Promise<number>[] = [];
  for await (const item of items) {
    if (inFlight.push(work(item)) === IN_FLIGHT) yield await inFlight.shift()!;
  }
  for (const promise of inFlight) yield await promise;
}

function effect(name: string, how: string, unordered: boolean, step: Fold): Contender {
  return {
    column: "effect",
    name,
    how,
    operations: 20_000,
    run: (operations) =>
      Effect.runPromise(
        EffectStream.fromIterable(numbers(operations)).pipe(
          EffectStream.map(triple),
          EffectStream.filter(isEven),
          EffectStream.mapEffect((item) => Effect.sync(() => item + 1), {
            concurrency: IN_FLIGHT,
            unordered,
          }),
          EffectStream.runFold(() => 0, step),
        ),
      ),
  };
}

function pMapAll(step: Fold): Contender {
  return {
    column: "peer",
    name: "p-map",
    how: "pMap of Iterator helpers, concurrency 10: all results in memory, in order",
    operations: 50_000,
    async run(operations) {
      const results = await pMap(source(operations), work, { concurrency: IN_FLIGHT });
      return results.reduce(step, 0);
    },
  };
}

function readable(step: Fold): Contender {
  return {
    column: "peer",
    name: "Readable",
    how: "Node's Readable.from, map, filter, map with concurrency 10, reduce: in order",
    operations: 20_000,
    run: (operations) =>
      Readable.from(numbers(operations))
        .map(triple)
        .filter(isEven)
        .map(work, { concurrency: IN_FLIGHT })
        .reduce(step, 0),
  };
}

type Buffer = <T>(stream: Stream<T>, limit: number) => Stream<Awaited<T>>;

function ours(buffer: Buffer, step: Fold): readonly Contender[] {
  const task = asyncFn(function* (value: number): Routine<number> {
    return value + 1;
  });
  const evens = (operations: number): Stream<number> =>
    Stream.from(numbers(operations)).map(triple).filter(isEven);
  return [
    {
      column: "await",
      name: "await",
      how: "the async function's promises buffered, await stream.fold",
      run: (operations) =>
        Runtime.current().run(async () => buffer(evens(operations).map(work), IN_FLIGHT).fold(0, step)),
    },
    {
      column: "await",
      name: "for await",
      how: "the same, with a loop at the end",
      operations: 50_000,
      run: (operations) =>
        Runtime.current().run(() => foldEach(buffer(evens(operations).map(work), IN_FLIGHT), step)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "asyncFn of a generator buffered, yield* stream.fold",
      run: (operations) =>
        Runtime.current().run(function* () {
          return yield* buffer(evens(operations).map(task), IN_FLIGHT).fold(0, step);
        }),
    },
  ];
}
