/**
 * Streams and time. STR-09: the contract wins, a late item ends the stream. STR-11 has no into_remainder.
 * FUT-05 has no take_future.
 */
import { CancellationToken, type Future, mpsc, sleep, spawn, TimeoutError } from "millrace";
import { Stream } from "millrace/stream";
import { describe, expect } from "vitest";
import { get, inBothStyles, type Steps } from "../both-styles.ts";
import { drained, failureOf, messageOf, Watched } from "./watched.ts";

/** Items at the given times. */
const at = (...times: number[]): Stream<number> =>
  Stream.from(times.map((time, i) => time - (times[i - 1] ?? 0)))
    .mapAsync((ms) => sleep(ms))
    .map((_, i) => times[i]!);
/** Each item with the time when it came. */
function* timed<T>(stream: Stream<T>, now: () => number): Steps<[number, T][]> {
  const began = now();
  return yield* get(stream.map((item): [number, T] => [now() - began, item]).collect());
}

inBothStyles("throttle keeps a gap after each item, and drops nothing", function* ({ clock }) {
  expect(yield* timed(Stream.range(0, 3).throttle(10), clock.now.bind(clock))).toEqual([
    [0, 0],
    [10, 1],
    [20, 2],
  ]);
  // The source is held back: what it waits for begins with the pull.
  const slow = yield* timed(at(5, 25, 26, 100).throttle(10), clock.now.bind(clock));
  expect(slow.map(([time]) => time)).toEqual([5, 35, 46, 130]);
});

inBothStyles("debounce gives what is followed by quiet, and the last at once", function* ({ clock }) {
  const items = yield* timed(at(5, 10, 40, 42, 44).debounce(10), clock.now.bind(clock));
  expect(items).toEqual([
    [20, 10],
    [44, 44],
  ]);
  expect(yield* get(Stream.empty().debounce(10).collect())).toEqual([]);
  expect(yield* get(Stream.of(1, 2, 3).debounce(10).collect())).toEqual([3]);
});

inBothStyles(
  "STR-11 chunksTimeout: when it is full, or some time after its first item",
  function* ({ clock }) {
    const [tx, rx] = mpsc.channel<number>(10);
    spawn(
      at(0, 10, 20, 500, 3000, 3001, 3002, 3003, 3500)
        .forEach((n) => void tx.trySend(n))
        .map(() => tx.close()),
    );
    expect(yield* timed(Stream.from(rx).chunksTimeout(4, 400), clock.now.bind(clock))).toEqual([
      [400, [0, 10, 20]],
      [900, [500]],
      [3003, [3000, 3001, 3002, 3003]],
      [3500, [3500]],
    ]);
  },
);

inBothStyles("FUT-06 readyChunks gives what is there", function* () {
  const [tx, rx] = mpsc.channel<number>(10);
  const chunks = Stream.from(rx).readyChunks(2);
  spawn(sleep(5).map(() => tx.trySend(1)));
  expect(yield* get(chunks.next())).toEqual({ done: false, value: [1] });
  for (const n of [2, 3, 4]) tx.trySend(n);
  tx.close();
  expect(yield* drained(chunks)).toEqual([[2, 3], [4], "done"]);
});

inBothStyles(
  "STR-09 timeout: each item has its time; a late one is a failure, which ends the stream",
  function* ({ clock }) {
    expect(yield* get(at(9, 18, 27).timeout(10).collect())).toEqual([9, 18, 27]);
    const source = new Watched(Infinity, 20);
    const late = at(9).chain(source).timeout(10);
    const began = clock.now();
    expect(yield* get(late.next())).toEqual({ done: false, value: 9 });
    // What passes between two reads does not count.
    yield* get(sleep(100));
    expect(yield* failureOf(late.next())).toBeInstanceOf(TimeoutError);
    expect([clock.now() - began, source.returns]).toEqual([119, 1]);
    expect(yield* drained(late)).toEqual(["done"]);
    expect(yield* get(Stream.range(0, 3).timeout(0).collect())).toEqual([0, 1, 2]);
  },
);

describe("FUT-05 takeUntil ends", () => {
  const token = (): CancellationToken => {
    const made = new CancellationToken();
    spawn(sleep(25).map(() => made.cancel()));
    return made;
  };
  const signal = (): AbortSignal => {
    const controller = new AbortController();
    spawn(sleep(25).map(() => controller.abort()));
    return controller.signal;
  };
  const stops: Record<
    string,
    () => Future<unknown> | PromiseLike<unknown> | CancellationToken | AbortSignal
  > = {
    "a future": () => sleep(25),
    "a promise": () => spawn(sleep(25)).then((x) => x),
    "a token": token,
    "a signal": signal,
  };
  for (const [name, stop] of Object.entries(stops)) {
    inBothStyles(`with ${name}, also in the middle of a wait`, function* ({ clock }) {
      const source = new Watched(Infinity, 10);
      const stream = source.stream().takeUntil(stop() as Future<unknown>);
      expect(yield* drained(stream)).toEqual([0, 1, "done"]);
      expect([clock.now(), source.isPulled, source.returns]).toEqual([25, false, 1]);
    });
  }

  inBothStyles("at once when it has fired already, without a pull", function* () {
    const cancelled = new CancellationToken();
    cancelled.cancel();
    for (const stop of [AbortSignal.abort(), cancelled, Promise.resolve(), "a value"]) {
      const source = new Watched();
      if (stop instanceof Promise) yield* get(sleep(1));
      expect(yield* drained(source.stream().takeUntil(stop))).toEqual(
        stop instanceof Promise ? expect.arrayContaining(["done"]) : ["done"],
      );
      expect([source.pulls <= 1, source.returns]).toEqual([true, 1]);
    }
  });

  inBothStyles("never, if that does not fire; and a failing future is a failure", function* () {
    expect(yield* get(Stream.range(0, 10).takeUntil(new CancellationToken()).count())).toBe(10);
    const failing = sleep(5).map(() => JSON.parse("{"));
    const source = new Watched(Infinity, 10);
    expect(messageOf(yield* failureOf(source.stream().takeUntil(failing).count()))).toContain("SyntaxError");
    expect(source.returns).toBe(1);
  });

  inBothStyles("and does not wait for a promise that nobody can hurry", function* ({ clock }) {
    const { promise: stuckOn, resolve } = Promise.withResolvers<void>();
    const stuck = async function* (): AsyncGenerator<number> {
      yield 1;
      await stuckOn;
    };
    expect(yield* get(Stream.from(stuck()).takeUntil(sleep(10)).collect())).toEqual([1]);
    expect(clock.now()).toBe(10);
    // A task ends when the calls that it has abandoned have.
    resolve();
  });
});
