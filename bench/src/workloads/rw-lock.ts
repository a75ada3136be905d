import { RWLock as AsyncRwLock } from "async-rwlock";
import { Effect, Fiber, TxReentrantLock } from "effect";
import { type JoinHandle, type Routine, Runtime, RwLock, spawn } from "millrace";
import { PromiseRwLock } from "../promise-locks.ts";
import { suspendOnce } from "../suspend-once.ts";
import { add, type Workload } from "../workload.ts";

const TASKS = 100;
/** One operation in so many writes. */
const WRITE_EVERY = 10;

/**
 * A writer reads the counter before the yield and stores it afterwards; a reader must find it unchanged
 * after the yield. What counts are the reads and the writes that were seen to be whole.
 */
export const rwLock: Workload = {
  name: "read-write lock, 100 tasks, one in ten writes",
  operation: "a lock, yield and unlock",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: (operations) => operations,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "hand-rolled counts and queue of resolve functions (promise-locks.ts), await undefined inside",
      async run(operations) {
        const lock = new PromiseRwLock();
        const shared = new Shared();
        const tasks: Promise<void>[] = [];
        for (let t = 0; t < TASKS; t++) tasks.push(repeat(t, operations, shared, lock));
        await Promise.all(tasks);
        return shared.sum;
      },
    },
    {
      column: "effect",
      name: "TxReentrantLock",
      how: "TxReentrantLock, withReadLock and withWriteLock around effects with yieldNow in forked fibers",
      operations: 2000,
      run: (operations) => Effect.runPromise(effectContend(operations)),
    },
    {
      column: "peer",
      name: "async-rwlock",
      how: "RWLock, readLock, writeLock and unlock, await undefined inside",
      operations: 100_000,
      async run(operations) {
        const lock = new AsyncRwLock();
        const shared = new Shared();
        const tasks: Promise<void>[] = [];
        for (let t = 0; t < TASKS; t++) tasks.push(repeatAsyncRwLock(t, operations, shared, lock));
        await Promise.all(tasks);
        return shared.sum;
      },
    },
    {
      column: "await",
      name: "await",
      how: "await lock.read() or lock.write(), guard.release() in async tasks, await undefined inside",
      run: (operations) => Runtime.current().run(() => awaitContend(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* lock.read() or lock.write(), guard.release() in generator tasks, a future that wakes itself inside",
      run: (operations) => Runtime.current().run(() => yieldContend(operations)),
    },
  ],
};

class Shared {
  writes = 0;
  reads = 0;
  get sum(): number {
    return add(this.reads, this.writes);
  }
}

/** Of every task's operations the first writes, then one in ten. */
function isWrite(i: number): boolean {
  return Math.floor(i / TASKS) % WRITE_EVERY === i % WRITE_EVERY;
}

/** Task `t` does operations t, t + 100, t + 200, … */
async function repeat(first: number, operations: number, shared: Shared, lock: PromiseRwLock): Promise<void> {
  for (let i = first; i < operations; i += TASKS) {
    if (isWrite(i)) {
      await lock.write();
      const { writes } = shared;
      await undefined;
      shared.writes = writes + 1;
      lock.endWrite();
    } else {
      await lock.read();
      const { writes } = shared;
      await undefined;
      if (shared.writes === writes) shared.reads++;
      lock.endRead();
    }
  }
}

async function repeatAsyncRwLock(
  first: number,
  operations: number,
  shared: Shared,
  lock: AsyncRwLock,
): Promise<void> {
  for (let i = first; i < operations; i += TASKS) {
    if (isWrite(i)) {
      await lock.writeLock();
      const { writes } = shared;
      await undefined;
      shared.writes = writes + 1;
      lock.unlock();
    } else {
      await lock.readLock();
      const { writes } = shared;
      await undefined;
      if (shared.writes === writes) shared.reads++;
      lock.unlock();
    }
  }
}

async function awaitRepeat(first: number, operations: number, shared: Shared, lock: RwLock): Promise<void> {
  for (let i = first; i < operations; i += TASKS) {
    if (isWrite(i)) {
      const guard = await lock.write();
      const { writes } = shared;
      await undefined;
      shared.writes = writes + 1;
      guard.release();
    } else {
      const guard = await lock.read();
      const { writes } = shared;
      await undefined;
      if (shared.writes === writes) shared.reads++;
      guard.release();
    }
  }
}
async function awaitContend(operations: number): Promise<number> {
  const lock = new RwLock();
  const shared = new Shared();
  const tasks: JoinHandle<void>[] = [];
  for (let t = 0; t < TASKS; t++) tasks.push(spawn(() => awaitRepeat(t, operations, shared, lock)));
  for (const task of tasks) await task;
  return shared.sum;
}

function* yieldRepeat(first: number, operations: number, shared: Shared, lock: RwLock): Routine<void> {
  for (let i = first; i < operations; i += TASKS) {
    if (isWrite(i)) {
      const guard = yield* lock.write();
      const { writes } = shared;
      yield* suspendOnce();
      shared.writes = writes + 1;
      guard.release();
    } else {
      const guard = yield* lock.read();
      const { writes } = shared;
      yield* suspendOnce();
      if (shared.writes === writes) shared.reads++;
      guard.release();
    }
  }
}
function* yieldContend(operations: number): Routine<number> {
  const lock = new RwLock();
  const shared = new Shared();
  const tasks: JoinHandle<void>[] = [];
  for (let t = 0; t < TASKS; t++) tasks.push(spawn(() => yieldRepeat(t, operations, shared, lock)));
  for (const task of tasks) yield* task;
  return shared.sum;
}

const effectRepeat = Effect.fnUntraced(function* (
  first: number,
  operations: number,
  shared: Shared,
  lock: TxReentrantLock.TxReentrantLock,
) {
  const write = Effect.gen(function* () {
    const { writes } = shared;
    yield* Effect.yieldNow;
    shared.writes = writes + 1;
  });
  const read = Effect.gen(function* () {
    const { writes } = shared;
    yield* Effect.yieldNow;
    if (shared.writes === writes) shared.reads++;
  });
  for (let i = first; i < operations; i += TASKS) {
    yield* isWrite(i) ? TxReentrantLock.withWriteLock(lock, write) : TxReentrantLock.withReadLock(lock, read);
  }
});
const effectContend = Effect.fnUntraced(function* (operations: number) {
  const lock = yield* TxReentrantLock.make();
  const shared = new Shared();
  const fibers: Fiber.Fiber<void>[] = [];
  for (let t = 0; t < TASKS; t++) {
    fibers.push(yield* Effect.forkChild(effectRepeat(t, operations, shared, lock)));
  }
  for (const fiber of fibers) yield* Fiber.join(fiber);
  return shared.sum;
});
