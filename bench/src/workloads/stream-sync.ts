import { Effect, Stream as EffectStream } from "effect";
import { from as fromIx, reduce as reduceIx } from "ix/iterable";
import { filter as filterIx, map as mapIx } from "ix/iterable/operators";
import { Runtime } from "millrace";
import { Stream } from "millrace/stream";
import { Readable } from "node:stream";
import { filter as filterRx, from as fromRx, lastValueFrom, map as mapRx, reduce as reduceRx } from "rxjs";
import { fold, isEven, numbers, triple } from "../stream-job.ts";
import type { Workload } from "../workload.ts";

export const streamSync: Workload = {
  name: "stream: synchronous map, filter, fold",
  operation: "an item of the source, of which every other passes the filter",
  operations: 500_000,
  quickOperations: 100_000,
  checksum(operations) {
    let state = 0;
    for (let i = 0; i < operations; i++) if (isEven(triple(i))) state = fold(state, triple(i));
    return state;
  },
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 0.6 }] }],
  contenders: [
    {
      column: "promise",
      name: "Iterator helpers",
      how: "Iterator helpers: array.values().map().filter().reduce(), no promises at all",
      run: async (operations) => numbers(operations).values().map(triple).filter(isEven).reduce(fold, 0),
    },
    {
      column: "promise",
      name: "async generators",
      how: "an async generator for the map and one for the filter, for await",
      operations: 100_000,
      async run(operations) {
        let state = 0;
        for await (const item of filtered(mapped(numbers(operations)))) state = fold(state, item);
        return state;
      },
    },
    {
      column: "effect",
      name: "Stream",
      how: "Stream.fromIterable, map, filter, runFold",
      run: (operations) =>
        Effect.runPromise(
          EffectStream.fromIterable(numbers(operations)).pipe(
            EffectStream.map(triple),
            EffectStream.filter(isEven),
            EffectStream.runFold(() => 0, fold),
          ),
        ),
    },
    {
      column: "peer",
      name: "rxjs",
      how: "from, map, filter, reduce",
      run: (operations) =>
        lastValueFrom(fromRx(numbers(operations)).pipe(mapRx(triple), filterRx(isEven), reduceRx(fold, 0))),
    },
    {
      column: "peer",
      name: "ix",
      how: "the iterable of IxJS: from, map, filter, reduce",
      run: async (operations) =>
        reduceIx(fromIx(numbers(operations)).pipe(mapIx(triple), filterIx(isEven)), {
          seed: 0,
          callback: fold,
        }),
    },
    {
      column: "peer",
      name: "Readable",
      how: "Node's Readable.from, map, filter, reduce",
      operations: 20_000,
      run: (operations) => Readable.from(numbers(operations)).map(triple).filter(isEven).reduce(fold, 0),
    },
    {
      column: "await",
      name: "await",
      how: "await stream.fold",
      run: (operations) => Runtime.current().run(async () => evens(operations).fold(0, fold)),
    },
    {
      column: "await",
      name: "for await",
      how: "the same, with a loop at the end",
      operations: 100_000,
      run: (operations) =>
        Runtime.current().run(async () => {
          let state = 0;
          for await (const item of evens(operations)) state = fold(state, item);
          return state;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* stream.fold",
      run: (operations) =>
        Runtime.current().run(function* () {
          return yield* evens(operations).fold(0, fold);
        }),
    },
    {
      column: "yield*",
      name: "yield* next",
      how: "yield* stream.next() for each item",
      run: (operations) =>
        Runtime.current().run(function* () {
          const items = evens(operations);
          let state = 0;
          for (let next = yield* items.next(); !next.done; next = yield* items.next())
            state = fold(state, next.value);
          return state;
        }),
    },
  ],
};

function evens(operations: number): Stream<number> {
  return Stream.from(numbers(operations)).map(triple).filter(isEven);
}

async function* mapped(items: Iterable<number>): AsyncGenerator<number> {
  for (const item of items) yield triple(item);
}
async function* filtered(items: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const item of items) if (isEven(item)) yield item;
}
