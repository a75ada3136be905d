import { Effect, Fiber } from "effect";
import { run as runEffection, spawn as spawnEffection } from "effection";
import { type Routine, Runtime, spawn } from "millrace";
import { sumBelow, type Workload } from "../workload.ts";

export const spawnJoin: Workload = {
  name: "spawn + join, one after another",
  operation: "a task spawned and joined",
  operations: 200_000,
  quickOperations: 50_000,
  checksum: sumBelow,
  method: "alternating",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 1.6 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "calls an async function and awaits it",
      async run(operations) {
        const child = async (value: number): Promise<number> => value;
        let sum = 0;
        for (let i = 0; i < operations; i++) sum += await child(i);
        return sum;
      },
    },
    {
      column: "effect",
      name: "forkChild",
      how: "Effect.forkChild, then Fiber.join",
      operations: 20_000,
      run: (operations) =>
        Effect.runPromise(
          Effect.gen(function* () {
            let sum = 0;
            for (let i = 0; i < operations; i++) {
              sum += yield* Fiber.join(yield* Effect.forkChild(Effect.sync(() => i)));
            }
            return sum;
          }),
        ),
    },
    {
      column: "effect",
      name: "startImmediately",
      how: "the same, with startImmediately: true",
      operations: 50_000,
      run: (operations) =>
        Effect.runPromise(
          Effect.gen(function* () {
            let sum = 0;
            for (let i = 0; i < operations; i++) {
              const fiber = yield* Effect.forkChild(
                Effect.sync(() => i),
                { startImmediately: true },
              );
              sum += yield* Fiber.join(fiber);
            }
            return sum;
          }),
        ),
    },
    {
      column: "peer",
      name: "Effection",
      how: "yield* spawn, then yield* the task",
      operations: 2000,
      run: (operations) =>
        runEffection(function* () {
          let sum = 0;
          for (let i = 0; i < operations; i++) {
            const task = yield* spawnEffection(function* () {
              return i;
            });
            sum += yield* task;
          }
          return sum;
        }),
    },
    {
      column: "await",
      name: "await",
      how: "await spawn(() => child(i)) of an async function",
      run: (operations) =>
        Runtime.current().run(async () => {
          const child = async (value: number): Promise<number> => value;
          let sum = 0;
          for (let i = 0; i < operations; i++) sum += await spawn(() => child(i));
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* spawn(() => child(i)) of a generator function",
      run: (operations) =>
        Runtime.current().run(function* () {
          const child = function* (value: number): Routine<number> {
            return value;
          };
          let sum = 0;
          for (let i = 0; i < operations; i++) sum += yield* spawn(() => child(i));
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "inline function*",
      how: "yield* spawn(function* () { … }): the engine makes a hidden class for every such function",
      run: (operations) =>
        Runtime.current().run(function* () {
          let sum = 0;
          for (let i = 0; i < operations; i++) {
            sum += yield* spawn(function* () {
              return i;
            });
          }
          return sum;
        }),
    },
  ],
};
