import { Effect } from "effect";
import {
  action,
  type Operation,
  race as raceEffection,
  run as runEffection,
  sleep as sleepEffection,
} from "effection";
import { type Future, PENDING, pollFn, type Routine, Runtime, timeout } from "millrace";
import { withTimeout, withTimeoutSignal } from "../promise-timeout.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

const LIMIT_MS = 1000;

/** The operation is not ready at first, and ready one microtask (for us: one poll) later. */
export const timeoutSuspending: Workload = {
  name: "timeout around one that suspends once",
  operation: "an operation under a time limit",
  operations: 100_000,
  quickOperations: 20_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 0.4 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "Promise.race with a setTimeout promise, clearTimeout in finally",
      async run(operations) {
        let sum = 0;
        for (let i = 0; i < operations; i++)
          sum = add(sum, await withTimeout(promiseSuspendsOnce(i), LIMIT_MS));
        return sum;
      },
    },
    {
      column: "effect",
      name: "timeout",
      how: "Effect.timeout around a callback that a microtask resumes",
      operations: 20_000,
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
          sum = add(sum, await withTimeoutSignal(promiseSuspendsOnce(i), LIMIT_MS));
        return sum;
      },
    },
    {
      column: "peer",
      name: "Effection",
      how: "race of an action that a microtask resolves and sleep",
      operations: 1000,
      run: (operations) => runEffection(() => effectionLimits(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "await timeout(1000, a future that is pending once and wakes itself)",
      run: (operations) => Runtime.current().run(() => awaitLimits(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* timeout(1000, a future that is pending once and wakes itself)",
      run: (operations) => Runtime.current().run(() => yieldLimits(operations)),
    },
  ],
};

async function promiseSuspendsOnce(value: number): Promise<number> {
  await undefined;
  return value;
}

function suspendsOnce(value: number): Future<number> {
  let polled = false;
  return pollFn<number>((waker) => {
    if (polled) return value;
    polled = true;
    waker.wake();
    return PENDING;
  });
}

async function awaitLimits(operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, await timeout(LIMIT_MS, suspendsOnce(i)));
  return sum;
}
function* yieldLimits(operations: number): Routine<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* timeout(LIMIT_MS, suspendsOnce(i)));
  return sum;
}

function effectSuspendsOnce(value: number): Effect.Effect<number> {
  return Effect.callback((resume) => queueMicrotask(() => resume(Effect.succeed(value))));
}
const effectLimits = Effect.fnUntraced(function* (operations: number) {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* Effect.timeout(effectSuspendsOnce(i), LIMIT_MS));
  return sum;
});

function effectionSuspendsOnce(value: number): Operation<number> {
  return action<number>((resolve) => {
    queueMicrotask(() => resolve(value));
    return () => {};
  });
}
function* effectionLimits(operations: number): Operation<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    sum = add(sum, (yield* raceEffection([effectionSuspendsOnce(i), sleepEffection(LIMIT_MS)])) as number);
  }
  return sum;
}
