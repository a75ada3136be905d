/** Channels and locks between threads. */
import { joinAll, sleep, spawn, yieldNow, type Routine } from "millrace";
import { sharedChannel, SharedMutex, SharedSemaphore, spawnBlocking, ThreadPool } from "millrace/threads";
import { afterAll, describe, expect, test } from "vitest";
import { get, styles } from "../both-styles.ts";
import * as work from "./fixtures/work.ts";

const pool = new ThreadPool({ threads: 2, name: "shared" });
afterAll(() => pool.shutdown({ timeout: 0 }));

describe("a shared channel", () => {
  test("carries messages to a thread and back, in order, with back-pressure", async () => {
    const [tx, rx] = sharedChannel<number>(4);
    const [back, results] = sharedChannel<number>(4);
    const handle = pool.spawn(work.doubleAll, rx, back);
    const sending = spawn(function* () {
      for (let i = 0; i < 1000; i++) yield* tx.send(i);
      tx.close();
    });
    const received: number[] = [];
    for await (const n of results) received.push(n);
    await sending;
    expect(received).toEqual(Array.from({ length: 1000 }, (_, i) => i * 2));
    expect(await handle).toBe(1000);
  });

  test("says when it is full, empty or closed", async () => {
    const [tx, rx] = sharedChannel<string>(1);
    expect(rx.tryRecv()).toEqual({ ok: false, reason: "empty" });
    expect(tx.trySend("a").ok).toBe(true);
    expect(tx.trySend("b")).toEqual({ ok: false, reason: "full" });
    expect(rx.tryRecv()).toEqual({ ok: true, value: "a" });
    const other = tx.clone();
    tx.close();
    tx.close();
    expect(tx.trySend("c")).toEqual({ ok: false, reason: "closed" });
    expect(other.trySend("d").ok).toBe(true);
    other.close();
    expect(await rx.recv()).toBe("d");
    expect(await rx.recv()).toBeUndefined();
    expect(rx.tryRecv()).toEqual({ ok: false, reason: "closed" });
  });

  test("refuses what cannot be cloned, and gives bytes that stay as they are", async () => {
    const [tx, rx] = sharedChannel<unknown>(2, { bytes: 256 });
    for (const value of [() => {}, new Blob(["abc"])])
      await expect(tx.send(value)).rejects.toMatchObject({ name: "DataCloneError" });
    await tx.send(new Set([new Uint8Array(8).fill(7)]));
    const [bytes] = (await rx.recv()) as Set<Uint8Array>;
    for (let i = 0; i < 20; i++) {
      await tx.send("something else");
      await rx.recv();
    }
    expect(bytes).toEqual(new Uint8Array(8).fill(7));
  });

  test("hands the value back when the receiver is gone", async () => {
    const [tx, rx] = sharedChannel<string>(1);
    await tx.send("a");
    const waiting = tx.send("b");
    const outcome = waiting.settled();
    spawn(async () => {
      await sleep(2);
      rx.close();
    });
    expect(await outcome).toMatchObject({ status: "rejected", reason: { code: "ERR_SEND", value: "b" } });
  });

  for (const { name, body } of styles) {
    test(`a send that waits when its sender is closed is still made, and is the last (${name})`, () =>
      spawn(
        body(function* () {
          const [tx, rx] = sharedChannel<string>(1);
          yield* get(tx.send("a"));
          const waiting = spawn(() => tx.send("b"));
          yield* get(yieldNow());
          tx.close();
          expect(tx.trySend("c")).toEqual({ ok: false, reason: "closed" });
          expect(yield* get(tx.send("d").settled())).toMatchObject({
            reason: { code: "ERR_SEND", value: "d" },
          });
          expect(() => tx.clone()).toThrow("closed");
          expect(yield* get(rx.recv())).toBe("a");
          expect(yield* get(rx.recv())).toBe("b");
          yield* get(waiting);
          expect(yield* get(rx.recv())).toBeUndefined();
        }),
      ));

    test(`the channel ends when the last that waits for a closed sender is abandoned (${name})`, () =>
      spawn(
        body(function* () {
          const [tx, rx] = sharedChannel<string>(1);
          yield* get(tx.send("a"));
          const waiting = [1, 2].map(() => spawn(() => tx.send("b")));
          yield* get(yieldNow());
          tx.close();
          waiting[0]!.abort();
          yield* get(yieldNow());
          expect(rx.tryRecv()).toMatchObject({ ok: true });
          const last = spawn(() => rx.recv());
          yield* get(waiting[1]!);
          expect(yield* get(last)).toBe("b");

          const [tx2, rx2] = sharedChannel<string>(1);
          yield* get(tx2.send("a"));
          const only = spawn(() => tx2.send("b"));
          yield* get(yieldNow());
          tx2.close();
          only.abort();
          expect(yield* get(rx2.recv())).toBe("a");
          expect(yield* get(rx2.recv())).toBeUndefined();
        }),
      ));
  }

  test("says what a message cannot hold", async () => {
    const [tx] = sharedChannel<unknown>(4);
    for (const value of [new SharedMutex(), [tx], { memory: new SharedArrayBuffer(8) }]) {
      await expect(tx.send(value)).rejects.toMatchObject({ name: "DataCloneError" });
      await expect(tx.send(value)).rejects.toThrow("a channel, a lock or shared memory");
    }
    await expect(tx.send(new Uint8Array(1_000_000))).rejects.toThrow("give sharedChannel more bytes");
  });

  test("loses nothing when a waiting recv or send is abandoned", async () => {
    const [tx, rx] = sharedChannel<number>(1);
    await expect(rx.recv().timeout(3)).rejects.toMatchObject({ name: "TimeoutError" });
    await tx.send(1);
    await expect(tx.send(2).timeout(3)).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(rx.recv()).resolves.toBe(1);
    expect(rx.tryRecv()).toEqual({ ok: false, reason: "empty" });
  });

  test("tells a waiting sender of a single place, though none but that becomes free", async () => {
    const [tx, rx] = sharedChannel<number>(64);
    for (let i = 0; i < 64; i++) expect(tx.trySend(i).ok).toBe(true);
    const waiting = spawn(() => tx.send(64));
    await sleep(5);
    expect(await rx.recv()).toBe(0);
    await waiting;
    expect(tx.trySend(65)).toEqual({ ok: false, reason: "full" });
  });

  test("takes messages of any size up to what it was given", async () => {
    const [tx, rx] = sharedChannel<unknown>(8, { bytes: 4096 });
    for (let size = 0; size < 4000; size += 37) {
      const bytes = new Uint8Array(size).fill(size);
      await tx.send(bytes);
      expect(await rx.recv()).toEqual(bytes);
    }
    await expect(tx.send(new Uint8Array(100_000))).rejects.toThrow(RangeError);
    expect(() => sharedChannel(0)).toThrow(RangeError);
    expect(() => tx.trySend(undefined)).toThrow(TypeError);
  });
});

test("senders on several threads and receivers in several places lose and double nothing", async () => {
  const [tx, rx] = sharedChannel<unknown>(64, { bytes: 8192 });
  const there = [1, 2].map((from) => pool.spawn(work.sendMany, tx.clone(), from * 10_000, 3000));
  tx.close();
  const received: number[] = [];
  const receive = function* (): Routine<void> {
    for (;;) {
      const message = (yield* rx.recv()) as { n: number; fill: Uint8Array } | undefined;
      if (message === undefined) return;
      const { n, fill } = message;
      expect(fill.byteLength).toBe(n % 150);
      expect(fill.every((byte) => byte === n % 251)).toBe(true);
      received.push(n);
    }
  };
  await joinAll([spawn(receive), spawn(receive), ...there]);
  const all = [1, 2].flatMap((from) => Array.from({ length: 3000 }, (_, i) => from * 10_000 + i));
  expect(received.toSorted((a, b) => a - b)).toEqual(all);
});

test("a shared mutex lets one in at a time, here and on threads", async () => {
  const mutex = new SharedMutex();
  const shared = new SharedArrayBuffer(4);
  const there = [1, 2].map(() => pool.spawn(work.addUnderLock, mutex, shared, 200));
  const here = spawn(() => work.addUnderLock.local(mutex, shared, 200) as Generator<never, void, void>);
  await joinAll([...there, here]);
  expect(new Int32Array(shared)[0]).toBe(600);
  // By message the last thread's release may come after its result.
  if (process.env["MILLRACE_THREADS"] === "messages") (await mutex.lock()).release();
  const guard = mutex.tryLock();
  expect(mutex.tryLock()).toBeUndefined();
  guard?.release();
  guard?.release();
  expect(mutex.tryLock()).toBeDefined();
});

test("a shared semaphore never lets more in than it has permits for", async () => {
  const permits = new SharedSemaphore(4);
  const shared = new SharedArrayBuffer(8);
  await joinAll(Array.from({ length: 20 }, () => pool.spawn(work.holdPermits, permits, shared)));
  expect(new Int32Array(shared)[0]).toBe(0);
  expect(new Int32Array(shared)[1]).toBeLessThanOrEqual(2);
  expect(() => permits.acquire(5)).toThrow(RangeError);
  expect(() => new SharedSemaphore(0)).toThrow(RangeError);
});

test("the default pool is there without asking", async () => {
  expect(await spawnBlocking(work.double, 2)).toBe(4);
  expect(ThreadPool.default().metrics().threads).toBeGreaterThan(0);
  await ThreadPool.default().shutdown();
  expect(await work.double(3)).toBe(6);
});

describe("what a thread holds that dies", () => {
  test("a mutex goes to whoever waits, and says so once", async () => {
    const mutex = new SharedMutex();
    const dying = pool.spawn(work.dieHolding, mutex).settled();
    for (let free = mutex.tryLock(); free !== undefined; free = mutex.tryLock()) {
      free.release();
      await sleep(1);
    }
    const guard = await mutex.lock();
    expect(guard.isAbandoned).toBe(true);
    guard.release();
    expect((await dying).status).toBe("rejected");
    const next = await mutex.lock();
    expect(next.isAbandoned).toBe(false);
    next.release();
  });

  test("permits are given back, all of them", async () => {
    const semaphore = new SharedSemaphore(3);
    expect((await pool.spawn(work.dieHolding, semaphore).settled()).status).toBe("rejected");
    const guard = await semaphore.acquire(3);
    expect(guard.isAbandoned).toBe(true);
    guard.release();
  });

  test("also to a thread that waits, of another pool", async () => {
    await using other = new ThreadPool({ threads: 1, name: "other" });
    const mutex = new SharedMutex();
    const shared = new SharedArrayBuffer(4);
    const guard = await mutex.lock();
    const dying = pool.spawn(work.dieHolding, mutex).settled();
    const waiting = other.spawn(work.addUnderLock, mutex, shared, 5);
    guard.release();
    await dying;
    await waiting;
    expect(new Int32Array(shared)[0]).toBe(5);
  });
});
