/** What belongs to the thread that made it is refused by name, wherever it stands and whatever carries it. */
import {
  Barrier,
  broadcast,
  CancellationToken,
  DelayQueue,
  fromPromise,
  interval,
  JoinMap,
  JoinSet,
  LocalExecutor,
  mpsc,
  Mutex,
  Notify,
  OnceCell,
  oneshot,
  RateLimiter,
  Runtime,
  RwLock,
  Semaphore,
  SetOnce,
  sleep,
  spawn,
  TaskTracker,
  watch,
} from "millrace";
import { Stream } from "millrace/stream";
import { parMap, sharedChannel, ThreadPool } from "millrace/threads";
import { afterAll, describe, expect, test } from "vitest";
import { get, styles } from "../both-styles.ts";
import * as work from "./fixtures/work.ts";

const pool = new ThreadPool({ threads: 1, name: "bound" });
afterAll(() => pool.shutdown());
const on = { pool };

const refusal = (message: string | RegExp) => ({
  name: "DataCloneError",
  message: expect.stringMatching(message) as string,
});
const big = new Uint8Array(300_000);

function channels(): object[] {
  const [tx, rx] = mpsc.channel(1);
  const permit = tx.tryReserve();
  if (!permit.ok) throw new Error("the channel is empty");
  const all = [tx, rx, tx.downgrade(), permit.value, mpsc.unbounded()[0]];
  return [...all, ...broadcast.channel(1), ...watch.channel(1), oneshot.channel()[0]];
}

describe.each(styles)("in $name style", ({ body }) => {
  test("a future, wherever it stands, and in a result", () =>
    spawn(
      body(function* () {
        const awaitFirst = refusal("^a Future cannot be passed to a thread: await it first$");
        const echo = work.echo.with(on);
        for (const value of [sleep(5), [sleep(5)], { a: [{ b: sleep(5) }] }, [big, sleep(5)]])
          expect(yield* get(echo(value).settled())).toMatchObject({ reason: awaitFirst });
        const buffer = new ArrayBuffer(8);
        const moving = work.echo.with({ pool, transfer: [buffer] });
        expect(yield* get(moving([buffer, sleep(5)]).settled())).toMatchObject({ reason: awaitFirst });
        expect(buffer.byteLength).toBe(8);
        expect(yield* get(parMap([sleep(5)], work.echo, on).settled())).toMatchObject({
          reason: awaitFirst,
        });
        expect(yield* get(work.boundToItsThread.with(on)().settled())).toMatchObject({
          reason: refusal("^a Mutex cannot be passed to a thread: use a SharedMutex$"),
        });
        expect(yield* get(work.double.with(on)(1))).toBe(2);
      }),
    ));

  test("in a message of a shared channel, which goes on", () =>
    spawn(
      body(function* () {
        const [tx, rx] = sharedChannel<unknown>(2);
        expect(yield* get(tx.send({ later: sleep(5) }).settled())).toMatchObject({
          reason: refusal("^a Future cannot"),
        });
        expect(() => tx.trySend([new Mutex()])).toThrow("a Mutex cannot be passed to a thread");
        yield* get(tx.send("next"));
        expect(yield* get(rx.recv())).toBe("next");
      }),
    ));
});

test("each kind says what it is, and what to use", async () => {
  const lock = new RwLock();
  const guards = [new Mutex().tryLock()!, lock.tryRead()!, new RwLock().tryWrite()!];
  using task = spawn(() => sleep(60_000));
  await using runtime = new Runtime();
  const kinds: [string, readonly object[]][] = [
    ["use sharedChannel$", channels()],
    ["use a SharedMutex$", [new Mutex(), lock, ...guards]],
    ["use a SharedSemaphore$", [new Semaphore(1), new Semaphore(1).tryAcquire()!]],
    ["^a Future .*: await it first$", [task, oneshot.channel()[1], fromPromise(Promise.resolve())]],
    ["^a Promise .*: await it first$", [Promise.resolve()]],
    ["^an AbortSignal .*: abort the call", [new AbortController().signal]],
    ["^an AbortController .*: abort the call", [new AbortController()]],
    ["^a CancellationToken .*: abort the call", [new CancellationToken()]],
    ["^a Stream .*: send its items", [Stream.from([1])]],
    [": it belongs to the thread that made it$", [runtime, pool, new JoinSet(), new JoinMap()]],
    [": it belongs", [new TaskTracker(), new Notify(), new Barrier(1), new OnceCell(), new SetOnce()]],
    [
      ": it belongs",
      [new RateLimiter({ rate: 1, per: 1 }), new LocalExecutor(), interval(5), new DelayQueue()],
    ],
  ];
  for (const [message, values] of kinds) {
    for (const value of values) {
      await expect(work.echo.with(on)(value)).rejects.toMatchObject(refusal(message));
      (value as Partial<Disposable>)[Symbol.dispose]?.();
    }
  }
});

test("within a map, a set or an instance of a class, too; a handle of shared memory as well", async () => {
  class Job {
    lock: unknown = new Mutex();
  }
  const dead = "a Mutex cannot be passed to a thread";
  const [tx] = sharedChannel<unknown>(4);
  for (const value of [
    new Map([[1, new Mutex()]]),
    new Map([[new Mutex(), 1]]),
    new Set([[new Mutex()]]),
    new Job(),
    { job: new Map([[1, [new Set([{ job: new Job() }])]]]) },
    [big, new Map([[1, new Mutex()]])],
  ]) {
    await expect(work.echo.with(on)(value)).rejects.toThrow(dead);
    if (!Array.isArray(value)) await expect(tx.send(value)).rejects.toThrow(dead);
  }
  const ring: Map<string, unknown> = new Map();
  ring.set("self", ring);
  expect(await work.echo.with(on)(ring)).toEqual(structuredClone(ring));
  await expect(work.echo.with(on)(new Map([[1, tx]]))).rejects.toThrow(
    "a handle of shared memory within a Map cannot be passed to a thread: pass it by itself",
  );
});

test("a guard that was released, and a sender that was closed, are refused as well", async () => {
  const guard = new Mutex().tryLock()!;
  guard.release();
  const [tx] = mpsc.channel(1);
  tx.close();
  for (const value of [guard, tx])
    await expect(work.echo.with(on)(value)).rejects.toThrow("cannot be passed");
});

test("an instance of a class of the program's own is cloned, as ever", async () => {
  class Point {
    x = 1;
    then = 2;
  }
  for (const value of [new Point(), [new Point()], [big, new Point()]])
    expect(await work.echo.with(on)(value)).toEqual(structuredClone(value));
});
