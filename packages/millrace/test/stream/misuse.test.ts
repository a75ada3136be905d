import { sleep } from "millrace";
import { Stream, StreamMap } from "millrace/stream";
import { expect, test } from "vitest";
import { expectMisuse } from "../sync/outcome.ts";

const s = (): Stream<number> => Stream.of(1);
const bad = (value: unknown): never => value as never;

const counted: Record<string, [least: number, mayBeInfinite: boolean, (count: number) => unknown]> = {
  "Stream.take": [0, true, (n) => s().take(n)],
  "Stream.skip": [0, true, (n) => s().skip(n)],
  "Stream.buffered": [1, true, (n) => s().buffered(n)],
  "Stream.bufferUnordered": [1, true, (n) => s().bufferUnordered(n)],
  "Stream.flatMapUnordered": [1, true, (n) => s().flatMapUnordered(n, () => [])],
  "Stream.forEachConcurrent": [1, true, (n) => s().forEachConcurrent(n, () => {})],
  "Stream.chunks": [1, true, (n) => s().chunks(n)],
  "Stream.readyChunks": [1, true, (n) => s().readyChunks(n)],
  "Stream.chunksTimeout": [1, true, (n) => s().chunksTimeout(n, 1)],
  "Stream.toReadableStream": [0, true, (n) => s().toReadableStream({ highWaterMark: n })],
  "Stream.share": [1, true, (n) => s().share(n)],
  "Stream.produce": [1, true, (n) => Stream.produce(n, () => {})],
  "Stream.fromEvents": [
    1,
    true,
    (n) => Stream.fromEvents(new EventTarget(), "x", { capacity: n, overflow: "dropOldest" }),
  ],
};
test("FUT-06 STR-11 counts are whole numbers: others are refused where they are given, and named", () => {
  for (const [caller, [least, mayBeInfinite, use]] of Object.entries(counted)) {
    const refused = [-1, 0.5, NaN, -Infinity, bad("1"), bad(undefined), bad(1n), ...(least === 0 ? [] : [0])];
    if (!mayBeInfinite) refused.push(Infinity);
    if (caller === "Stream.toReadableStream") refused.splice(refused.indexOf(bad(undefined)), 1);
    for (const count of refused) {
      expectMisuse(RangeError, () => use(count));
      expect(() => use(count)).toThrow(
        new RegExp(`^${caller} expects .* at least ${least}.*got ${String(count)}`),
      );
    }
    expect(() => use(least)).not.toThrow();
    expect(() => use(2 ** 40)).not.toThrow();
    if (mayBeInfinite) expect(() => use(Infinity)).not.toThrow();
  }
});

const called: Record<string, (f: never) => unknown> = {
  "Stream.map": (f) => s().map(f),
  "Stream.mapAsync": (f) => s().mapAsync(f),
  "Stream.filter": (f) => s().filter(f),
  "Stream.filterMap": (f) => s().filterMap(f),
  "Stream.inspect": (f) => s().inspect(f),
  "Stream.scan": (f) => s().scan(0, f),
  "Stream.takeWhile": (f) => s().takeWhile(f),
  "Stream.skipWhile": (f) => s().skipWhile(f),
  "Stream.flatMap": (f) => s().flatMap(f),
  "Stream.flatMapUnordered": (f) => s().flatMapUnordered(1, f),
  "Stream.forEach": (f) => s().forEach(f),
  "Stream.forEachConcurrent": (f) => s().forEachConcurrent(1, f),
  "Stream.fold": (f) => s().fold(0, f),
  "Stream.find": (f) => s().find(f),
  "Stream.any": (f) => s().any(f),
  "Stream.all": (f) => s().all(f),
  "Stream.repeat": (f) => Stream.repeat(f),
  "Stream.unfold": (f) => Stream.unfold(0, f),
  "Stream.produce": (f) => Stream.produce(1, f),
  "Peekable.nextIf": (f) => s().peekable().nextIf(f),
};
test("what is to be called is a function", () => {
  for (const [caller, use] of Object.entries(called)) {
    for (const [f, got] of [
      [undefined, "undefined"],
      [null, "null"],
      [{}, "object"],
      [1, "number"],
    ] as const) {
      expectMisuse(TypeError, () => use(bad(f)));
      expect(() => use(bad(f))).toThrow(new RegExp(`^${caller} expects a function.*, got ${got}$`));
    }
  }
});

const iterated: Record<string, (from: never) => unknown> = {
  "Stream.from": (from) => Stream.from(from),
  "Stream.mergeAll": (from) => Stream.mergeAll([from]),
  "Stream.chain": (from) => s().chain(from),
  "Stream.merge": (from) => s().merge(from),
  "Stream.zip": (from) => s().zip(from),
  "StreamMap.insert": (from) => new StreamMap().insert("a", from),
};
test("what is to be read can be iterated; a future cannot, and the message says what can", () => {
  for (const [caller, use] of Object.entries(iterated)) {
    for (const [from, got] of [
      [5, "number"],
      [undefined, "undefined"],
      [null, "null"],
      [{}, "object"],
      [sleep(1), "a future; Stream.once makes a stream of one"],
    ] as const) {
      expectMisuse(TypeError, () => use(bad(from)));
      const message = `${caller} expects an iterable, an async iterable or a readable stream, got ${got}`;
      expect(() => use(bad(from))).toThrow(new TypeError(message));
    }
  }
  expectMisuse(TypeError, () => Stream.mergeAll(bad(5)));
  expect(() => Stream.mergeAll(bad(5))).toThrow("Stream.mergeAll expects an iterable of streams, got number");
});

test("and everything else is checked where it is given", () => {
  const events = new EventTarget();
  const readable = new ReadableStream();
  readable.getReader();
  const misuses: [new (message: string) => Error, RegExp, () => unknown][] = [
    [
      TypeError,
      /Stream.fromEvents/,
      () => Stream.fromEvents(bad({}), "x", { capacity: 1, overflow: "error" }),
    ],
    [TypeError, /overflow.*got undefined/, () => Stream.fromEvents(events, "x", bad({ capacity: 1 }))],
    [TypeError, /overflow.*got undefined/, () => Stream.fromEvents(events, "x", bad(undefined))],
    [TypeError, /overflow.*got sometimes/, () => s().share(1, { overflow: bad("sometimes") })],
    [
      TypeError,
      /Stream\.takeUntil expects .*got an AbortController; what fires is its signal/,
      () => s().takeUntil(bad(new AbortController())),
    ],
    [TypeError, /Stream\.takeUntil expects .*got a function/, () => s().takeUntil(() => sleep(5))],
    [TypeError, /locked/, () => Stream.from(readable)],
    [TypeError, /Stream.forward.*send/, () => s().forward(bad({}))],
    [TypeError, /Stream.forward.*send/, () => s().forward(bad(undefined))],
    [RangeError, /start.*NaN/, () => Stream.range(NaN, 1)],
    [RangeError, /end.*undefined/, () => Stream.range(0, bad(undefined))],
    [RangeError, /Stream.throttle/, () => s().throttle(-1)],
    [RangeError, /Stream.debounce/, () => s().debounce(NaN)],
    [RangeError, /Stream.timeout/, () => s().timeout(-1)],
    [RangeError, /Stream.chunksTimeout/, () => s().chunksTimeout(1, NaN)],
  ];
  for (const [type, message, misuse] of misuses) {
    expectMisuse(type, misuse);
    expect(misuse).toThrow(message);
  }
});

test("a refused call leaves the stream and its source as they were", async () => {
  let pulls = 0;
  const stream = Stream.repeat(() => pulls++);
  for (const use of Object.values(called)) void use;
  expect(() => stream.take(-1)).toThrow(RangeError);
  expect(() => stream.map(bad(1))).toThrow(TypeError);
  expect(await stream.take(2).collect()).toEqual([0, 1]);
});
