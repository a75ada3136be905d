/**
 * Several streams, or several readers of one. STR-02 and STR-13 speak of size hints too, which streams
 * do not have; the other half of STR-12 is next_many, which the contract leaves out: readyChunks does it.
 */
import { ClosedError, join, LaggedError, mpsc, pending, sleep, spawn } from "millrace";
import { step } from "millrace/testing";
import { Stream, StreamMap } from "millrace/stream";
import { describe, expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { drained, failureOf, glance, messageOf, Watched, WatchedIterable } from "./watched.ts";

const every = (ms: number, count: number): Stream<number> =>
  Stream.range(0, count).mapAsync((n) => sleep(ms).map(() => n));
const item = <T>(value: T): IteratorResult<T, undefined> => ({ done: false, value });
const END = { done: true, value: undefined };

describe("merging", () => {
  inBothStyles(
    "STR-03 FUT-01 alternates strictly while both are ready; goes on with the other",
    function* () {
      const merged = Stream.of(1, 2, 3).merge(Stream.of(4, 5, 6));
      expect(yield* get(merged.collect())).toEqual([1, 4, 2, 5, 3, 6]);
      expect(
        yield* get(
          Stream.of(1)
            .merge(Stream.of(4, 5, 6))
            .collect(),
        ),
      ).toEqual([1, 4, 5, 6]);
      const all = Stream.mergeAll([Stream.range(0, 2), Stream.range(10, 13), Stream.range(20, 21)]);
      expect(yield* drained(all)).toEqual([0, 10, 20, 1, 11, 12, "done"]);
      expect(yield* get(Stream.mergeAll([]).collect())).toEqual([]);
    },
  );

  inBothStyles("STR-03 is woken by each side, and ends when both have ended", function* ({ clock }) {
    const [left, lefts] = mpsc.channel<string>(4);
    const [right, rights] = mpsc.channel<string>(4);
    const next = (): ReturnType<typeof step<IteratorResult<string, undefined>>> => step(merged.next());
    const merged = Stream.from(lefts).merge(Stream.from(rights));
    for (const [tx, value] of [
      [right, "r"],
      [left, "l"],
    ] as const) {
      const waiting = next();
      waiting.poll();
      expect(waiting.isWoken).toBe(false);
      tx.trySend(value);
      yield* get(clock.settle());
      expect([waiting.isWoken, waiting.poll()]).toEqual([true, item(value)]);
    }
    left.close();
    expect(glance(merged)).toBe("waits");
    right.trySend("last");
    expect(glance(merged)).toEqual(item("last"));
    right.close();
    expect(glance(merged)).toEqual(END);
  });

  inBothStyles("FUT-04 inner streams interleave; one alone is sequential", function* () {
    const nested = (limit: number) =>
      Stream.of(0, 6, 10).flatMapUnordered(limit, (n) => Stream.of(n, n + 1, n + 2));
    expect(yield* get(nested(3).collect())).toEqual([0, 6, 10, 1, 7, 11, 2, 8, 12]);
    expect(yield* get(nested(1).collect())).toEqual([0, 1, 2, 6, 7, 8, 10, 11, 12]);
    const deep = Stream.range(0, 4).flatMapUnordered(2, (n) =>
      Stream.range(0, 3).flatMapUnordered(2, (m) => [n, m]),
    );
    expect((yield* get(deep.collect())).length).toBe(24);
  });

  inBothStyles("STR-02 chain does not touch the second before the first has ended", function* ({ clock }) {
    const [tx, rx] = mpsc.channel<number>(2);
    const second = new WatchedIterable(2);
    const chained = Stream.from(rx).chain(second);
    const next = step(chained.next());
    next.poll();
    yield* get(clock.settle());
    expect(second.pulls).toBe(0);
    tx.close();
    yield* get(clock.settle());
    expect([next.poll(), yield* get(chained.collect())]).toEqual([item(0), [1]]);
  });

  inBothStyles("a chain of thousands is no deeper than one", function* () {
    let chained: Stream<number> = Stream.empty();
    for (let i = 0; i < 2000; i++) chained = chained.chain([i]);
    expect(yield* get(chained.count())).toBe(2000);
    let mapped = Stream.of(0);
    for (let i = 0; i < 5000; i++) mapped = mapped.map((n) => n + 1);
    expect(yield* get(mapped.first())).toBe(5000);
  });

  inBothStyles("zip pulls both at once", function* ({ clock }) {
    expect(yield* get(every(10, 3).zip(every(10, 5)).count())).toBe(3);
    expect(clock.now()).toBe(30);
  });
});

describe("STR-12 a StreamMap", () => {
  inBothStyles("is keyed: inserted, replaced, removed", function* () {
    const map = new StreamMap<string, number>();
    expect([yield* get(map.next()), map.size]).toEqual([END, 0]);
    expect(map.insert("a", Stream.of(1, 2))).toBe(undefined);
    expect([map.has("a"), map.has("b"), map.size]).toEqual([true, false, 1]);
    expect(yield* get(map.next())).toEqual(item(["a", 1]));
    const replaced = map.insert("a", Stream.of(9));
    expect(yield* get(replaced!.collect())).toEqual([2]);
    expect(yield* get(map.remove("a")!.collect())).toEqual([9]);
    expect([map.remove("a"), map.size, yield* get(map.next())]).toEqual([undefined, 0, END]);
    map.insert("b", Stream.of(1));
    expect(yield* drained(map)).toEqual([["b", 1], "done"]);
    expect(map.has("b")).toBe(false);
  });

  inBothStyles(
    "finds the one that is ready among many, takes turns, and forgets who has ended",
    function* () {
      const map = new StreamMap<number, number>();
      for (let key = 0; key < 50; key++) map.insert(key, key === 33 ? Stream.of(7) : Stream.once(pending()));
      expect(yield* get(map.next())).toEqual(item([33, 7]));
      expect([glance(map), map.size]).toEqual(["waits", 49]);
      const turns = new StreamMap<string, number>();
      for (const [key, count] of [
        ["a", 3],
        ["b", 2],
        ["c", 1],
      ] as const)
        turns.insert(key, Stream.range(0, count));
      expect(yield* get(turns.readyChunks(10).next())).toEqual(
        item([
          ["a", 0],
          ["b", 0],
          ["c", 0],
          ["a", 1],
          ["b", 1],
          ["a", 2],
        ]),
      );
      expect(turns.size).toBe(0);
    },
  );

  inBothStyles("is told of what is inserted and removed while it waits", function* ({ clock }) {
    const map = new StreamMap<string, number>();
    map.insert("slow", Stream.once(pending()));
    const next = step(map.next());
    next.poll();
    map.insert("fast", Stream.of(1));
    yield* get(clock.settle());
    expect([next.isWoken, next.poll()]).toEqual([true, item(["fast", 1])]);
    const waiting = spawn(map.next());
    yield* get(clock.settle());
    map.remove("slow");
    expect(yield* get(waiting)).toEqual(END);
  });

  inBothStyles("goes on after a terminal has reached its end, and not after it was left", function* () {
    const map = new StreamMap<string, number>();
    map.insert("a", Stream.of(1));
    expect(yield* get(map.collect())).toEqual([["a", 1]]);
    map.insert("b", Stream.of(2, 3));
    expect(yield* get(map.count())).toBe(2);
    map.insert("c", Stream.of(4, 5));
    expect(yield* get(map.first())).toEqual(["c", 4]);
    expect(() => map.insert("d", Stream.of(6))).toThrow(ClosedError);
  });
});

describe("sharing", () => {
  inBothStyles("each consumer has the items from when it joined", function* () {
    const join1 = every(10, 5).share(10);
    const first = join1();
    expect(yield* get(first.next())).toEqual(item(0));
    const second = join1();
    const [rest, later] = yield* get(join(first.collect(), second.collect()));
    expect([rest, later]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect(yield* get(join1().collect())).toEqual([]);
  });

  inBothStyles("the slowest holds the source back, and frees it when it leaves", function* ({ clock }) {
    const source = new WatchedIterable();
    const join1 = source.stream().share(2);
    const [fast, slow] = [join1(), join1()];
    expect([glance(fast), glance(fast), glance(fast), source.pulls]).toEqual([item(0), item(1), "waits", 2]);
    const waiting = step(fast.next());
    waiting.poll();
    expect(glance(slow)).toEqual(item(0));
    expect([waiting.isWoken, waiting.poll(), source.pulls]).toEqual([true, item(2), 3]);
    const stuck = step(fast.next());
    stuck.poll();
    yield* get(spawn(async () => slow[Symbol.asyncDispose]()));
    yield* get(clock.settle());
    expect([stuck.isWoken, stuck.poll()]).toEqual([true, item(3)]);
    expect(source.returns).toBe(0);
    yield* get(fast.first());
    expect(source.returns).toBe(1);
    expect(yield* get(join1().next())).toEqual(END);
  });

  inBothStyles("one that lags is told how much it missed, and goes on, through any operator", function* () {
    const through: Record<string, (s: Stream<number>) => Stream<unknown>> = {
      itself: (s) => s,
      map: (s) => s.map((n) => n).filter(() => true),
      mapAsync: (s) => s.mapAsync(async (n) => n),
      buffered: (s) => s.buffered(2),
      bufferUnordered: (s) => s.bufferUnordered(2),
      chain: (s) => s.chain([]),
      merge: (s) => s.merge(Stream.empty()),
      zip: (s) => s.zip(Stream.range(0, 99)).map(([n]) => n),
      flatMap: (s) => Stream.of(0).flatMap(() => s),
      flatMapUnordered: (s) => Stream.of(0).flatMapUnordered(2, () => s),
      chunks: (s) => s.chunks(1).flatMap((ns) => ns),
      throttle: (s) => s.throttle(1),
      timeout: (s) => s.timeout(1),
      peekable: (s) => s.peekable(),
      takeUntil: (s) => s.takeUntil(sleep(9999)),
      StreamMap: (s) => {
        const map = new StreamMap<string, number>();
        map.insert("a", s);
        return map.map(([, n]) => n);
      },
    };
    for (const [name, derive] of Object.entries(through)) {
      const join1 = Stream.range(0, 6).share(2, { overflow: "lag" });
      const [fast, slow] = [join1(), derive(join1())];
      expect(yield* get(fast.collect())).toEqual([0, 1, 2, 3, 4, 5]);
      const error = yield* failureOf(slow.next());
      expect(error, name).toBeInstanceOf(LaggedError);
      expect((error as LaggedError).message).toContain("missed 4 items");
      expect(yield* drained(slow), name).toEqual([4, 5, "done"]);
    }
  });

  inBothStyles("who pulls and goes away stalls nobody", function* ({ clock }) {
    const join1 = every(10, 3).share(1);
    const [a, b] = [join1(), join1()];
    const puller = step(a.next());
    puller.poll();
    const other = spawn(b.next());
    yield* get(clock.settle());
    puller.drop();
    expect(yield* get(other)).toEqual(item(0));
    expect(clock.now()).toBe(10);
    yield* get(spawn(async () => a[Symbol.asyncDispose]()));
    expect(yield* get(b.collect())).toEqual([1, 2]);
  });

  inBothStyles("a failure is thrown to each, and the source is closed when the first is told", function* () {
    const source = new Watched();
    const join1 = source
      .stream()
      .map((n): number => (n === 1 ? JSON.parse("{") : n))
      .share(4);
    const [a, b] = [join1(), join1()];
    expect(yield* drained(a)).toEqual([0, expect.stringContaining("SyntaxError"), "done"]);
    expect(source.returns).toBe(1);
    expect(yield* drained(b)).toEqual([0, expect.stringContaining("SyntaxError"), "done"]);
    expect(source.returns).toBe(1);
  });
});

describe("STR-08 peeking", () => {
  inBothStyles("takes nothing; taking if it fits", function* () {
    const items = Stream.range(0, 3).peekable();
    expect([yield* get(items.peek()), yield* get(items.peek())]).toEqual([item(0), item(0)]);
    expect(yield* get(items.nextIf((n) => n > 0))).toBe(undefined);
    expect(yield* get(items.nextIf((n) => n === 0))).toBe(0);
    expect([yield* get(items.peek()), yield* get(items.collect())]).toEqual([item(1), [1, 2]]);
    expect([yield* get(items.peek()), yield* get(items.nextIf(() => true))]).toEqual([END, undefined]);
  });

  inBothStyles("takes its turn among those that ask for the next", function* () {
    const items = every(10, 3).peekable();
    const got = yield* get(
      join(
        items.peek(),
        items.next(),
        items.nextIf(() => true),
        items.peek(),
        items.next(),
      ),
    );
    expect(got).toEqual([item(0), item(0), 1, item(2), item(2)]);
  });

  inBothStyles("abandoned, has taken nothing; its failure is thrown once", function* () {
    const items = every(10, 2).peekable();
    expect(messageOf(yield* failureOf(items.peek().timeout(5)))).toContain("TimeoutError");
    expect(messageOf(yield* failureOf(items.nextIf(() => true).timeout(3)))).toContain("TimeoutError");
    expect(yield* get(items.collect())).toEqual([0, 1]);
    const source = new Watched();
    const failing = source
      .stream()
      .map((): number => JSON.parse("{"))
      .peekable();
    expect(messageOf(yield* failureOf(failing.peek()))).toContain("SyntaxError");
    expect([yield* get(failing.next()), source.returns]).toEqual([END, 1]);
    const refusing = new Watched();
    const never = (): boolean => JSON.parse("{");
    const refused = refusing.stream().peekable();
    expect(messageOf(yield* failureOf(refused.nextIf(never)))).toContain("SyntaxError");
    expect([yield* get(refused.next()), refusing.returns]).toEqual([END, 1]);
  });
});
