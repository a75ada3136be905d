import { describe, expect, expectTypeOf, test } from "vitest";
import { asyncFn, type Future, ready, sleep } from "millrace";
import { Stream } from "millrace/stream";
import { get, inBothStyles } from "../both-styles.ts";
import { drained, Watched, WatchedIterable } from "./watched.ts";

const isEven = (n: number): boolean => n % 2 === 0;
const numbers = (end: number): Stream<number> => Stream.range(0, end);

describe("streams come from", () => {
  const made: Record<string, [() => Stream<unknown>, unknown[]]> = {
    "an array": [() => Stream.from([1, 2]), [1, 2]],
    "a string": [() => Stream.from("añ"), ["a", "ñ"]],
    "a map": [() => Stream.from(new Map([["a", 1]])), [["a", 1]]],
    "a set that has holes": [() => Stream.from(new Set([undefined, null])), [undefined, null]],
    "a generator": [
      () =>
        Stream.from(
          (function* () {
            yield* [1, 2];
            return 3;
          })(),
        ),
      [1, 2],
    ],
    "an async generator": [
      () =>
        Stream.from(
          (async function* () {
            yield 1;
            yield Promise.resolve(2);
          })(),
        ),
      [1, 2],
    ],
    "another stream": [() => Stream.from(Stream.of(1, 2)), [1, 2]],
    "the given items": [() => Stream.of<unknown>(1, undefined, "x"), [1, undefined, "x"]],
    "no items": [() => Stream.of(), []],
    nothing: [() => Stream.empty(), []],
    "one value": [() => Stream.once(7), [7]],
    "one undefined": [() => Stream.once(undefined), [undefined]],
    "one promise": [() => Stream.once(Promise.resolve(7)), [7]],
    "one future": [() => Stream.once(sleep(10).map(() => 7)), [7]],
    "one foreign thenable": [
      () => Stream.once({ then: (ok: (n: number) => void) => ok(7) } as PromiseLike<number>),
      [7],
    ],
    "a range": [() => Stream.range(2, 5), [2, 3, 4]],
    "a range that is empty": [() => Stream.range(5, 2), []],
    "a range of fractions": [() => Stream.range(0.5, 2), [0.5, 1.5]],
    "a plain unfold": [() => Stream.unfold(0, (n) => (n < 3 ? [n, n + 1] : undefined)), [0, 1, 2]],
    "an async unfold": [
      () => Stream.unfold(0, async (n) => (n < 3 ? ([n, n + 1] as const) : undefined)),
      [0, 1, 2],
    ],
    "an unfold of futures": [
      () => Stream.unfold(0, (n) => sleep(5).map(() => (n < 3 ? ([n, n + 1] as const) : undefined))),
      [0, 1, 2],
    ],
    "an array that is full of holes": [() => Stream.from(Array.from({ length: 2 })), [undefined, undefined]],
  };
  for (const [name, [make, expected]] of Object.entries(made)) {
    inBothStyles(name, function* () {
      expect(yield* get(make().collect())).toEqual(expected);
      expect(yield* drained(make())).toEqual([...expected, "done"]);
    });
  }

  inBothStyles("repeating a function, plain, async, a generator, or one of futures", function* () {
    let n = 0;
    for (const make of [
      () => n++,
      async () => n++,
      asyncFn(function* () {
        yield* sleep(1);
        return n++;
      }),
      () => sleep(1).map(() => n++),
      function* () {
        yield* sleep(1);
        return n++;
      } as unknown as () => number,
    ]) {
      n = 0;
      expect(yield* get(Stream.repeat<number>(make).take(3).collect())).toEqual([0, 1, 2]);
      expect(n).toBe(3);
    }
  });

  inBothStyles("UNF-01 an unfold calls its step once an item, and not after its end", function* () {
    let calls = 0;
    const stream = Stream.unfold(0, (n) => {
      calls++;
      return n < 2 ? [n, n + 1] : undefined;
    });
    expect(yield* drained(stream)).toEqual([0, 1, "done"]);
    yield* get(stream.next());
    expect(calls).toBe(3);
  });

  inBothStyles("all of it at once: an array that grows while it is read", function* () {
    const items = [1];
    const stream = Stream.from(items).inspect((n) => void (n < 3 && items.push(n + 1)));
    expect(yield* drained(stream)).toEqual([1, 2, 3, "done"]);
    items.push(9);
    expect(yield* get(stream.next())).toEqual({ done: true, value: undefined });
  });
});

describe("operators give", () => {
  const made: Record<string, [() => Stream<unknown>, unknown[]]> = {
    map: [
      () => numbers(3).map((n, i) => [n * 2, i]),
      [
        [0, 0],
        [2, 1],
        [4, 2],
      ],
    ],
    "map, whose promises are items": [() => numbers(1).map(() => "x"), ["x"]],
    "mapAsync of a plain function": [() => numbers(3).mapAsync((n, i) => n * 10 + i), [0, 11, 22]],
    "mapAsync of an async function": [() => numbers(3).mapAsync(async (n, i) => n * 10 + i), [0, 11, 22]],
    "mapAsync of a generator function": [
      () =>
        numbers(3).mapAsync(function* (n, i) {
          yield* sleep(1);
          return n * 10 + i;
        }),
      [0, 11, 22],
    ],
    "mapAsync of a function of futures": [() => numbers(3).mapAsync((n) => ready(n)), [0, 1, 2]],
    filter: [() => Stream.of("a", "b", "c", "d").filter((_, i) => isEven(i)), ["a", "c"]],
    filterMap: [() => numbers(4).filterMap((n, i) => (isEven(n) ? `${n}${i}` : undefined)), ["00", "22"]],
    "filterMap, which keeps null and 0": [() => Stream.of(null, 0, undefined).filterMap((n) => n), [null, 0]],
    inspect: [() => numbers(2).inspect(() => "ignored"), [0, 1]],
    enumerate: [
      () => Stream.of("a", "b").enumerate(),
      [
        [0, "a"],
        [1, "b"],
      ],
    ],
    "FUT-09 scan": [
      () => numbers(9).scan(0, (sum, n) => (sum > 5 ? undefined : [sum + n, sum + n])),
      [0, 1, 3, 6],
    ],
    take: [() => numbers(9).take(2), [0, 1]],
    "take nothing": [() => numbers(9).take(0), []],
    "take more than there is": [() => numbers(2).take(5), [0, 1]],
    "take all": [() => numbers(2).take(Infinity), [0, 1]],
    skip: [() => numbers(4).skip(2), [2, 3]],
    "skip nothing": [() => numbers(2).skip(0), [0, 1]],
    "skip more than there is": [() => numbers(2).skip(3), []],
    "skip all": [() => numbers(2).skip(Infinity), []],
    takeWhile: [() => Stream.of(1, 2, 9, 1).takeWhile((n) => n < 5), [1, 2]],
    skipWhile: [() => Stream.of(1, 2, 9, 1).skipWhile((n) => n < 5), [9, 1]],
    "take after skip": [() => numbers(9).skip(2).take(2), [2, 3]],
    "skip after take": [() => numbers(9).take(2).skip(1), [1]],
    "take after filter": [() => numbers(9).filter(isEven).take(2), [0, 2]],
    "filter after take": [() => numbers(9).take(2).filter(isEven), [0]],
    "buffered plain values": [() => numbers(3).buffered(2), [0, 1, 2]],
    "bufferUnordered plain values": [() => numbers(3).bufferUnordered(2), [0, 1, 2]],
    "flatMap of arrays, strings, streams, generators": [
      () =>
        Stream.of<Iterable<unknown>>([1, 2], "ab", [])
          .flatMap((x) => x)
          .chain(Stream.of(1).flatMap(() => numbers(2))),
      [1, 2, "a", "b", 0, 1],
    ],
    "flatMapUnordered with a limit of 1": [
      () => numbers(3).flatMapUnordered(1, (n) => [n, n]),
      [0, 0, 1, 1, 2, 2],
    ],
    chain: [() => numbers(2).chain("ab").chain(Stream.empty()).chain(Stream.of(7)), [0, 1, "a", "b", 7]],
    zip: [
      () => numbers(9).zip("ab"),
      [
        [0, "a"],
        [1, "b"],
      ],
    ],
    "zip with a shorter left side": [() => numbers(1).zip(Stream.of("a", "b")), [[0, "a"]]],
    chunks: [() => numbers(5).chunks(2), [[0, 1], [2, 3], [4]]],
    "chunks that come out even": [
      () => numbers(4).chunks(2),
      [
        [0, 1],
        [2, 3],
      ],
    ],
    "one chunk of all": [() => numbers(3).chunks(Infinity), [[0, 1, 2]]],
    "chunks of nothing": [() => Stream.empty().chunks(2), []],
  };
  for (const [name, [make, expected]] of Object.entries(made)) {
    inBothStyles(name, function* () {
      expect(yield* get(make().collect())).toEqual(expected);
      expect(yield* drained(make())).toEqual([...expected, "done"]);
    });
  }

  inBothStyles("map does not await: buffered does", function* () {
    const promise = Promise.resolve(1);
    expect(
      yield* get(
        Stream.of(0)
          .map(() => ({ promise }))
          .collect(),
      ),
    ).toEqual([{ promise }]);
    const items = yield* get(
      numbers(2)
        .map(() => promise)
        .buffered(1)
        .collect(),
    );
    expect(items).toEqual([1, 1]);
  });
});

describe("STR-04 what has ended stays ended, though its iterator would go on:", () => {
  /** Ends, and then begins again. */
  const revived = (): IteratorResult<number, undefined>[] => [
    { done: false, value: 1 },
    { done: true, value: undefined },
    { done: false, value: 2 },
  ];
  const sources: Record<string, () => Stream<number>> = {
    "an iterator": () => {
      const results = revived();
      return Stream.from({ [Symbol.iterator]: () => ({ next: () => results.shift()! }) });
    },
    "an async iterator": () => {
      const results = revived();
      return Stream.from({ [Symbol.asyncIterator]: () => ({ next: async () => results.shift()! }) });
    },
  };
  const derived: Record<string, (s: Stream<number>) => Stream<unknown>> = {
    "the stream": (s) => s,
    map: (s) => s.map((n) => n),
    mapAsync: (s) => s.mapAsync(async (n) => n),
    buffered: (s) => s.buffered(1),
    chunks: (s) => s.chunks(1).flatMap((chunk) => chunk),
    merge: (s) => s.merge(Stream.empty()),
    share: (s) => s.share(1)(),
    timeout: (s) => s.timeout(10),
  };
  for (const [of, make] of Object.entries(sources)) {
    for (const [name, derive] of Object.entries(derived)) {
      inBothStyles(`${name}, of ${of}`, function* () {
        const stream = derive(make());
        expect(yield* drained(stream)).toEqual([1, "done"]);
        expect(yield* get(stream.next())).toEqual({ done: true, value: undefined });
        expect(yield* get(stream.collect())).toEqual([]);
      });
    }
  }
});

describe("nothing is pulled before it is asked for, nor more than is asked for", () => {
  // STR-07: there is no into_inner; what the operators have read of the source says the same.
  const pulls: Record<
    string,
    [(s: Stream<number>) => Stream<unknown>, pullsOfOne: number, pullsOfTwo: number]
  > = {
    "map, filter, inspect, enumerate": [
      (s) =>
        s
          .map((n) => n)
          .filter(() => true)
          .inspect(() => {})
          .enumerate(),
      1,
      2,
    ],
    filter: [(s) => s.filter((n) => n % 3 === 2), 3, 6],
    filterMap: [(s) => s.filterMap((n) => (n % 3 === 2 ? n : undefined)), 3, 6],
    scan: [(s) => s.scan(0, (a, n) => [a, n]), 1, 2],
    take: [(s) => s.take(2), 1, 2],
    "take, which then knows the end": [(s) => s.take(1), 1, 1],
    skip: [(s) => s.skip(2), 3, 4],
    takeWhile: [(s) => s.takeWhile(() => true), 1, 2],
    "STR-06 takeWhile that stopped": [(s) => s.takeWhile((n) => n < 1), 1, 2],
    skipWhile: [(s) => s.skipWhile((n) => n < 2), 3, 4],
    mapAsync: [(s) => s.mapAsync(async (n) => n), 1, 2],
    flatMap: [(s) => s.flatMap((n) => [n, n]), 1, 1],
    flatMapUnordered: [(s) => s.flatMapUnordered(1, (n) => [n, n]), 1, 1],
    chain: [(s) => s.chain([1]), 1, 2],
    zip: [(s) => s.zip(Stream.range(0, 9)), 1, 2],
    merge: [(s) => s.merge(Stream.empty()), 1, 2],
    chunks: [(s) => s.chunks(3), 3, 6],
    chunksTimeout: [(s) => s.chunksTimeout(3, 10), 3, 6],
    throttle: [(s) => s.throttle(10), 1, 2],
    timeout: [(s) => s.timeout(10), 1, 2],
    peekable: [(s) => s.peekable(), 1, 2],
    takeUntil: [(s) => s.takeUntil(sleep(100)), 1, 2],
    share: [(s) => s.share(4)(), 1, 2],
    "buffered, as far as its limit": [(s) => s.buffered(3), 3, 4],
    "bufferUnordered, as far as its limit": [(s) => s.bufferUnordered(3), 3, 4],
  };
  for (const [name, [derive, one, two]] of Object.entries(pulls)) {
    for (const make of [() => new Watched(), () => new WatchedIterable()]) {
      const isAsync = make() instanceof Watched;
      // An async source is never ready at once, so that nothing can be had ahead of the first item.
      if (isAsync && name.startsWith("buffer")) continue;
      inBothStyles(`${name}, of an ${isAsync ? "async" : "sync"} source`, function* ({ clock }) {
        const source = make();
        const stream = derive(source.stream());
        yield* get(clock.settle());
        expect(source.pulls).toBe(0);
        yield* get(stream.next());
        expect(source.pulls).toBe(one);
        yield* get(clock.settle());
        expect(source.pulls).toBe(one);
        yield* get(stream.next());
        expect(source.pulls).toBe(two);
        yield* get(clock.settle());
        expect(source.pulls).toBe(two);
      });
    }
  }

  inBothStyles("the terminals", function* ({ clock }) {
    const terminals: Record<string, [(s: Stream<number>) => Future<unknown>, number, unknown]> = {
      first: [(s) => s.first(), 1, 0],
      find: [(s) => s.find((n) => n === 2), 3, 2],
      any: [(s) => s.any((n) => n === 2), 3, true],
      "any, in vain": [(s) => s.any((n) => n > 9), 6, false],
      all: [(s) => s.all((n) => n < 2), 3, false],
      "all, of all": [(s) => s.all(() => true), 6, true],
      last: [(s) => s.last(), 6, 4],
      count: [(s) => s.count(), 6, 5],
      collect: [(s) => s.collect(), 6, [0, 1, 2, 3, 4]],
      fold: [(s) => s.fold("", (all, n) => all + n), 6, "01234"],
      forEach: [(s) => s.forEach(() => {}), 6, undefined],
      forEachConcurrent: [(s) => s.forEachConcurrent(2, () => {}), 6, undefined],
      "find, in vain": [(s) => s.find((n) => n > 9), 6, undefined],
    };
    for (const [name, [consume, pulls, result]] of Object.entries(terminals)) {
      for (const source of [new Watched(5), new WatchedIterable(5)]) {
        const future = consume(source.stream());
        yield* get(clock.settle());
        expect(source.pulls, name).toBe(0);
        expect(yield* get(future), name).toEqual(result);
        expect([source.pulls, source.returns], name).toEqual([pulls, pulls < 6 ? 1 : 0]);
      }
    }
    for (const consume of [(s: Stream<number>) => s.first(), (s: Stream<number>) => s.last()])
      expect(yield* get(consume(Stream.empty()))).toBe(undefined);
  });
});

test("types: guards narrow, buffered awaits, chains widen", () => {
  const mixed = Stream.of<string | number>("a", 1);
  expectTypeOf(mixed.filter((x) => typeof x === "string")).toEqualTypeOf<Stream<string>>();
  expectTypeOf(mixed.filter((_x, i) => i > 0)).toEqualTypeOf<Stream<string | number>>();
  expectTypeOf(mixed.map(async () => 1)).toEqualTypeOf<Stream<Promise<number>>>();
  expectTypeOf(mixed.map(async () => 1).buffered(2)).toEqualTypeOf<Stream<number>>();
  expectTypeOf(mixed.map(() => sleep(1)).bufferUnordered(2)).toEqualTypeOf<Stream<void>>();
  expectTypeOf(mixed.mapAsync(async () => true)).toEqualTypeOf<Stream<boolean>>();
  expectTypeOf(mixed.filterMap((x) => (x === "a" ? BigInt(1) : undefined))).toEqualTypeOf<Stream<bigint>>();
  expectTypeOf(mixed.chain([true])).toEqualTypeOf<Stream<string | number | boolean>>();
  expectTypeOf(mixed.zip("ab")).toEqualTypeOf<Stream<[string | number, string]>>();
  expectTypeOf(mixed.next()).toEqualTypeOf<Future<IteratorResult<string | number, undefined>>>();
  expectTypeOf(Stream.empty()).toEqualTypeOf<Stream<never>>();
  expectTypeOf(Stream.range(0, 1).share(1)).toEqualTypeOf<() => Stream<number>>();
});
