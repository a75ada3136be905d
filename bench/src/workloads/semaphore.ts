import { channel as cspChannel, type Channel as CspChannel } from "@thi.ng/csp";
import { Semaphore as AsyncSemaphore } from "async-mutex";
import { Sema } from "async-sema";
import { Effect, Fiber, Semaphore as EffectSemaphore } from "effect";
import { type JoinHandle, type Routine, Runtime, Semaphore, spawn } from "millrace";
import pLimit, { type LimitFunction } from "p-limit";
import { PromiseSemaphore } from "../promise-locks.ts";
import { suspendOnce } from "../suspend-once.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

const TASKS = 100;
const PERMITS = 10;

/** A yield is an `await undefined`, or for us a future that wakes itself (suspend-once.ts). */
export const semaphore: Workload = {
  name: "semaphore, 100 tasks, 10 at a time, a yield inside",
  operation: "an acquire, yield and release",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "hand-rolled count and queue of resolve functions (promise-locks.ts)",
      run(operations) {
        const permits = new PromiseSemaphore(PERMITS);
        return contend(
          operations,
          () => permits.acquire(),
          () => permits.release(),
        );
      },
    },
    {
      column: "effect",
      name: "withPermit",
      how: "Semaphore, withPermit around an effect with yieldNow in forked fibers",
      operations: 20_000,
      run: (operations) => Effect.runPromise(effectContend(operations)),
    },
    {
      column: "peer",
      name: "async-mutex",
      how: "Semaphore.acquire and the release function it gives",
      operations: 40_000,
      run(operations) {
        const permits = new AsyncSemaphore(PERMITS);
        return contend(
          operations,
          () => permits.acquire(),
          ([, release]) => release(),
        );
      },
    },
    {
      column: "peer",
      name: "async-sema",
      how: "Sema, acquire and release",
      run(operations) {
        const permits = new Sema(PERMITS);
        return contend(
          operations,
          () => permits.acquire(),
          () => permits.release(),
        );
      },
    },
    {
      column: "peer",
      name: "p-limit",
      how: "pLimit around an async function",
      operations: 100_000,
      async run(operations) {
        const limit = pLimit(PERMITS);
        const usage = new Usage();
        const tasks: Promise<void>[] = [];
        for (let t = 0; t < TASKS; t++) tasks.push(repeatLimited(t, operations, usage, limit));
        await Promise.all(tasks);
        return usage.sum;
      },
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "a channel that holds the permits: read acquires, offer releases",
      operations: 100_000,
      run(operations) {
        const permits: CspChannel<true> = cspChannel(PERMITS);
        for (let i = 0; i < PERMITS; i++) permits.offer(true);
        return contend(
          operations,
          () => permits.read(),
          () => permits.offer(true),
        );
      },
    },
    {
      column: "await",
      name: "await",
      how: "await semaphore.acquire(), permit.release() in async tasks, await undefined inside",
      run: (operations) => Runtime.current().run(() => awaitContend(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* semaphore.acquire(), permit.release() in generator tasks, a future that wakes itself inside",
      run: (operations) => Runtime.current().run(() => yieldContend(operations)),
    },
  ],
};

/** Fails when more are inside than may be. */
class Usage {
  sum = 0;
  #inside = 0;
  begin(): void {
    if (++this.#inside > PERMITS) throw new Error(`more than ${PERMITS} at a time`);
  }
  end(i: number): void {
    this.#inside--;
    this.sum = add(this.sum, i);
  }
}

/** Task `t` does operations t, t + 100, t + 200, … */
async function contend<P>(
  operations: number,
  acquire: () => Promise<P>,
  release: (permit: P) => void,
): Promise<number> {
  const usage = new Usage();
  const tasks: Promise<void>[] = [];
  for (let t = 0; t < TASKS; t++) tasks.push(repeat(t, operations, usage, acquire, release));
  await Promise.all(tasks);
  return usage.sum;
}
async function repeat<P>(
  first: number,
  operations: number,
  usage: Usage,
  acquire: () => Promise<P>,
  release: (permit: P) => void,
): Promise<void> {
  for (let i = first; i < operations; i += TASKS) {
    const permit = await acquire();
    usage.begin();
    await undefined;
    usage.end(i);
    release(permit);
  }
}
async function repeatLimited(
  first: number,
  operations: number,
  usage: Usage,
  limit: LimitFunction,
): Promise<void> {
  for (let i = first; i < operations; i += TASKS) await limit(useOnce, usage, i);
}
async function useOnce(usage: Usage, i: number): Promise<void> {
  usage.begin();
  await undefined;
  usage.end(i);
}

async function awaitRepeat(
  first: number,
  operations: number,
  usage: Usage,
  permits: Semaphore,
): Promise<void> {
  for (let i = first; i < operations; i += TASKS) {
    const permit = await permits.acquire();
    usage.begin();
    await undefined;
    usage.end(i);
    permit.release();
  }
}
async function awaitContend(operations: number): Promise<number> {
  const usage = new Usage();
  const permits = new Semaphore(PERMITS);
  const tasks: JoinHandle<void>[] = [];
  for (let t = 0; t < TASKS; t++) tasks.push(spawn(() => awaitRepeat(t, operations, usage, permits)));
  for (const task of tasks) await task;
  return usage.sum;
}

function* yieldRepeat(first: number, operations: number, usage: Usage, permits: Semaphore): Routine<void> {
  for (let i = first; i < operations; i += TASKS) {
    const permit = yield* permits.acquire();
    usage.begin();
    yield* suspendOnce();
    usage.end(i);
    permit.release();
  }
}
function* yieldContend(operations: number): Routine<number> {
  const usage = new Usage();
  const permits = new Semaphore(PERMITS);
  const tasks: JoinHandle<void>[] = [];
  for (let t = 0; t < TASKS; t++) tasks.push(spawn(() => yieldRepeat(t, operations, usage, permits)));
  for (const task of tasks) yield* task;
  return usage.sum;
}

const effectUse = Effect.fnUntraced(function* (usage: Usage, i: number) {
  usage.begin();
  yield* Effect.yieldNow;
  usage.end(i);
});
const effectRepeat = Effect.fnUntraced(function* (
  first: number,
  operations: number,
  usage: Usage,
  permits: EffectSemaphore.Semaphore,
) {
  for (let i = first; i < operations; i += TASKS) yield* permits.withPermit(effectUse(usage, i));
});
const effectContend = Effect.fnUntraced(function* (operations: number) {
  const usage = new Usage();
  const permits = yield* EffectSemaphore.make(PERMITS);
  const fibers: Fiber.Fiber<void>[] = [];
  for (let t = 0; t < TASKS; t++) {
    fibers.push(yield* Effect.forkChild(effectRepeat(t, operations, usage, permits)));
  }
  for (const fiber of fibers) yield* Fiber.join(fiber);
  return usage.sum;
});
