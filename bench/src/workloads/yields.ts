import { Effect, Fiber } from "effect";
import { type JoinHandle, type Routine, Runtime, spawn, yieldNow } from "millrace";
import type { Workload } from "../workload.ts";

/** Few tasks yield often; the promise column never lets I/O in, ours does. */
const TASKS = 1000;

export const yields: Workload = {
  name: "1000 tasks × 1000 yields",
  operation: "a yield",
  operations: 1_000_000,
  quickOperations: 100_000,
  checksum: (operations) => operations,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 1.3 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "await undefined in async functions (timers and I/O starve meanwhile)",
      async run(operations) {
        const tasks: Promise<number>[] = [];
        for (let i = 0; i < TASKS; i++) tasks.push(awaitUndefined(operations / TASKS));
        let sum = 0;
        for (const count of await Promise.all(tasks)) sum += count;
        return sum;
      },
    },
    {
      column: "effect",
      name: "yieldNow",
      how: "Effect.yieldNow in forked fibers",
      operations: 100_000,
      run: (operations) => Effect.runPromise(forkYielding(operations)),
    },
    {
      column: "peer",
      name: "setImmediate batched",
      how: "promises that one shared setImmediate resolves together",
      async run(operations) {
        const tasks: Promise<number>[] = [];
        for (let i = 0; i < TASKS; i++) tasks.push(awaitBatch(operations / TASKS));
        let sum = 0;
        for (const count of await Promise.all(tasks)) sum += count;
        return sum;
      },
    },
    {
      column: "await",
      name: "await",
      how: "await yieldNow() in async tasks",
      run: (operations) =>
        Runtime.current().run(async () => {
          const tasks: JoinHandle<number>[] = [];
          for (let i = 0; i < TASKS; i++) tasks.push(spawn(() => awaitYields(operations / TASKS)));
          let sum = 0;
          for (const task of tasks) sum += await task;
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* yieldNow() in generator tasks",
      run: (operations) => Runtime.current().run(() => spawnYielding(operations)),
    },
  ],
};

async function awaitUndefined(yields: number): Promise<number> {
  let count = 0;
  for (; count < yields; count++) await undefined;
  return count;
}

let waiting: (() => void)[] = [];
function resume(): void {
  const batch = waiting;
  waiting = [];
  for (const resolve of batch) resolve();
}
function nextBatch(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(resume);
  });
}
async function awaitBatch(yields: number): Promise<number> {
  let count = 0;
  for (; count < yields; count++) await nextBatch();
  return count;
}

async function awaitYields(yields: number): Promise<number> {
  let count = 0;
  for (; count < yields; count++) await yieldNow();
  return count;
}

function* yielding(yields: number): Routine<number> {
  let count = 0;
  for (; count < yields; count++) yield* yieldNow();
  return count;
}
function* spawnYielding(operations: number): Routine<number> {
  const tasks: JoinHandle<number>[] = [];
  for (let i = 0; i < TASKS; i++) tasks.push(spawn(() => yielding(operations / TASKS)));
  let sum = 0;
  for (const task of tasks) sum += yield* task;
  return sum;
}

const effectYielding = Effect.fnUntraced(function* (yields: number) {
  let count = 0;
  for (; count < yields; count++) yield* Effect.yieldNow;
  return count;
});
const forkYielding = Effect.fnUntraced(function* (operations: number) {
  const fibers: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < TASKS; i++) fibers.push(yield* Effect.forkChild(effectYielding(operations / TASKS)));
  let sum = 0;
  for (const fiber of fibers) sum += yield* Fiber.join(fiber);
  return sum;
});
