/** Random chains against the same chain on arrays; random readers of random sources against a model. */
import fc from "fast-check";
import { sleep } from "millrace";
import { paused, step } from "millrace/testing";
import { Stream, StreamMap } from "millrace/stream";
import { expect, test } from "vitest";
import { randomPrograms } from "../random-programs.ts";
import { glance, Watched, WatchedIterable } from "./watched.ts";

/** What an operator makes of a stream, and of a pulled generator. */
interface Step {
  readonly stream: (s: Stream<unknown>) => Stream<unknown>;
  readonly model: (items: Iterable<unknown>) => Iterable<unknown>;
  /** How often it pulls depends on time: it reads ahead, or ends in the middle of a pull. */
  readonly isTimed?: boolean | "unless sync";
}
const num = (x: unknown): number => (typeof x === "number" ? x : String(x).length);

const steps: Record<string, (n: number) => Step> = {
  map: (n) => ({
    stream: (s) => s.map((x, i) => num(x) + n + i),
    *model(items) {
      let i = 0;
      for (const x of items) yield num(x) + n + i++;
    },
  }),
  mapAsync: (n) => ({
    stream: (s) => s.mapAsync((x, i) => (i % 2 === 0 ? num(x) + n : sleep(n).map(() => num(x) + n))),
    *model(items) {
      for (const x of items) yield num(x) + n;
    },
  }),
  filter: (n) => ({
    stream: (s) => s.filter((x, i) => (num(x) + i) % (n + 1) !== 0),
    *model(items) {
      let i = 0;
      for (const x of items) if ((num(x) + i++) % (n + 1) !== 0) yield x;
    },
  }),
  filterMap: (n) => ({
    stream: (s) => s.filterMap((x) => (num(x) % 2 === 0 ? [x, n] : undefined)),
    *model(items) {
      for (const x of items) if (num(x) % 2 === 0) yield [x, n];
    },
  }),
  enumerate: () => ({
    stream: (s) => s.enumerate(),
    *model(items) {
      let i = 0;
      for (const x of items) yield [i++, x];
    },
  }),
  scan: (n) => ({
    stream: (s) => s.scan(n, (sum, x) => (sum > 50 ? undefined : [sum + num(x), sum])),
    *model(items) {
      let sum = n;
      for (const x of items) {
        if (sum > 50) return;
        yield sum;
        sum += num(x);
      }
    },
  }),
  take: (n) => ({
    stream: (s) => s.take(n),
    *model(items) {
      if (n === 0) return;
      let left = n;
      for (const x of items) {
        yield x;
        if (--left === 0) return;
      }
    },
  }),
  skip: (n) => ({
    stream: (s) => s.skip(n),
    *model(items) {
      let left = n;
      for (const x of items) if (left-- <= 0) yield x;
    },
  }),
  takeWhile: (n) => ({
    stream: (s) => s.takeWhile((x) => num(x) < n * 4),
    *model(items) {
      for (const x of items) {
        if (num(x) >= n * 4) return;
        yield x;
      }
    },
  }),
  skipWhile: (n) => ({
    stream: (s) => s.skipWhile((x) => num(x) < n),
    *model(items) {
      let skips = true;
      for (const x of items) if (!(skips &&= num(x) < n)) yield x;
    },
  }),
  chunks: (n) => ({
    stream: (s) => s.chunks(n + 1),
    *model(items) {
      let chunk: unknown[] = [];
      for (const x of items) {
        if (chunk.push(x) <= n) continue;
        yield chunk;
        chunk = [];
      }
      if (chunk.length > 0) yield chunk;
    },
  }),
  chain: (n) => ({
    stream: (s) => s.chain([n, n + 1]),
    *model(items) {
      yield* items;
      yield* [n, n + 1];
    },
  }),
  zip: (n) => ({
    stream: (s) => s.zip(Stream.range(0, n * 3)),
    *model(items) {
      let i = 0;
      for (const x of items) {
        if (i === n * 3) return;
        yield [x, i++];
      }
    },
    isTimed: "unless sync",
  }),
  flatMap: (n) => ({
    stream: (s) => s.flatMap((x) => (n % 2 === 0 ? [x, n] : Stream.of(x, n))),
    *model(items) {
      for (const x of items) yield* [x, n];
    },
  }),
  peekable: () => ({ stream: (s) => s.peekable(), model: (items) => items }),
  share: (n) => ({ stream: (s) => s.share(n + 1)(), model: (items) => items }),
  buffered: (n) => ({
    stream: (s) => s.map((x) => (n % 2 === 0 ? x : sleep(num(x) % 5).map(() => x))).buffered(n + 1),
    model: (items) => items,
    isTimed: true,
  }),
};
const program = fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(5)), { maxLength: 6 });

for (const [kind, make] of [
  ["sync", (end: number) => new WatchedIterable(end)],
  ["async", (end: number) => new Watched(end)],
  ["slow", (end: number) => new Watched(end, 3)],
] as const) {
  test(`a random chain of operators, of a ${kind} source, gives what it gives of an array, with the same pulls`, async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.nat(20), fc.nat(12), async (chain, end, wanted) => {
        const made = chain.map(([name, n]) => steps[name]!(n));
        const [source, modelled] = [make(end), new WatchedIterable(end)];
        const items = made
          .reduce((all, { model }) => model(all), modelled as Iterable<unknown>)
          [Symbol.iterator]();
        await paused(async () => {
          const stream = made.reduce<Stream<unknown>>((s, { stream: derive }) => derive(s), source.stream());
          for (let i = 0; i < wanted; i++) {
            const [expected, got] = [items.next(), await stream.next()];
            expect(got).toEqual(
              expected.done === true
                ? { done: true, value: undefined }
                : { done: false, value: expected.value },
            );
            if (expected.done === true) break;
            if (made.some(({ isTimed }) => isTimed === true || (isTimed && kind !== "sync"))) continue;
            expect(source.pulls).toBe(modelled.pulls);
          }
          await stream[Symbol.asyncDispose]();
          expect(source.pulls <= end ? source.returns : source.returns <= 1 && 1).toBe(1);
        });
      }),
      randomPrograms(kind === "sync" ? 0.5 : 0.25),
    );
  });
}

test("merge, mergeAll and a StreamMap serve whoever has items, in turn", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }),
      fc.constantFrom("mergeAll", "StreamMap", "flatMapUnordered"),
      (lengths, how) => {
        const sources = lengths.map((length, i) => Stream.range(0, length).map((n) => `${i}:${n}`));
        const map = new StreamMap<number, string>();
        if (how === "StreamMap") for (const [i, source] of sources.entries()) map.insert(i, source);
        const merged: Stream<string> = {
          mergeAll: () => Stream.mergeAll(sources),
          StreamMap: () => map.map(([, x]) => x),
          flatMapUnordered: () => Stream.from(sources).flatMapUnordered(9, (s) => s),
        }[how]();
        const expected: string[] = [];
        for (let n = 0; n < 4; n++)
          for (const [i, length] of lengths.entries()) if (n < length) expected.push(`${i}:${n}`);
        const seen: string[] = [];
        for (;;) {
          const next = glance(merged);
          if (typeof next !== "object") throw new Error("it should be ready");
          if (next.done === true) break;
          seen.push(next.value);
        }
        expect(seen).toEqual(expected);
      },
    ),
    randomPrograms(),
  );
});

const action = fc.oneof(
  fc.record({ kind: fc.constantFrom("join", "leave"), at: fc.nat(3) }),
  fc.record({ kind: fc.constant("next"), at: fc.nat(3) }),
);
test("shared readers see what a model of positions says, waiting and lagging alike", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      fc.array(action, { maxLength: 40 }),
      async (capacity, lags, actions) => {
        await paused(async () => {
          const source = new WatchedIterable(12);
          const joinShared = source.stream().share(capacity, { overflow: lags ? "lag" : "backpressure" });
          const readers: { stream: Stream<number>; at: number }[] = [];
          let last = 0;
          let hasEnded = false;
          for (const { kind, at } of actions) {
            if (kind === "join") {
              readers.push({ stream: joinShared(), at: last });
              continue;
            }
            const reader = readers[at];
            if (reader === undefined) continue;
            if (kind === "leave") {
              readers.splice(at, 1);
              await reader.stream[Symbol.asyncDispose]();
              if (readers.length === 0) return;
              continue;
            }
            const kept = Math.max(0, last - capacity);
            const slowest = Math.min(...readers.map((each) => each.at));
            using next = step(reader.stream.next());
            if (lags && reader.at < kept) {
              expect(() => next.poll()).toThrow(`missed ${kept - reader.at} items`);
              reader.at = kept;
              continue;
            }
            const got = next.poll();
            if (reader.at === last && !hasEnded) {
              if (!lags && last - slowest >= capacity) {
                expect(typeof got).not.toBe("object");
                continue;
              }
              if (last === 12) hasEnded = true;
              else last++;
            }
            expect(got).toEqual(
              reader.at === 12 ? { done: true, value: undefined } : { done: false, value: reader.at },
            );
            if (reader.at < 12) reader.at++;
          }
          expect(source.pulls).toBe(last + Number(hasEnded));
        });
      },
    ),
    randomPrograms(0.5),
  );
});
