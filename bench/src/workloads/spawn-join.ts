import { Effect, Fiber } from "effect";
import { type Operation, run as runEffection, spawn as spawnEffection } from "effection";
import { asyncFn, type Routine, Runtime, spawn } from "millrace";
import type { Workload } from "../workload.ts";

export const spawnJoin: Workload = {
  name: "spawn + join, one after another",
  operation: "a task spawned and joined",
  operations: 200_000,
  quickOperations: 50_000,
  checksum: (operations) => operations,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 1.6 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "calls an async function and awaits it",
      async run(operations) {
        let sum = 0;
        for (let i = 0; i < operations; i++) sum += await asyncOne();
        return sum;
      },
    },
    {
      column: "effect",
      name: "forkChild",
      how: "Effect.forkChild, then Fiber.join",
      operations: 20_000,
      run: (operations) => Effect.runPromise(forkAndJoin(operations, false)),
    },
    {
      column: "effect",
      name: "startImmediately",
      how: "the same, with startImmediately: true",
      operations: 50_000,
      run: (operations) => Effect.runPromise(forkAndJoin(operations, true)),
    },
    {
      column: "peer",
      name: "Effection",
      how: "yield* spawn, then yield* the task",
      operations: 2000,
      run: (operations) => runEffection(() => spawnInEffection(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "await spawn(one) of an async function",
      run: (operations) =>
        Runtime.current().run(async () => {
          let sum = 0;
          for (let i = 0; i < operations; i++) sum += await spawn(asyncOne);
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* spawn(one) of a generator function",
      run: (operations) => Runtime.current().run(() => spawnGenerator(operations)),
    },
    {
      column: "yield*",
      name: "asyncFn",
      how: "yield* spawn(one()), one being an asyncFn of that generator function",
      run: (operations) => Runtime.current().run(() => spawnCalls(operations)),
    },
    {
      column: "yield*",
      name: "() => routine",
      how: "yield* spawn(() => one()): a plain function may turn out async, so it is called in an async context",
      run: (operations) => Runtime.current().run(() => spawnFunctions(operations)),
    },
    {
      column: "yield*",
      name: "inline function*",
      how: "yield* spawn(function* () { … }): the engine makes a hidden class for every such function",
      run: (operations) => Runtime.current().run(() => spawnInline(operations)),
    },
  ],
};

async function asyncOne(): Promise<number> {
  return 1;
}
function* one(): Routine<number> {
  return 1;
}
const callOne = asyncFn(one);

function* spawnGenerator(operations: number): Routine<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum += yield* spawn(one);
  return sum;
}

function* spawnCalls(operations: number): Routine<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum += yield* spawn(callOne());
  return sum;
}

function* spawnFunctions(operations: number): Routine<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum += yield* spawn(() => one());
  return sum;
}

function* spawnInline(operations: number): Routine<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    sum += yield* spawn(function* () {
      return 1;
    });
  }
  return sum;
}

const effectOne = Effect.sync(() => 1);
const forkAndJoin = Effect.fnUntraced(function* (operations: number, startImmediately: boolean) {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const fiber = yield* Effect.forkChild(effectOne, { startImmediately });
    sum += yield* Fiber.join(fiber);
  }
  return sum;
});

function* spawnInEffection(operations: number): Operation<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum += yield* yield* spawnEffection(effectionOne);
  return sum;
}
function* effectionOne(): Operation<number> {
  return 1;
}
