import { Effect, Fiber } from "effect";
import { run as runEffection, spawn as spawnEffection, type Task } from "effection";
import { type JoinHandle, type Routine, Runtime, spawn } from "millrace";
import { sumBelow, type Workload } from "../workload.ts";

export const spawnMany: Workload = {
  name: "spawn 100 000, then join all",
  operation: "a task",
  operations: 100_000,
  quickOperations: 100_000,
  checksum: sumBelow,
  method: "alternating",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 2.2 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "calls an async function n times, then Promise.all",
      async run(operations) {
        const child = async (value: number): Promise<number> => value;
        const children: Promise<number>[] = [];
        for (let i = 0; i < operations; i++) children.push(child(i));
        let sum = 0;
        for (const value of await Promise.all(children)) sum += value;
        return sum;
      },
    },
    {
      column: "effect",
      name: "forkChild",
      how: "Effect.forkChild n times, then Fiber.join each",
      run: (operations) =>
        Effect.runPromise(
          Effect.gen(function* () {
            const fibers: Fiber.Fiber<number>[] = [];
            for (let i = 0; i < operations; i++) fibers.push(yield* Effect.forkChild(Effect.sync(() => i)));
            let sum = 0;
            for (const fiber of fibers) sum += yield* Fiber.join(fiber);
            return sum;
          }),
        ),
    },
    {
      column: "peer",
      name: "Effection",
      how: "yield* spawn n times, then yield* each task",
      operations: 2000,
      run: (operations) =>
        runEffection(function* () {
          const tasks: Task<number>[] = [];
          for (let i = 0; i < operations; i++) {
            tasks.push(
              yield* spawnEffection(function* () {
                return i;
              }),
            );
          }
          let sum = 0;
          for (const task of tasks) sum += yield* task;
          return sum;
        }),
    },
    {
      column: "await",
      name: "await",
      how: "spawn(() => child(i)) of an async function n times, then await each handle",
      run: (operations) =>
        Runtime.current().run(async () => {
          const child = async (value: number): Promise<number> => value;
          const handles: JoinHandle<number>[] = [];
          for (let i = 0; i < operations; i++) handles.push(spawn(() => child(i)));
          let sum = 0;
          for (const handle of handles) sum += await handle;
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "spawn(() => child(i)) of a generator function n times, then yield* each handle",
      run: (operations) =>
        Runtime.current().run(function* () {
          const child = function* (value: number): Routine<number> {
            return value;
          };
          const handles: JoinHandle<number>[] = [];
          for (let i = 0; i < operations; i++) handles.push(spawn(() => child(i)));
          let sum = 0;
          for (const handle of handles) sum += yield* handle;
          return sum;
        }),
    },
  ],
};
