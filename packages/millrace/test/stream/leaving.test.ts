/**
 * Leaving early: whatever the stream is made of and however it is left, the source is closed once, what
 * is in flight is dropped, and neither task nor timer stays.
 */
import { CancellationToken, type Future, mpsc, pending, race, Runtime, sleep, spawn } from "millrace";
import { step } from "millrace/testing";
import { Stream, StreamMap } from "millrace/stream";
import { describe, expect } from "vitest";
import { get, inBothStyles, type InStyle, type Steps } from "../both-styles.ts";
import { Probe } from "../probe.ts";
import { failureOf, Watched } from "./watched.ts";

/** Of a source whose first item comes at once, and the second never. */
type Derive = (s: Stream<number>) => Stream<unknown>;
const derivations: Record<string, Derive> = {
  "the source itself": (s) => s,
  "map and filter": (s) => s.map((n) => n).filter(() => true),
  filterMap: (s) => s.filterMap((n) => n),
  inspect: (s) => s.inspect(() => {}),
  enumerate: (s) => s.enumerate(),
  scan: (s) => s.scan(0, (a, n) => [a, n]),
  take: (s) => s.take(5),
  skip: (s) => s.skip(0),
  takeWhile: (s) => s.takeWhile(() => true),
  skipWhile: (s) => s.skipWhile(() => false),
  mapAsync: (s) => s.mapAsync(async (n) => n),
  takeUntil: (s) => s.takeUntil(sleep(100_000)),
  "takeUntil a token": (s) => s.takeUntil(new CancellationToken()),
  "takeUntil a signal": (s) => s.takeUntil(new AbortController().signal),
  buffered: (s) => s.buffered(3),
  bufferUnordered: (s) => s.bufferUnordered(3),
  flatMap: (s) => s.flatMap((n) => [n]),
  "flatMap, inside": (s) => Stream.of(1).flatMap(() => s),
  flatMapUnordered: (s) => s.flatMapUnordered(3, (n) => [n]),
  "flatMapUnordered, inside": (s) => Stream.of(1).flatMapUnordered(3, () => s),
  "chain, the first": (s) => s.chain([7]),
  "chain, the second": (s) => Stream.empty<number>().chain(s).chain([7]),
  merge: (s) => s.merge(Stream.once(pending())),
  mergeAll: (s) => Stream.mergeAll<unknown>([Stream.once(pending()), s]),
  zip: (s) => s.zip(Stream.of(1).chain(Stream.once(sleep(100_000).map(() => 1)))),
  "zip, the right": (s) => Stream.of(1, 2, 3).zip(s),
  share: (s) => s.share(2)(),
  "share that lags": (s) => s.share(2, { overflow: "lag" })(),
  chunks: (s) => s.chunks(1),
  readyChunks: (s) => s.readyChunks(2),
  chunksTimeout: (s) => s.chunksTimeout(1, 100_000),
  throttle: (s) => s.throttle(100_000),
  debounce: (s) => s.debounce(1),
  timeout: (s) => s.timeout(100_000),
  peekable: (s) => s.peekable(),
  produce: (s) =>
    Stream.produce<number>(1, async (send) => {
      for await (const n of s) await send(n);
    }),
  StreamMap: (s) => {
    const map = new StreamMap<string, unknown>();
    map.insert("a", s);
    map.insert("b", Stream.once(pending()));
    return map;
  },
  "a stream of a stream": (s) => Stream.from({ [Symbol.asyncIterator]: () => s[Symbol.asyncIterator]() }),
  "an async generator": (s) =>
    Stream.from(
      (async function* () {
        yield* s;
      })(),
    ),
  "a long chain": (s) =>
    s
      .map((n) => n)
      .buffered(2)
      .take(9)
      .timeout(100_000)
      .mapAsync((n) => n)
      .share(1)()
      .chunks(1)
      .flatMap((x) => x),
};

/** One item, then a wait for a probe that ends never. Counts how it is closed. */
class Source {
  returns: number = 0;
  readonly probe: Probe = new Probe();
  /** By an iterator that waits, or by a generator. */
  stream(): Stream<number> {
    let pulls = 0;
    const next = async (): Promise<IteratorResult<number, undefined>> => {
      if (pulls++ > 0) await this.probe;
      return { done: false, value: 1 };
    };
    const done = { done: true as const, value: undefined };
    const iterator: AsyncIterator<number, undefined> = { next, return: async () => (this.returns++, done) };
    return Stream.from({ [Symbol.asyncIterator]: () => iterator });
  }
}

type Leave = (stream: Stream<unknown>, style: InStyle) => Steps<void>;
const iterable = (stream: Stream<unknown>): AsyncIterable<unknown> => stream;
/** Has had an item, and is not waiting for one. */
const betweenItems: Record<string, Leave> = {
  "break in for await": function* (stream, { body }) {
    void body;
    yield* get(
      spawn(async () => {
        for await (const item of iterable(stream)) {
          void item;
          break;
        }
      }),
    );
  },
  "a throw in for await": function* (stream) {
    const loop = spawn(async () => {
      for await (const item of iterable(stream)) throw item;
    });
    yield* failureOf(loop);
  },
  "first()": function* (stream) {
    yield* get(stream.first());
  },
  "a failing forEach": function* (stream) {
    yield* failureOf(
      stream.forEach(() => {
        throw new Error("enough");
      }),
    );
  },
  disposal: function* (stream) {
    yield* get(stream.next());
    yield* get(spawn(async () => stream[Symbol.asyncDispose]()));
  },
  "await using": function* (stream) {
    yield* get(
      spawn(async () => {
        await using left = stream;
        await left.next();
      }),
    );
  },
};
/** Waits for the second item. */
const whileWaiting: Record<string, Leave> = {
  "a terminal that is abandoned while it waits": function* (stream, { clock }) {
    const collecting = step(stream.collect());
    for (let polls = 0; polls < 9; polls++) {
      collecting.poll();
      yield* get(clock.settle());
    }
    collecting.drop();
  },
  "a loser of select": function* (stream) {
    yield* get(race(stream.count(), sleep(10)));
  },
  "a timeout": function* (stream) {
    yield* failureOf(stream.collect().timeout(10));
  },
  "the abort of a task that consumes it": function* (stream, { clock }) {
    const task = spawn(stream.forEach(() => {}));
    yield* get(clock.settle());
    yield* get(sleep(10));
    task.abort();
    yield* get(task.settled());
  },
  "the abort of a task in for await": function* (stream) {
    const task = spawn(async () => {
      for await (const item of iterable(stream)) void item;
    });
    yield* get(sleep(10));
    task.abort();
    yield* get(task.settled());
  },
  "the abort of a task that iterates by hand": function* (stream, { body }) {
    const task = spawn(
      body(function* () {
        try {
          while (!(yield* get(stream.next())).done);
        } finally {
          void stream[Symbol.asyncDispose]();
        }
      }),
    );
    yield* get(sleep(10));
    task.abort();
    yield* get(task.settled());
  },
  "disposal while a next waits": function* (stream) {
    const next = spawn(async () => {
      for await (const item of iterable(stream)) void item;
    });
    yield* get(sleep(10));
    yield* get(spawn(async () => stream[Symbol.asyncDispose]()));
    yield* get(next);
  },
  forward: function* (stream) {
    const [tx, rx] = mpsc.channel<{}>(5);
    yield* get(race(stream.forward(tx as never), sleep(10)));
    rx.close();
  },
  forEachConcurrent: function* (stream) {
    const call = new Probe();
    yield* get(
      race(
        stream.forEachConcurrent(2, () => call),
        sleep(10),
      ),
    );
    expect(call.drops).toBe(1);
  },
};

function checked(name: string, derive: Derive, leave: Leave): void {
  inBothStyles(name, function* (style) {
    const { clock } = style;
    const before = Runtime.current().metrics();
    const source = new Source();
    const stream = derive(source.stream());
    yield* leave(stream, style);
    yield* get(clock.settle());
    expect(source.returns).toBe(1);
    const { polls, drops } = source.probe;
    expect(drops).toBe(Math.min(polls, 1));
    expect(yield* get(stream.next())).toEqual({ done: true, value: undefined });
    yield* get(spawn(async () => stream[Symbol.asyncDispose]()));
    expect(source.returns).toBe(1);
    const { aliveTasks, timers } = Runtime.current().metrics();
    expect({ aliveTasks, timers }).toEqual({ aliveTasks: before.aliveTasks, timers: before.timers });
  });
}

for (const [way, leave] of Object.entries(betweenItems)) {
  describe(`after an item, by ${way}`, () => {
    for (const [name, derive] of Object.entries(derivations)) checked(name, derive, leave);
  });
}
for (const [way, leave] of Object.entries(whileWaiting)) {
  describe(`while it waits, by ${way}`, () => {
    for (const [name, derive] of Object.entries(derivations)) checked(name, derive, leave);
  });
}

const terminals: Record<string, (s: Stream<number>) => Future<unknown>> = {
  collect: (s) => s.collect(),
  count: (s) => s.count(),
  last: (s) => s.last(),
  find: (s) => s.find(() => false),
  any: (s) => s.any(() => false),
  all: (s) => s.all(() => true),
  first: (s) => s.skip(1).first(),
  fold: (s) => s.fold(0, () => 0),
  forEach: (s) => s.forEach(() => {}),
  "forEach, called": (s) => s.forEach(() => pending()),
  forEachConcurrent: (s) => s.forEachConcurrent(2, () => {}),
  "forEachConcurrent, called": (s) => s.forEachConcurrent(2, () => pending()),
  "fold, called": (s) => s.fold(0, () => pending()),
  forward: (s) => s.forward({ send: () => pending() }),
};
describe("an abandoned terminal lets go", () => {
  for (const [name, consume] of Object.entries(terminals)) {
    inBothStyles(`${name}, before, while and after it was woken`, function* ({ clock }) {
      for (const when of ["before", "while", "woken"]) {
        const source = new Watched(Infinity, 10);
        const terminal = step(consume(source.stream()));
        if (when !== "before") {
          terminal.poll();
          yield* get(sleep(10));
          yield* get(clock.settle());
          expect(terminal.isWoken).toBe(true);
          if (when === "while") {
            terminal.poll();
            yield* get(clock.settle());
          }
        }
        terminal.drop();
        yield* get(clock.settle());
        expect([source.isPulled, source.returns]).toEqual([false, 1]);
        expect(Runtime.current().metrics().timers).toBe(0);
      }
    });
  }
});

describe("an abandoned next loses nothing", () => {
  for (const [name, derive] of Object.entries(derivations)) {
    inBothStyles(name, function* ({ clock }) {
      const source = new Watched(3, 10);
      const stream = derive(source.stream());
      const items: unknown[] = [];
      // Each next is given up again and again: before its time, and once it was woken.
      for (let round = 0; items.length < 3; round++) {
        const next = step(stream.next());
        const result = next.poll();
        if (typeof result === "object") {
          if (result.done) break;
          items.push(result.value);
          continue;
        }
        if (round % 2 === 0) yield* get(sleep(3));
        else for (let ms = 0; ms < 100_000 && !next.isWoken; ms += 9) yield* get(sleep(9));
        next.drop();
        yield* get(clock.settle());
      }
      expect(source.pulls).toBeGreaterThanOrEqual(1);
      const kept = items.flat().filter((item) => typeof item === "number");
      const whole = yield* get(derive(new Watched(3, 10).stream()).take(items.length).collect());
      expect(kept.length).toBeGreaterThan(0);
      expect(items).toEqual(whole);
      yield* get(spawn(async () => stream[Symbol.asyncDispose]()));
    });
  }
});

describe("a generator that is on its way to its next item has cleaned up when the stream was left", () => {
  const leavings: Record<string, (s: Stream<number>) => Future<unknown>> = {
    "early, two in flight": (s) => s.buffered(2).first(),
    "early, beside another": (s) => s.merge(Stream.repeat(() => 0)).first(),
    "by a failing call": (s) => s.forEachConcurrent(2, () => JSON.parse("{")).settled(),
  };
  for (const [way, leave] of Object.entries(leavings)) {
    inBothStyles(way, function* () {
      let isClean = false;
      const counting = async function* (): AsyncGenerator<number> {
        try {
          for (let n = 0; ; n++) yield n;
        } finally {
          await sleep(5);
          isClean = true;
        }
      };
      yield* get(leave(Stream.from(counting())));
      expect(isClean).toBe(true);
    });
  }
});
