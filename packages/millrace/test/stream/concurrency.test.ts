/**
 * What is in flight. Numbers of the behaviours that do not apply: FUO-02 (there is no push_front: a stream
 * is the queue), FUN-01 and FUN-03 (a queue is not made by hand).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  asyncFn,
  currentTask,
  type Future,
  join,
  mpsc,
  ready,
  Runtime,
  sleep,
  spawn,
  yieldNow,
} from "millrace";
import { step } from "millrace/testing";
import { Stream } from "millrace/stream";
import { describe, expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Probe } from "../probe.ts";
import { WatchedIterable } from "./watched.ts";

/** Counts how many calls run at once. */
class Meter {
  running: number = 0;
  most: number = 0;
  started: number = 0;
  ended: number = 0;
  readonly work: (ms: number) => Future<number> = asyncFn(async (ms: number) => {
    this.most = Math.max(this.most, ++this.running);
    this.started++;
    try {
      await sleep(ms);
      this.ended++;
      return ms;
    } finally {
      this.running--;
    }
  });
}

type Concurrent = (limit: number, meter: Meter, source: Stream<number>) => Future<unknown>;
const concurrent: Record<string, Concurrent> = {
  buffered: (limit, { work }, s) => s.map(work).buffered(limit).count(),
  bufferUnordered: (limit, { work }, s) => s.map(work).bufferUnordered(limit).count(),
  forEachConcurrent: (limit, { work }, s) => s.forEachConcurrent(limit, (n) => work(n).map(() => {})),
  "forEachConcurrent, async": (limit, { work }, s) =>
    s.forEachConcurrent(limit, async (n) => void (await work(n))),
  "forEachConcurrent, a generator": (limit, { work }, s) =>
    s.forEachConcurrent(limit, function* (n) {
      yield* work(n);
    }),
  flatMapUnordered: (limit, { work }, s) => s.flatMapUnordered(limit, (n) => Stream.once(work(n))).count(),
};

describe("never more than the limit at once, and as many as that", () => {
  for (const [name, run] of Object.entries(concurrent)) {
    for (const limit of [1, 3, Infinity]) {
      inBothStyles(`${name}(${limit})`, function* ({ clock }) {
        const meter = new Meter();
        const source = new WatchedIterable(10);
        yield* get(
          run(
            limit,
            meter,
            source.stream().map(() => 10),
          ),
        );
        expect([meter.most, meter.ended, source.pulls]).toEqual([Math.min(limit, 10), 10, 11]);
        expect(clock.now()).toBe(Math.ceil(10 / limit) * 10 || 10);
      });
    }
  }

  inBothStyles("mapAsync, forEach and fold: one", function* () {
    const runs: ((meter: Meter, s: Stream<number>) => Future<unknown>)[] = [
      ({ work }: Meter, s: Stream<number>) => s.mapAsync(work).count(),
      ({ work }: Meter, s: Stream<number>) => s.forEach((n) => work(n).map(() => {})),
      ({ work }: Meter, s: Stream<number>) => s.fold(0, (sum, n) => work(n).map((ms) => sum + ms)),
    ];
    for (const run of runs) {
      const meter = new Meter();
      yield* get(run(meter, Stream.of(5, 5, 5)));
      expect([meter.most, meter.ended]).toEqual([1, 3]);
    }
  });
});

describe("what is in flight", () => {
  inBothStyles("goes on while the consumer is busy", function* ({ clock }) {
    for (const derive of [
      (s: Stream<Future<number>>) => s.buffered(3),
      (s: Stream<Future<number>>) => s.bufferUnordered(3),
    ]) {
      const meter = new Meter();
      const stream = derive(Stream.of(10, 10, 10, 10, 10).map(meter.work));
      const began = clock.now();
      yield* get(stream.next());
      yield* get(sleep(100));
      expect([meter.started, meter.ended]).toEqual([3, 3]);
      yield* get(stream.next());
      yield* get(stream.next());
      expect(clock.now() - began).toBe(110);
      expect(yield* get(stream.count())).toBe(2);
      expect(clock.now() - began).toBe(120);
    }
  });

  inBothStyles("FUO-01 comes in source order, or as it is done", function* () {
    const items = (): Stream<Future<number>> => Stream.of(30, 10, 20).map((ms) => sleep(ms).map(() => ms));
    expect(yield* get(items().buffered(3).collect())).toEqual([30, 10, 20]);
    expect(yield* get(items().bufferUnordered(3).collect())).toEqual([10, 20, 30]);
    expect(yield* get(items().bufferUnordered(2).collect())).toEqual([10, 30, 20]);
    const probes = [new Probe<string>(), new Probe<string>()];
    const stream = Stream.from(probes).buffered(2);
    const next = step(stream.next());
    next.poll();
    probes[1]!.resolve("second");
    yield* get(sleep(1));
    expect(next.isWoken).toBe(false);
    probes[0]!.resolve("first");
    yield* get(sleep(1));
    expect([next.isWoken, next.poll()]).toEqual([true, { done: false, value: "first" }]);
    expect(yield* get(stream.collect())).toEqual(["second"]);
  });

  inBothStyles(
    "FUN-02 is polled once when it is begun, and then only when it is woken",
    function* ({ clock }) {
      for (const count of [10, 33]) {
        const probes = Array.from({ length: count }, () => new Probe<number>());
        const stream = Stream.from(probes).bufferUnordered(Infinity);
        const counting = spawn(stream.count());
        yield* get(clock.settle());
        expect(probes.map(({ polls }) => polls)).toEqual(probes.map(() => 1));
        probes[3]!.wake();
        yield* get(clock.settle());
        expect(probes.map(({ polls }) => polls)).toEqual(probes.map((_, i) => (i === 3 ? 2 : 1)));
        for (const probe of probes) probe.resolve(1);
        expect(yield* get(counting)).toBe(count);
      }
    },
  );

  inBothStyles("may be a value, a promise, a foreign thenable, a future or a call", function* () {
    const thenable = (value: number): PromiseLike<number> =>
      ({
        then: (ok: (n: number) => void) => void setTimeout(ok, 1, value),
      }) as unknown as PromiseLike<number>;
    const call = asyncFn(async (n: number) => n);
    const items = (): Stream<number | PromiseLike<number>> =>
      Stream.of<number | PromiseLike<number>>(
        0,
        Promise.resolve(1),
        thenable(2),
        ready(3),
        call(4),
        sleep(5).map(() => 5),
      );
    expect(yield* get(items().buffered(2).collect())).toEqual([0, 1, 2, 3, 4, 5]);
    expect((yield* get(items().bufferUnordered(9).collect())).toSorted((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
  });

  inBothStyles("FUN-06 is dropped with the stream, and its cleanup runs", function* ({ clock }) {
    for (const derive of [
      (s: Stream<Future<unknown>>) => s.buffered(3),
      (s: Stream<Future<unknown>>) => s.bufferUnordered(3),
    ]) {
      const meter = new Meter();
      const probe = new Probe();
      const [tx, rx] = mpsc.channel<number>(1);
      const counting = step(derive(Stream.of<Future<unknown>>(meter.work(100), probe, rx.recv())).count());
      counting.poll();
      yield* get(clock.settle());
      expect([meter.running, probe.polls]).toEqual([1, 1]);
      counting.drop();
      yield* get(clock.settle());
      expect([meter.running, meter.ended, probe.drops]).toEqual([0, 0, 1]);
      expect(Runtime.current().metrics().timers).toBe(0);
      tx.trySend(1);
      expect(rx.tryRecv()).toEqual({ ok: true, value: 1 });
    }
  });

  inBothStyles("keeps the async context of the consumer, and its task", function* ({ body }) {
    const local = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const look = asyncFn(async (n: number) => {
      seen.push(local.getStore(), currentTask()?.name);
      await sleep(n);
      seen.push(local.getStore(), currentTask()?.name);
      return n;
    });
    const task = local.run("mine", () =>
      spawn(
        body(function* () {
          const stream = Stream.of(10, 20, 30).map(look).buffered(2);
          yield* get(stream.next());
          yield* get(sleep(100));
          yield* get(stream.forEach(() => void seen.push(local.getStore(), currentTask()?.name)));
        }),
        { name: "consumer" },
      ),
    );
    yield* get(task);
    expect(seen).toEqual(Array.from({ length: 8 }, () => ["mine", "consumer"]).flat());
  });

  inBothStyles("belongs to whoever consumes the stream now", function* ({ body, clock }) {
    const meter = new Meter();
    const stream = Stream.of(50, 50, 50, 50).map(meter.work).buffered(2);
    const first = spawn(stream.next().timeout(10).settled());
    yield* get(first);
    expect(meter.running).toBe(2);
    const second = spawn(
      body(function* () {
        return yield* get(stream.collect());
      }),
    );
    expect(yield* get(second)).toEqual([50, 50, 50, 50]);
    expect(clock.now()).toBe(100);
  });
});

describe("next", () => {
  inBothStyles("asked for many times at once, serves them in order", function* () {
    const stream = Stream.of(30, 10, 20).mapAsync((ms) => sleep(ms).map(() => ms));
    const got = yield* get(join(stream.next(), stream.next(), stream.next(), stream.next()));
    expect(got.map(({ value }) => value)).toEqual([30, 10, 20, undefined]);
    const promises = Stream.range(0, 3)[Symbol.asyncIterator]();
    const all = spawn(async () =>
      Promise.all([promises.next(), promises.next(), promises.next(), promises.next()]),
    );
    expect((yield* get(all)).map(({ value }) => value)).toEqual([0, 1, 2, undefined]);
  });

  inBothStyles("abandoned in the queue, lets the others by", function* ({ clock }) {
    const stream = Stream.of(10, 20).mapAsync((ms) => sleep(ms).map(() => ms));
    const nexts = [0, 1, 2].map(() => step(stream.next()));
    for (const next of nexts) next.poll();
    nexts[1]!.drop();
    nexts[0]!.drop();
    yield* get(clock.settle());
    expect(nexts[2]!.isWoken).toBe(true);
    nexts[2]!.poll();
    yield* get(sleep(10));
    yield* get(clock.settle());
    expect(nexts[2]!.poll()).toEqual({ done: false, value: 10 });
    expect(yield* get(stream.collect())).toEqual([20]);
  });

  inBothStyles("fails once for one of many; the others are told the end", function* () {
    const stream = Stream.of(1).mapAsync(() => sleep(5).map((): number => JSON.parse("{")));
    const ends = yield* get(join(stream.next().settled(), stream.next().settled(), stream.next().settled()));
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  });

  inBothStyles("lets others run when the stream is always ready", function* () {
    let turns = 0;
    const other = spawn(function* () {
      for (;;) {
        turns++;
        yield* yieldNow();
      }
    });
    yield* get(Stream.range(0, 10_000).count());
    expect(turns).toBeGreaterThan(1);
    other.abort();
  });
});
