import { asyncFn, fromPromise, type Future, ready, sleep, spawn, yieldNow } from "millrace";
import { Stream, StreamMap } from "millrace/stream";
import { describe, expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { drained, failureOf, messageOf, Watched, WatchedIterable } from "./watched.ts";

const oops = (what: unknown = ""): never => {
  throw new Error(`oops${String(what)}`);
};
const failsAt =
  (bad: number) =>
  (n: number): number =>
    n === bad ? oops() : n;
const failsLater = asyncFn(function* (ms: number) {
  yield* sleep(ms);
  return oops();
});

/** Fails with the item 2; gives 0 and 1 before. */
const callbacks: Record<string, (s: Stream<number>) => Stream<unknown>> = {
  map: (s) => s.map(failsAt(2)),
  filter: (s) => s.filter((n) => failsAt(2)(n) >= 0),
  filterMap: (s) => s.filterMap(failsAt(2)),
  inspect: (s) => s.inspect(failsAt(2)),
  scan: (s) => s.scan(0, (_, n) => [0, failsAt(2)(n)]),
  takeWhile: (s) => s.takeWhile((n) => failsAt(2)(n) >= 0),
  "mapAsync, plain": (s) => s.mapAsync(failsAt(2)),
  "mapAsync, async": (s) => s.mapAsync(async (n) => failsAt(2)(n)),
  "mapAsync, later": (s) => s.mapAsync((n) => (n === 2 ? failsLater(5) : n)),
  "buffered, an item": (s) => s.map((n) => (n === 2 ? failsLater(5) : n)).buffered(2),
  "buffered, a ready item": (s) => s.map((n) => ready(n).map(failsAt(2))).buffered(2),
  "buffered, a promise": (s) => s.map(async (n) => failsAt(2)(n)).buffered(2),
  "buffered, its source": (s) => s.map(failsAt(2)).buffered(4),
  "bufferUnordered, one at once": (s) => s.map((n) => (n === 2 ? failsLater(5) : n)).bufferUnordered(1),
  flatMap: (s) => s.flatMap((n) => [failsAt(2)(n)]),
  "flatMap, inside": (s) => s.flatMap((n) => Stream.of(n).map(failsAt(2))),
  flatMapUnordered: (s) => s.flatMapUnordered(1, (n) => [failsAt(2)(n)]),
  "flatMapUnordered, inside": (s) => s.flatMapUnordered(1, (n) => Stream.of(n).map(failsAt(2))),
  "chain, the first": (s) => s.map(failsAt(2)).chain([7]),
  "chain, the second": (s) => Stream.empty<number>().chain(s.map(failsAt(2))),
  merge: (s) => s.map(failsAt(2)).merge(Stream.empty()),
  zip: (s) => s.zip(Stream.range(0, 9).map(failsAt(2))).map(([n]) => n),
  "zip, the left": (s) =>
    s
      .map(failsAt(2))
      .zip("abcdef")
      .map(([n]) => n),
  share: (s) => s.map(failsAt(2)).share(2)(),
  throttle: (s) => s.map(failsAt(2)).throttle(5),
  timeout: (s) => s.map(failsAt(2)).timeout(5),
  peekable: (s) => s.map(failsAt(2)).peekable(),
  takeUntil: (s) => s.map(failsAt(2)).takeUntil(sleep(1000)),
  enumerate: (s) =>
    s
      .map(failsAt(2))
      .enumerate()
      .map(([, n]) => n),
  take: (s) => s.map(failsAt(2)).take(5),
  "readyChunks, which gives what it had first": (s) =>
    s
      .map(failsAt(2))
      .readyChunks(1)
      .map(([n]) => n),
};

describe("a failure is thrown once, after the source has closed, and then the stream has ended", () => {
  for (const [name, derive] of Object.entries(callbacks)) {
    inBothStyles(`${name}`, function* () {
      for (const source of [new Watched(), new WatchedIterable()]) {
        const stream = derive(source.stream());
        expect([yield* get(stream.next()), yield* get(stream.next())]).toEqual([
          { done: false, value: 0 },
          { done: false, value: 1 },
        ]);
        expect(messageOf(yield* failureOf(stream.next()))).toBe("Error: oops");
        expect(source.returns).toBe(1);
        expect(yield* drained(stream)).toEqual(["done"]);
        expect([source.returns, yield* get(stream.count())]).toEqual([1, 0]);
      }
    });
  }

  inBothStyles("of a source, whose return is not called then", function* () {
    for (const make of [
      (log: string[]) =>
        (async function* () {
          try {
            yield 1;
            await sleep(1);
            oops();
          } finally {
            await sleep(1);
            log.push("closed");
          }
        })(),
      (log: string[]) =>
        (function* () {
          try {
            yield 1;
            oops();
          } finally {
            log.push("closed");
          }
        })(),
    ]) {
      for (const derive of [
        (s: Stream<number>) => s,
        (s: Stream<number>) => s.map((n) => n),
        (s: Stream<number>) => s.buffered(3),
        (s: Stream<number>) => s.merge(Stream.empty()),
        (s: Stream<number>) => s.share(1)(),
      ]) {
        const log: string[] = [];
        expect(yield* drained(derive(Stream.from<number>(make(log))))).toEqual([1, "Error: oops", "done"]);
        expect(log).toEqual(["closed"]);
      }
    }
    for (const kind of ["sync", "async"]) {
      let returns = 0;
      const iterator = {
        next: () => (kind === "sync" ? oops() : Promise.reject(new Error("oops"))),
        return: () => returns++,
      };
      const iterable = { [kind === "sync" ? Symbol.iterator : Symbol.asyncIterator]: () => iterator };
      expect(yield* drained(Stream.from(iterable as unknown as Iterable<number>))).toEqual([
        "Error: oops",
        "done",
      ]);
      expect(returns).toBe(0);
    }
  });

  inBothStyles("of each source that calls a function", function* () {
    let n = 0;
    const next = (): number => failsAt(2)(n++);
    for (const make of [
      () => Stream.repeat(next),
      () => Stream.repeat(async () => next()),
      () => Stream.unfold(0, () => [next(), 0]),
      () => Stream.unfold(0, async () => [next(), 0] as const),
    ]) {
      n = 0;
      const stream: Stream<number> = make();
      expect(yield* drained(stream)).toEqual([0, 1, "Error: oops", "done"]);
      expect(n).toBe(3);
    }
    expect(yield* drained(Stream.once(failsLater(1)))).toEqual(["Error: oops", "done"]);
    expect(yield* drained(Stream.once(Promise.reject(new Error("oops"))))).toEqual(["Error: oops", "done"]);
    expect(yield* drained(Stream.unfold(0, () => 5 as never))).toEqual([
      "TypeError: Stream.unfold expects [item, state] or undefined from its step, got number",
      "done",
    ]);
    const noResult = { [Symbol.iterator]: () => ({ next: () => 5 }) } as unknown as Iterable<number>;
    expect(yield* drained(Stream.from(noResult))).toEqual([
      "TypeError: an iterator's next() must give an object, got 5",
      "done",
    ]);
  });

  inBothStyles("of the function of a terminal", function* () {
    const terminals: ((s: Stream<number>) => Future<unknown>)[] = [
      (s) => s.forEach((n) => void failsAt(2)(n)),
      (s) => s.forEach(async (n) => void failsAt(2)(n)),
      (s) => s.forEach((n) => (n === 2 ? failsLater(3) : undefined)),
      (s) => s.forEachConcurrent(1, (n) => void failsAt(2)(n)),
      (s) => s.forEachConcurrent(2, (n) => (n === 2 ? yieldNow().map(oops) : undefined)),
      (s) => s.skipWhile((n) => n < failsAt(2)(n) + 1).count(),
      (s) => s.fold(0, (_, n) => failsAt(2)(n)),
      (s) => s.fold(0, async (_, n) => failsAt(2)(n)),
      (s) => s.find((n) => failsAt(2)(n) < 0),
      (s) => s.any((n) => failsAt(2)(n) < 0),
      (s) => s.all((n) => failsAt(2)(n) >= 0),
      (s) =>
        s.forward({
          send: (n) =>
            ready(n)
              .map(failsAt(2))
              .map(() => {}),
        }),
      (s) => s.forward({ send: (n) => (n === 2 ? oops() : ready(undefined)) }),
    ];
    for (const consume of terminals) {
      for (const source of [new Watched(), new WatchedIterable()]) {
        const stream = source.stream();
        expect(messageOf(yield* failureOf(consume(stream)))).toBe("Error: oops");
        expect(source.returns).toBe(1);
        expect(yield* drained(stream)).toEqual(["done"]);
      }
    }
  });

  inBothStyles("of return() itself, which a stream that ends early waits for", function* () {
    const source = (): Stream<number> =>
      Stream.from(
        (async function* () {
          try {
            for (let n = 0; ; n++) yield n;
          } finally {
            await sleep(1);
            oops(" in return");
          }
        })(),
      );
    expect(yield* drained(source().take(1))).toEqual([0, "Error: oops in return", "done"]);
    const zipped = source().zip(
      Stream.once(sleep(1)).chain(Stream.once(sleep(2).until(AbortSignal.abort()))),
    );
    expect((yield* drained(zipped)).slice(1)).toEqual(["cancelled", "done"]);
    const shorter = source().zip(Stream.once(sleep(1)).chain(Stream.once(sleep(2)).filter(() => false)));
    expect((yield* drained(shorter)).slice(1)).toEqual(["Error: oops in return", "done"]);
    expect(messageOf(yield* failureOf(source().first()))).toBe("Error: oops in return");
    // A failure of the stream matters more.
    expect(yield* drained(source().map(failsAt(1)))).toEqual([0, "Error: oops", "done"]);
    expect(messageOf(yield* failureOf(source().forEach((n) => void failsAt(0)(n))))).toBe("Error: oops");
  });

  inBothStyles("and it is not lost with a next that is abandoned while the source closes", function* () {
    const source = Stream.from(
      (async function* () {
        try {
          yield 0;
        } finally {
          await sleep(10);
        }
      })(),
    );
    const stream = source.map(failsAt(0));
    expect(messageOf(yield* failureOf(stream.next().timeout(5)))).toContain("TimeoutError");
    expect(yield* drained(stream)).toEqual(["Error: oops", "done"]);
  });
});

describe("among several", () => {
  inBothStyles(
    "an ordered failure takes its place; one that is not ordered comes at once",
    function* ({ clock }) {
      const items = (): Stream<unknown> =>
        Stream.of(30, 10, 20).map((ms) => (ms === 10 ? failsLater(ms) : sleep(ms).map(() => ms)));
      const ordered = items().buffered(3);
      expect(yield* get(ordered.next())).toEqual({ done: false, value: 30 });
      expect(clock.now()).toBe(30);
      expect(yield* drained(ordered)).toEqual(["Error: oops", "done"]);
      const unordered = items().bufferUnordered(3);
      expect(yield* drained(unordered)).toEqual(["Error: oops", "done"]);
      expect(clock.now()).toBe(40);
    },
  );

  inBothStyles("a failing source waits for its place in the order", function* ({ clock }) {
    const items = Stream.of(10, 20)
      .map((ms) => sleep(ms).map(() => ms))
      .chain(Stream.repeat<Future<number>>(oops));
    expect(yield* drained(items.buffered(5))).toEqual([10, 20, "Error: oops", "done"]);
    expect(clock.now()).toBe(20);
  });

  inBothStyles("groups and debounce give what they had first", function* () {
    const source = (): Stream<number> => Stream.range(0, 9).map(failsAt(3));
    expect(yield* drained(source().chunks(2))).toEqual([[0, 1], [2], "Error: oops", "done"]);
    expect(yield* drained(source().readyChunks(9))).toEqual([[0, 1, 2], "Error: oops", "done"]);
    expect(yield* drained(source().chunksTimeout(9, 10))).toEqual([[0, 1, 2], "Error: oops", "done"]);
    expect(yield* drained(source().debounce(10))).toEqual([2, "Error: oops", "done"]);
  });

  inBothStyles("FUT-04 FUN-05 the failure of one lets go of the others", function* () {
    const others = [new Watched(Infinity, 1000), new Watched(Infinity, 1000)];
    const failing = Stream.once(failsLater(5));
    const map = new StreamMap<string, number>();
    for (const [i, other] of others.entries()) map.insert(String(i), other);
    map.insert("bad", failing);
    expect(yield* drained(map)).toEqual(["Error: oops", "done"]);
    const inner = [new Watched(Infinity, 1000), Stream.once(failsLater(5)), new Watched(Infinity, 1000)];
    expect(yield* drained(Stream.mergeAll<number>(inner))).toEqual(["Error: oops", "done"]);
    others.push(inner[0] as Watched, inner[2] as Watched);
    const flat = [new Watched(Infinity, 1000), Stream.once(failsLater(5))];
    expect(yield* drained(Stream.from(flat).flatMapUnordered<number>(2, (x) => x))).toEqual([
      "Error: oops",
      "done",
    ]);
    others.push(flat[0] as Watched);
    const zipped = new Watched(Infinity, 1000);
    expect(yield* drained(Stream.once(failsLater(5)).zip(zipped))).toEqual(["Error: oops", "done"]);
    others.push(zipped);
    for (const other of others) expect([other.isPulled, other.returns]).toEqual([false, 1]);
  });
});

inBothStyles(
  "a web stream that has failed by the time it is left has nothing to clean up",
  function* ({ body }) {
    let source: ReadableStreamDefaultController<number>;
    const web = new ReadableStream<number>({ start: (controller) => void (source = controller) });
    const stream = Stream.from(web);
    const reader = spawn(
      body(function* () {
        yield* get(stream.next());
      }),
    );
    yield* get(yieldNow());
    source!.error(new Error("gone"));
    reader.abort();
    expect(yield* get(reader.settled())).toMatchObject({ status: "cancelled" });
    yield* get(fromPromise(stream[Symbol.asyncDispose]()));
    expect(web.locked).toBe(false);
  },
);

inBothStyles("a web stream that cannot be cancelled fails whoever leaves it", function* () {
  const stream = Stream.from(
    new ReadableStream<number>({
      start: (controller) => controller.enqueue(1),
      cancel: () => Promise.reject(new Error("no")),
    }),
  );
  expect(yield* get(stream.next())).toEqual({ done: false, value: 1 });
  expect(yield* failureOf(fromPromise(stream[Symbol.asyncDispose]()))).toMatchObject({ message: "no" });
});
