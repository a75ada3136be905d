import { channel as cspChannel, type Channel as CspChannel } from "@thi.ng/csp";
import { Mutex as AsyncMutex } from "async-mutex";
import { Sema } from "async-sema";
import { Effect, Semaphore } from "effect";
import { asyncFn, Mutex, type Routine, Runtime, unconstrained } from "millrace";
import pLimit from "p-limit";
import { ChainMutex, PromiseSemaphore } from "../promise-locks.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

/** One task locks and unlocks; the lock is always free. */
export const mutex: Workload = {
  name: "mutex, uncontended lock + unlock",
  operation: "a lock and unlock",
  operations: 500_000,
  quickOperations: 100_000,
  checksum: sumBelow,
  method: "turns",
  measures: [
    {
      metric: "time",
      required: [
        { column: "yield*", ratio: 0.25 },
        { column: "await", ratio: 1 },
      ],
    },
  ],
  contenders: [
    {
      column: "promise",
      name: "chain",
      how: "hand-rolled chain of promises (promise-locks.ts)",
      async run(operations) {
        const lock = new ChainMutex();
        let sum = 0;
        for (let i = 0; i < operations; i++) {
          const unlock = await lock.lock();
          sum = add(sum, i);
          unlock();
        }
        return sum;
      },
    },
    {
      column: "promise",
      name: "queue",
      how: "hand-rolled flag and queue of resolve functions (promise-locks.ts)",
      async run(operations) {
        const lock = new PromiseSemaphore(1);
        let sum = 0;
        for (let i = 0; i < operations; i++) {
          await lock.acquire();
          sum = add(sum, i);
          lock.release();
        }
        return sum;
      },
    },
    {
      column: "effect",
      name: "withPermit",
      how: "Semaphore of one permit, withPermit around a synchronous effect",
      operations: 100_000,
      run: (operations) => Effect.runPromise(effectLocks(operations)),
    },
    {
      column: "peer",
      name: "async-mutex",
      how: "Mutex.acquire and the release function it gives",
      operations: 100_000,
      async run(operations) {
        const lock = new AsyncMutex();
        let sum = 0;
        for (let i = 0; i < operations; i++) {
          const release = await lock.acquire();
          sum = add(sum, i);
          release();
        }
        return sum;
      },
    },
    {
      column: "peer",
      name: "async-sema",
      how: "Sema(1), acquire and release",
      async run(operations) {
        const lock = new Sema(1);
        let sum = 0;
        for (let i = 0; i < operations; i++) {
          await lock.acquire();
          sum = add(sum, i);
          lock.release();
        }
        return sum;
      },
    },
    {
      column: "peer",
      name: "p-limit",
      how: "pLimit(1) around a synchronous function",
      operations: 100_000,
      async run(operations) {
        const limit = pLimit(1);
        let sum = 0;
        for (let i = 0; i < operations; i++) await limit(() => void (sum = add(sum, i)));
        return sum;
      },
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "a channel(1) that holds a token: read locks, offer unlocks",
      operations: 100_000,
      run: (operations) => cspLocks(cspChannel<true>(1), operations),
    },
    {
      column: "await",
      name: "await",
      how: "await mutex.lock(), guard.release() in an async task",
      run: (operations) => Runtime.current().run(() => awaitLocks(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* mutex.lock(), guard.release() in a generator task",
      run: (operations) => Runtime.current().run(() => yieldLocks(operations)),
    },
    {
      column: "yield*",
      name: "unconstrained",
      how: "the same in unconstrained(), which as the promises do lets neither timers nor I/O in",
      run: (operations) => Runtime.current().run(() => unconstrained(locksCall(operations))),
    },
  ],
};

async function awaitLocks(operations: number): Promise<number> {
  const lock = new Mutex();
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const guard = await lock.lock();
    sum = add(sum, i);
    guard.release();
  }
  return sum;
}

function* yieldLocks(operations: number): Routine<number> {
  const lock = new Mutex();
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const guard = yield* lock.lock();
    sum = add(sum, i);
    guard.release();
  }
  return sum;
}

const locksCall = asyncFn(yieldLocks);

async function cspLocks(token: CspChannel<true>, operations: number): Promise<number> {
  token.offer(true);
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    await token.read();
    sum = add(sum, i);
    token.offer(true);
  }
  return sum;
}

const effectLocks = Effect.fnUntraced(function* (operations: number) {
  const lock = yield* Semaphore.make(1);
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    yield* lock.withPermit(Effect.sync(() => void (sum = add(sum, i))));
  }
  return sum;
});
