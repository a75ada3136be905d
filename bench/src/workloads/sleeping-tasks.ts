import { Effect, Fiber } from "effect";
import { asyncFn, type JoinHandle, type Routine, Runtime, sleep, spawn } from "millrace";
import type { Workload } from "../workload.ts";
import { sleepLength } from "./sleeps.ts";

/** So many tasks sleep at once; each returns 1 when it has slept. */
export const sleepingTasks: Workload = {
  name: "1 000 000 tasks that sleep 1–1000 ms",
  operation: "a task that sleeps once",
  operations: 1_000_000,
  quickOperations: 1_000_000,
  checksum: (operations) => operations,
  method: "fresh process",
  measures: [
    {
      metric: "cpu",
      label: "1 000 000 tasks that sleep 1–1000 ms: CPU",
      required: [{ column: "yield*", ratio: 0.5 }],
    },
    {
      metric: "peak",
      label: "1 000 000 tasks that sleep: peak memory",
      required: [{ column: "yield*", ratio: 0.7 }],
    },
  ],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "async functions that await a setTimeout promise, then Promise.all",
      async run(operations) {
        const naps: Promise<number>[] = [];
        for (let i = 0; i < operations; i++) naps.push(promiseNap(sleepLength(i)));
        let sum = 0;
        for (const one of await Promise.all(naps)) sum += one;
        return sum;
      },
    },
    {
      column: "effect",
      name: "forkChild",
      how: "Effect.sleep in forked fibers",
      run: (operations) => Effect.runPromise(forkNaps(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "await sleep in async tasks, then await each handle",
      run: (operations) =>
        Runtime.current().run(async () => {
          const naps: JoinHandle<number>[] = [];
          for (let i = 0; i < operations; i++) naps.push(spawn(() => awaitNap(sleepLength(i))));
          let sum = 0;
          for (const nap of naps) sum += await nap;
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* sleep in generator tasks, then yield* each handle",
      run: (operations) => Runtime.current().run(() => spawnNaps(operations)),
    },
  ],
};

async function promiseNap(ms: number): Promise<number> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms));
  return 1;
}

async function awaitNap(ms: number): Promise<number> {
  await sleep(ms);
  return 1;
}

const yieldNap = asyncFn(function* (ms: number) {
  yield* sleep(ms);
  return 1;
});
function* spawnNaps(operations: number): Routine<number> {
  const naps: JoinHandle<number>[] = [];
  for (let i = 0; i < operations; i++) naps.push(spawn(yieldNap(sleepLength(i))));
  let sum = 0;
  for (const nap of naps) sum += yield* nap;
  return sum;
}

const forkNaps = Effect.fnUntraced(function* (operations: number) {
  const fibers: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < operations; i++) {
    fibers.push(yield* Effect.forkChild(Effect.as(Effect.sleep(sleepLength(i)), 1)));
  }
  let sum = 0;
  for (const fiber of fibers) sum += yield* Fiber.join(fiber);
  return sum;
});
