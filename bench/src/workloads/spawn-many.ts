import { Effect, Fiber } from "effect";
import { type Operation, run as runEffection, spawn as spawnEffection, type Task } from "effection";
import { type JoinHandle, type Routine, Runtime, spawn } from "millrace";
import type { Workload } from "../workload.ts";

export const spawnMany: Workload = {
  name: "spawn 100 000, then join all",
  operation: "a task",
  operations: 100_000,
  quickOperations: 100_000,
  checksum: (operations) => operations,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 2.2 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "calls an async function n times, then Promise.all",
      async run(operations) {
        const children: Promise<number>[] = [];
        for (let i = 0; i < operations; i++) children.push(asyncOne());
        let sum = 0;
        for (const value of await Promise.all(children)) sum += value;
        return sum;
      },
    },
    {
      column: "effect",
      name: "forkChild",
      how: "Effect.forkChild n times, then Fiber.join each",
      run: (operations) => Effect.runPromise(forkThenJoin(operations)),
    },
    {
      column: "peer",
      name: "Effection",
      how: "yield* spawn n times, then yield* each task",
      operations: 2000,
      run: (operations) => runEffection(() => spawnThenYield(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "spawn(one) of an async function n times, then await each handle",
      run: (operations) =>
        Runtime.current().run(async () => {
          const handles: JoinHandle<number>[] = [];
          for (let i = 0; i < operations; i++) handles.push(spawn(asyncOne));
          let sum = 0;
          for (const handle of handles) sum += await handle;
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "spawn(one) of a generator function n times, then yield* each handle",
      run: (operations) => Runtime.current().run(() => spawnThenJoin(operations)),
    },
  ],
};

async function asyncOne(): Promise<number> {
  return 1;
}
function* one(): Routine<number> {
  return 1;
}

function* spawnThenJoin(operations: number): Routine<number> {
  const handles: JoinHandle<number>[] = [];
  for (let i = 0; i < operations; i++) handles.push(spawn(one));
  let sum = 0;
  for (const handle of handles) sum += yield* handle;
  return sum;
}

const effectOne = Effect.sync(() => 1);
const forkThenJoin = Effect.fnUntraced(function* (operations: number) {
  const fibers: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < operations; i++) fibers.push(yield* Effect.forkChild(effectOne));
  let sum = 0;
  for (const fiber of fibers) sum += yield* Fiber.join(fiber);
  return sum;
});

function* spawnThenYield(operations: number): Operation<number> {
  const tasks: Task<number>[] = [];
  for (let i = 0; i < operations; i++) tasks.push(yield* spawnEffection(effectionOne));
  let sum = 0;
  for (const task of tasks) sum += yield* task;
  return sum;
}
function* effectionOne(): Operation<number> {
  return 1;
}
