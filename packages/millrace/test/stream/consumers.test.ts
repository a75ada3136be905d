/** Several consumers of one stream, and a stream that is disposed under its consumer. */
import { join, type Future, ready, Runtime, sleep, spawn } from "millrace";
import { step } from "millrace/testing";
import { Stream } from "millrace/stream";
import { describe, expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { drained, failureOf, Watched } from "./watched.ts";

/** What ends a stream, and what it gives of 0 and 1. */
const terminals: Record<string, [consume: (s: Stream<number>) => Future<unknown>, ofTwo: unknown]> = {
  collect: [(s) => s.collect(), [0, 1]],
  count: [(s) => s.count(), 2],
  last: [(s) => s.last(), 1],
  find: [(s) => s.find(() => false), undefined],
  any: [(s) => s.any(() => false), false],
  all: [(s) => s.all(() => true), true],
  fold: [(s) => s.fold("", (all, n) => all + n), "01"],
  forEach: [(s) => s.forEach(() => {}), undefined],
  forEachConcurrent: [(s) => s.forEachConcurrent(2, () => {}), undefined],
  forward: [(s) => s.forward({ send: () => ready(undefined) }), undefined],
};

describe("disposed while it waits for an item, it has ended for", () => {
  for (const [name, [consume, ofTwo]] of Object.entries(terminals)) {
    inBothStyles(name, function* ({ clock }) {
      const source = new Watched(Infinity, 10);
      const stream = source.stream();
      const task = spawn(consume(stream));
      yield* get(sleep(25));
      yield* get(spawn(async () => stream[Symbol.asyncDispose]()));
      expect(yield* get(task)).toEqual(ofTwo);
      yield* get(clock.settle());
      expect([source.isPulled, source.returns]).toEqual([false, 1]);
      expect(Runtime.current().metrics().timers).toBe(0);
    });
  }
});

describe("disposed while a callback runs, it waits for the callback", () => {
  inBothStyles("of forEach", function* ({ body }) {
    const log: string[] = [];
    const stream = new Watched().stream();
    const each = body(function* (n: number) {
      try {
        log.push(`began ${n}`);
        yield* get(sleep(100));
        log.push(`ended ${n}`);
      } finally {
        log.push("closed");
      }
    });
    const task = spawn(stream.forEach(each));
    yield* get(sleep(50));
    yield* get(spawn(async () => stream[Symbol.asyncDispose]()));
    yield* get(task);
    expect(log).toEqual(["began 0", "ended 0", "closed"]);
  });

  inBothStyles("of fold, whose result counts", function* ({ body }) {
    const stream = Stream.range(1, 9);
    const add = body(function* (sum: number, n: number) {
      yield* get(sleep(10));
      return sum + n;
    });
    const task = spawn(stream.fold(0, add));
    yield* get(sleep(25));
    yield* get(spawn(async () => stream[Symbol.asyncDispose]()));
    expect(yield* get(task)).toBe(1 + 2 + 3);
  });
});

describe("two who read one stream take turns", () => {
  for (const [name, [consume, ofTwo]] of Object.entries(terminals)) {
    inBothStyles(`next and ${name}`, function* () {
      const stream = new Watched(3, 10).stream().map((n) => n - 1);
      const next = spawn(stream.next());
      const task = spawn(consume(stream));
      expect(yield* get(next)).toEqual({ done: false, value: -1 });
      expect(yield* get(task)).toEqual(ofTwo);
    });
  }

  inBothStyles("the second collect gets what is left", function* () {
    const stream = new Watched(3, 10).stream();
    expect(yield* get(join(stream.collect(), stream.collect()))).toEqual([[0, 1, 2], []]);
  });

  inBothStyles("a callback is somebody else's turn, which may be its own", function* ({ body }) {
    const stream = new Watched(6, 1).stream();
    const pairs: unknown[] = [];
    const each = body(function* (n: number) {
      const { value } = yield* get(stream.next());
      pairs.push([n, value]);
    });
    yield* get(stream.forEach(each));
    expect(pairs).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  inBothStyles("two loops share the items", function* ({ body }) {
    const stream = new Watched(4, 1).stream();
    const seen: string[] = [];
    const loop = (who: string) =>
      stream.forEach(
        body(function* (n: number) {
          yield* get(sleep(10));
          seen.push(`${who}${n}`);
        }),
      );
    yield* get(join(loop("a"), loop("b")));
    expect(seen).toEqual(["a0", "b1", "a2", "b3"]);
  });
});

describe("of two who read one stream", () => {
  inBothStyles(
    "one that is abandoned in line releases the source, and the other ends",
    function* ({ clock }) {
      const source = new Watched(Infinity, 10);
      const stream = source.stream();
      const first = spawn(stream.collect());
      yield* get(sleep(15));
      const second = step(stream.collect());
      second.poll();
      second.drop();
      expect(yield* get(first)).toEqual([0]);
      yield* get(clock.settle());
      expect(source.returns).toBe(1);
    },
  );

  inBothStyles("one whose callback fails ends the other", function* ({ body }) {
    const stream = new Watched(Infinity, 10).stream();
    const each = body(function* () {
      yield* get(sleep(5));
      throw new Error("enough");
    });
    const failing = spawn(stream.forEach(each));
    yield* get(sleep(12));
    const other = spawn(stream.collect());
    expect(yield* failureOf(failing)).toEqual(new Error("enough"));
    expect(yield* get(other)).toEqual([]);
  });

  inBothStyles("a failure that a next was abandoned with goes to the next terminal", function* ({ clock }) {
    async function* failing(): AsyncGenerator<number> {
      try {
        yield 0;
      } finally {
        await sleep(10);
      }
    }
    const stream = Stream.from(failing()).inspect(() => {
      throw new Error("inspected");
    });
    const next = step(stream.next());
    for (let polls = 0; polls < 5; polls++) {
      next.poll();
      yield* get(clock.settle());
    }
    next.drop();
    expect(yield* failureOf(stream.collect())).toEqual(new Error("inspected"));
    expect(yield* drained(stream)).toEqual(["done"]);
  });
});
