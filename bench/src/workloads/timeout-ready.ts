import { Effect } from "effect";
import {
  call,
  type Operation,
  race as raceEffection,
  run as runEffection,
  sleep as sleepEffection,
} from "effection";
import { ready, type Routine, Runtime, timeout } from "millrace";
import { withTimeout, withTimeoutSignal } from "../promise-timeout.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

const LIMIT_MS = 1000;

export const timeoutReady: Workload = {
  name: "timeout around a ready operation",
  operation: "an operation under a time limit",
  operations: 100_000,
  quickOperations: 20_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 0.1 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "Promise.race with a setTimeout promise, clearTimeout in finally",
      async run(operations) {
        let sum = 0;
        for (let i = 0; i < operations; i++) sum = add(sum, await withTimeout(Promise.resolve(i), LIMIT_MS));
        return sum;
      },
    },
    {
      column: "effect",
      name: "timeout",
      how: "Effect.timeout around Effect.succeed",
      operations: 50_000,
      run: (operations) => Effect.runPromise(effectLimits(operations)),
    },
    {
      column: "peer",
      name: "AbortSignal.timeout",
      how: "Promise.race with the signal's abort event",
      operations: 20_000,
      async run(operations) {
        let sum = 0;
        for (let i = 0; i < operations; i++)
          sum = add(sum, await withTimeoutSignal(Promise.resolve(i), LIMIT_MS));
        return sum;
      },
    },
    {
      column: "peer",
      name: "Effection",
      how: "race of the operation and sleep",
      operations: 1000,
      run: (operations) => runEffection(() => effectionLimits(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "await timeout(1000, ready(i))",
      run: (operations) => Runtime.current().run(() => awaitLimits(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* timeout(1000, ready(i))",
      run: (operations) => Runtime.current().run(() => yieldLimits(operations)),
    },
  ],
};

async function awaitLimits(operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, await timeout(LIMIT_MS, ready(i)));
  return sum;
}
function* yieldLimits(operations: number): Routine<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* timeout(LIMIT_MS, ready(i)));
  return sum;
}

const effectLimits = Effect.fnUntraced(function* (operations: number) {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* Effect.timeout(Effect.succeed(i), LIMIT_MS));
  return sum;
});

function* effectionLimits(operations: number): Operation<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    sum = add(sum, (yield* raceEffection([call(() => i), sleepEffection(LIMIT_MS)])) as number);
  }
  return sum;
}
