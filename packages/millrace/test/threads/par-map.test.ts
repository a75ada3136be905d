/** Mapping on threads and, when that is not worth it, on the calling thread. */
import { select, sleep, spawn, type Future } from "millrace";
import { parMap, ThreadPool } from "millrace/threads";
import { afterAll, describe, expect, test } from "vitest";
import { ChunkSize } from "../../src/threads/chunk-size.ts";
import { ItemSource } from "../../src/threads/item-source.ts";
import { get, styles } from "../both-styles.ts";
import * as work from "./fixtures/work.ts";

const pool = new ThreadPool({ threads: 2, name: "map" });
afterAll(() => pool.shutdown({ timeout: 0 }));
const on = { pool };

describe("a chunk", () => {
  test("grows while items are cheap, eightfold at most, and shrinks when they are dear", () => {
    const size = new ChunkSize();
    expect(size.items).toBe(1);
    // Chunks that come back together are one experience, not many.
    for (let i = 0; i < 8; i++) size.learn(0.1, 1, true);
    expect(size.items).toBe(8);
    size.learn(0.8, 8, true);
    expect(size.items).toBe(20);
    for (let i = 0; i < 40; i++) size.learn(5, 1, true);
    expect(size.items).toBe(1);
    expect(size.isLocal).toBe(false);
  });
  test("stays here when its items cost less than sending them, until they do not", () => {
    const size = new ChunkSize();
    size.learn(0.0001, 1, true);
    expect(size.isLocal).toBe(false);
    size.learn(0.008, 8, true);
    expect(size.isLocal).toBe(true);
    size.learnLocal(0.02, 8);
    expect(size.isLocal).toBe(true);
    size.learnLocal(40, 8);
    expect(size.isLocal).toBe(true);
    size.learnLocal(0.001, 1);
    size.learnLocal(40, 8);
    expect(size.stride).toBe(1);
    size.learnLocal(5, 1);
    expect(size.isLocal).toBe(true);
    // A chunk that was on its way, and whose thread had to wait for a processor, says nothing new.
    size.learn(40, 8, true);
    expect(size.isLocal).toBe(true);
    size.learnLocal(5, 1);
    expect(size.isLocal).toBe(false);
    expect(size.items).toBe(1);
  });
  test("does not come back for what was sent before its items became dear", () => {
    const size = new ChunkSize();
    const sentAt = size.turns;
    size.learn(0.008, 8, true);
    for (let i = 0; i < 3; i++) size.learnLocal(5, 1);
    expect(size.isLocal).toBe(false);
    size.learn(0.008, 8, true, sentAt);
    expect(size.isLocal).toBe(false);
    expect(size.items).toBe(1);
    size.learn(0.008, 8, true);
    expect(size.isLocal).toBe(true);
  });
  test("never stays here when values would have been copied", () => {
    const size = new ChunkSize();
    size.learn(0.008, 8, false);
    expect(size.isLocal).toBe(false);
    size.learn(0.008, 8, true);
    expect(size.isLocal).toBe(false);
    const left = new ChunkSize();
    left.leave();
    left.learn(0.008, 8, true);
    expect(left.isLocal).toBe(false);
  });
});

test("tiny items end up on the calling thread, in order, and others get their turns", async () => {
  let isOver = false;
  let turns = 0;
  spawn(function* () {
    while (!isOver) {
      yield* sleep(1);
      turns++;
    }
  });
  const items = Array.from({ length: 200_000 }, (_, i) => i);
  const result = await parMap(items, work.whereIs, on);
  isOver = true;
  expect(result.map((n) => n % 1_000_000)).toEqual(items);
  expect(result.some((n) => n < 1_000_000)).toBe(true);
  expect(turns).toBeGreaterThan(0);
});

test("ends, wherever its items come to an end while they are tiny", async () => {
  for (let count = 20_000; count < 20_060; count++) {
    const items = Array.from({ length: count }, (_, i) => i);
    expect((await parMap(items, work.double, on)).at(-1)).toBe(2 * (count - 1));
  }
});

test("dear items run on threads, those that come after cheap ones, too", async () => {
  const dear = (n: number): number => (n < 6 || n >= 20_000 ? 2 : 0);
  const items = Array.from({ length: 20_030 }, (_, i) => dear(i));
  const threads = await parMap(items, work.busy, on);
  expect(threads.slice(0, 6).every((thread) => thread > 0)).toBe(true);
  // After cheap ones, eight may pass before the clock is looked at, and two more are looked at alone.
  expect(threads.slice(20_010).filter((thread) => thread === 0)).toEqual([]);
});

test("objects are copied, however cheap they are", async () => {
  const items = Array.from({ length: 5000 }, (_, i) => ({ i }));
  const result = await parMap(items, work.echo, on);
  expect(result).toEqual(items);
  expect(result.some((each, i) => each === items[i])).toBe(false);
});

test("an object among numbers is copied, too", async () => {
  const odd = { odd: true };
  const items: unknown[] = Array.from({ length: 50_000 }, (_, i) => (i === 49_000 ? odd : i));
  const result = await parMap(items, work.echo, on);
  expect(result).toEqual(items);
  expect(result[49_000]).not.toBe(odd);
});

test("an object or a promise among plain results is as it would be from a thread", async () => {
  const items = Array.from({ length: 50_000 }, (_, i) => i);
  const result = await parMap(items, work.oddOnes, on);
  expect(result[48_999]).toBe(48_999);
  expect(result[49_000]).toEqual({ n: 49_000 });
  expect(result[49_001]).toBe("later");
});

describe.each(styles)("in $name style", ({ body }) => {
  test("a failure on a thread has the class that its module exports, as that of a call has", () =>
    spawn(
      body(function* () {
        const calls: Future<unknown>[] = [parMap(["bad"], work.fail, on), work.fail.with(on)("bad")];
        for (const failed of calls) {
          const outcome = yield* get(failed.settled());
          const reason: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
          expect(reason).toBeInstanceOf(work.ParseError);
          expect(reason).toMatchObject({ code: "ERR_PARSE", line: 7 });
        }
      }),
    ));
});

test("a failure among tiny items keeps its class, and no item after it is taken", async () => {
  let taken = 0;
  let isClosed = false;
  function* items(): Generator<number> {
    try {
      for (; ; taken++) yield taken;
    } finally {
      isClosed = true;
    }
  }
  await expect(parMap(items(), work.failAt, on)).rejects.toThrow(RangeError);
  expect(isClosed).toBe(true);
  const { length } = String(taken);
  await sleep(5);
  expect(length).toBeGreaterThan(5);
  expect(String(taken).length).toBe(length);
});

test("abandoned while it maps here, it takes no more items", async () => {
  let taken = 0;
  let isClosed = false;
  function* items(): Generator<number> {
    try {
      for (; ; taken++) yield taken;
    } finally {
      isClosed = true;
    }
  }
  const { key } = await select({ map: parMap(items(), work.double, on), until: sleep(60) });
  expect(key).toBe("until");
  // A chunk that a thread runs is waited for.
  while (!isClosed) await sleep(1);
  const then = taken;
  await sleep(5);
  expect(taken).toBe(then);
});

describe("a source of items", () => {
  test("takes them one by one, and knows how many are left where that can be known", () => {
    const source = new ItemSource(new Set([1, 2, 3]));
    expect(source.left).toBe(3);
    expect(source.take(2)).toEqual([1, 2]);
    expect(source.left).toBe(1);
    expect(source.take(2)).toEqual([3]);
    expect(source.isOver).toBe(true);
    expect(new ItemSource([].values()).left).toBe(Infinity);
  });
});

test.for([1, 3, 12, 40])("no more than %i items are on their way at a time", async (maxInFlight) => {
  const ended = new Int32Array(new SharedArrayBuffer(4));
  let taken = 0;
  let most = 0;
  function* items(): Iterable<SharedArrayBuffer> {
    for (; taken < 400; taken++) {
      most = Math.max(most, taken + 1 - Atomics.load(ended, 0));
      yield ended.buffer;
    }
  }
  await parMap(items(), work.countUp, { pool, maxInFlight });
  expect(most).toBeLessThanOrEqual(maxInFlight);
});

test("what cannot be iterated is refused at once", () => {
  expect(() => parMap(5 as never, work.echo, on)).toThrow(
    new TypeError("parMap expects an iterable of items, got number"),
  );
});
