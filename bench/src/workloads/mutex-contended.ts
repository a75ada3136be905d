import { channel as cspChannel, type Channel as CspChannel } from "@thi.ng/csp";
import { Mutex as AsyncMutex } from "async-mutex";
import { Sema } from "async-sema";
import { Effect, Fiber, Semaphore } from "effect";
import { type Future, type JoinHandle, Mutex, type Routine, Runtime, spawn, yieldNow } from "millrace";
import pLimit, { type LimitFunction } from "p-limit";
import { ChainMutex, PromiseSemaphore } from "../promise-locks.ts";
import { suspendOnce } from "../suspend-once.ts";
import type { Workload } from "../workload.ts";

const TASKS = 100;

/**
 * Everybody reads the counter before the yield and stores it afterwards: without the lock, counts are
 * lost. A yield is an `await undefined`, or for us a future that wakes itself (suspend-once.ts).
 */
export const mutexContended: Workload = {
  name: "mutex, 100 tasks, a yield inside",
  operation: "a lock, yield and unlock",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: (operations) => operations,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 0.7 }] }],
  contenders: [
    {
      column: "promise",
      name: "chain",
      how: "hand-rolled chain of promises (promise-locks.ts), await undefined inside",
      run: (operations) => {
        const lock = new ChainMutex();
        return contend(
          operations,
          () => lock.lock(),
          (unlock) => unlock(),
        );
      },
    },
    {
      column: "promise",
      name: "queue",
      how: "hand-rolled flag and queue of resolve functions (promise-locks.ts), await undefined inside",
      run: (operations) => {
        const lock = new PromiseSemaphore(1);
        return contend(
          operations,
          () => lock.acquire(),
          () => lock.release(),
        );
      },
    },
    {
      column: "effect",
      name: "withPermit",
      how: "Semaphore of one permit, withPermit around an effect with yieldNow in forked fibers",
      operations: 20_000,
      run: (operations) => Effect.runPromise(effectContend(operations)),
    },
    {
      column: "peer",
      name: "async-mutex",
      how: "Mutex.acquire and the release function it gives, await undefined inside",
      operations: 40_000,
      run: (operations) => {
        const lock = new AsyncMutex();
        return contend(
          operations,
          () => lock.acquire(),
          (release) => release(),
        );
      },
    },
    {
      column: "peer",
      name: "async-sema",
      how: "Sema(1), acquire and release, await undefined inside",
      run: (operations) => {
        const lock = new Sema(1);
        return contend(
          operations,
          () => lock.acquire(),
          () => lock.release(),
        );
      },
    },
    {
      column: "peer",
      name: "p-limit",
      how: "pLimit(1) around an async function with await undefined",
      operations: 100_000,
      async run(operations) {
        const limit = pLimit(1);
        const counter: Counter = { count: 0 };
        const tasks: Promise<void>[] = [];
        for (let t = 0; t < TASKS; t++) tasks.push(repeatLimited(t, operations, counter, limit));
        await Promise.all(tasks);
        return counter.count;
      },
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "a channel(1) that holds a token: read locks, offer unlocks; await undefined inside",
      operations: 100_000,
      run(operations) {
        const token: CspChannel<true> = cspChannel(1);
        token.offer(true);
        return contend(
          operations,
          () => token.read(),
          () => token.offer(true),
        );
      },
    },
    {
      column: "await",
      name: "await",
      how: "await mutex.lock(), guard.release() in async tasks, await undefined inside",
      run: (operations) => Runtime.current().run(() => awaitContend(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* mutex.lock(), guard.release() in generator tasks, a future that wakes itself inside",
      run: (operations) => Runtime.current().run(() => yieldContend(operations, suspendOnce)),
    },
    {
      column: "yield*",
      name: "yieldNow",
      how: "the same with yield* yieldNow() inside, which lets timers and I/O run each time",
      operations: 40_000,
      run: (operations) => Runtime.current().run(() => yieldContend(operations, yieldNow)),
    },
  ],
};

interface Counter {
  count: number;
}

/** Task `t` does operations t, t + 100, t + 200, … */
async function contend<L>(
  operations: number,
  lock: () => Promise<L>,
  unlock: (locked: L) => void,
): Promise<number> {
  const counter: Counter = { count: 0 };
  const tasks: Promise<void>[] = [];
  for (let t = 0; t < TASKS; t++) tasks.push(repeat(t, operations, counter, lock, unlock));
  await Promise.all(tasks);
  return counter.count;
}
async function repeat<L>(
  first: number,
  operations: number,
  counter: Counter,
  lock: () => Promise<L>,
  unlock: (locked: L) => void,
): Promise<void> {
  for (let i = first; i < operations; i += TASKS) {
    const locked = await lock();
    const { count } = counter;
    await undefined;
    counter.count = count + 1;
    unlock(locked);
  }
}
async function repeatLimited(
  first: number,
  operations: number,
  counter: Counter,
  limit: LimitFunction,
): Promise<void> {
  const increment = async (): Promise<void> => {
    const { count } = counter;
    await undefined;
    counter.count = count + 1;
  };
  for (let i = first; i < operations; i += TASKS) await limit(increment);
}

async function awaitRepeat(first: number, operations: number, counter: Mutex<number>): Promise<void> {
  for (let i = first; i < operations; i += TASKS) {
    const guard = await counter.lock();
    const count = guard.value;
    await undefined;
    guard.value = count + 1;
    guard.release();
  }
}
async function awaitContend(operations: number): Promise<number> {
  const counter = new Mutex(0);
  const tasks: JoinHandle<void>[] = [];
  for (let t = 0; t < TASKS; t++) tasks.push(spawn(() => awaitRepeat(t, operations, counter)));
  for (const task of tasks) await task;
  using guard = await counter.lock();
  return guard.value;
}

function* yieldRepeat(
  first: number,
  operations: number,
  counter: Mutex<number>,
  pause: () => Future<void>,
): Routine<void> {
  for (let i = first; i < operations; i += TASKS) {
    const guard = yield* counter.lock();
    const count = guard.value;
    yield* pause();
    guard.value = count + 1;
    guard.release();
  }
}
function* yieldContend(operations: number, pause: () => Future<void>): Routine<number> {
  const counter = new Mutex(0);
  const tasks: JoinHandle<void>[] = [];
  for (let t = 0; t < TASKS; t++) tasks.push(spawn(() => yieldRepeat(t, operations, counter, pause)));
  for (const task of tasks) yield* task;
  using guard = yield* counter.lock();
  return guard.value;
}

const effectRepeat = Effect.fnUntraced(function* (
  first: number,
  operations: number,
  counter: Counter,
  lock: Semaphore.Semaphore,
) {
  const increment = Effect.gen(function* () {
    const { count } = counter;
    yield* Effect.yieldNow;
    counter.count = count + 1;
  });
  for (let i = first; i < operations; i += TASKS) yield* lock.withPermit(increment);
});
const effectContend = Effect.fnUntraced(function* (operations: number) {
  const counter: Counter = { count: 0 };
  const lock = yield* Semaphore.make(1);
  const fibers: Fiber.Fiber<void>[] = [];
  for (let t = 0; t < TASKS; t++) {
    fibers.push(yield* Effect.forkChild(effectRepeat(t, operations, counter, lock)));
  }
  for (const fiber of fibers) yield* Fiber.join(fiber);
  return counter.count;
});
