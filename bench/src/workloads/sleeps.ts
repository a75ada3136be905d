import { Effect, Fiber } from "effect";
import { joinAll, type Routine, Runtime, type Sleep, sleep } from "millrace";
import type { Workload } from "../workload.ts";

/** Sleep `i` lasts 1–1000 ms, all lengths equally often and in scattered order. */
export function sleepLength(i: number): number {
  return 1 + ((i * 7919) % 1000);
}

/** So many sleeps at once, waited for together; no tasks of their own. */
export const sleeps: Workload = {
  name: "1 000 000 sleeps of 1–1000 ms",
  operation: "a sleep",
  operations: 1_000_000,
  quickOperations: 1_000_000,
  checksum: (operations) => operations,
  method: "fresh process",
  measures: [
    {
      metric: "cpu",
      label: "1 000 000 sleeps of 1–1000 ms: CPU",
      required: [{ column: "yield*", ratio: 0.5 }],
    },
    {
      metric: "peak",
      label: "1 000 000 sleeps: peak memory",
      required: [{ column: "yield*", ratio: 0.7 }],
    },
  ],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "Promise.all of setTimeout promises",
      async run(operations) {
        const naps: Promise<void>[] = [];
        for (let i = 0; i < operations; i++) {
          naps.push(new Promise((resolve) => setTimeout(resolve, sleepLength(i))));
        }
        return (await Promise.all(naps)).length;
      },
    },
    {
      column: "effect",
      name: "forkChild",
      how: "Effect.sleep in forked fibers (half of what Effect.forEach takes)",
      run: (operations) => Effect.runPromise(effectSleeps(operations)),
    },
    {
      column: "peer",
      name: "AbortSignal.timeout",
      how: "Promise.all of promises for the signals' abort events (100 000 of them)",
      operations: 100_000,
      async run(operations) {
        // An AbortSignal's timer does not keep the process alive.
        const alive = setInterval(() => {}, 1000);
        const naps: Promise<void>[] = [];
        for (let i = 0; i < operations; i++) {
          const signal = AbortSignal.timeout(sleepLength(i));
          naps.push(new Promise((resolve) => signal.addEventListener("abort", () => resolve())));
        }
        const { length } = await Promise.all(naps);
        clearInterval(alive);
        return length;
      },
    },
    {
      column: "await",
      name: "await",
      how: "await joinAll of sleeps",
      run: (operations) =>
        Runtime.current().run(async () => {
          const naps: Sleep[] = [];
          for (let i = 0; i < operations; i++) naps.push(sleep(sleepLength(i)));
          return (await joinAll(naps)).length;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* joinAll of sleeps",
      run: (operations) => Runtime.current().run(() => yieldSleeps(operations)),
    },
  ],
};

function* yieldSleeps(operations: number): Routine<number> {
  const naps: Sleep[] = [];
  for (let i = 0; i < operations; i++) naps.push(sleep(sleepLength(i)));
  return (yield* joinAll(naps)).length;
}

const effectSleeps = Effect.fnUntraced(function* (operations: number) {
  const fibers: Fiber.Fiber<void>[] = [];
  for (let i = 0; i < operations; i++) {
    fibers.push(yield* Effect.forkChild(Effect.sleep(sleepLength(i))));
  }
  for (const fiber of fibers) yield* Fiber.join(fiber);
  return fibers.length;
});
