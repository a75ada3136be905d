import { channel as cspChannel, select as cspSelect } from "@thi.ng/csp";
import { Effect, Queue } from "effect";
import { mpsc, ready, type Routine, Runtime, select as selectFuture } from "millrace";
import { add, sumBelow, type Workload } from "../workload.ts";

/** What the latest run's never-ready branch waits for outlives it, like a shutdown signal: a leak into it shows as heap. */
const kept: { latest: unknown } = { latest: undefined };
const contenders: Workload["contenders"] = [
  {
    column: "promise",
    name: "promise",
    how: "Promise.race of a resolved promise and one that never settles",
    async run(operations) {
      const never = new Promise<number>(() => {});
      kept.latest = never;
      let sum = 0;
      for (let i = 0; i < operations; i++) sum = add(sum, await Promise.race([Promise.resolve(i), never]));
      return sum;
    },
  },
  {
    column: "effect",
    name: "raceFirst",
    how: "Effect.raceFirst of Effect.succeed and a take from an empty queue",
    operations: 50_000,
    run: (operations) => Effect.runPromise(effectSelects(operations)),
  },
  {
    column: "peer",
    name: "@thi.ng/csp",
    how: "select of a channel just written to and an empty one",
    operations: 50_000,
    async run(operations) {
      const full = cspChannel<number>(1);
      const empty = cspChannel<number>(1);
      kept.latest = empty;
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        void full.write(i);
        const [value] = await cspSelect(full, empty);
        sum = add(sum, value!);
      }
      return sum;
    },
  },
  {
    column: "await",
    name: "await",
    how: "await select({ full: ready(i), empty: rx.recv() })",
    run: (operations) => Runtime.current().run(() => awaitSelects(operations)),
  },
  {
    column: "yield*",
    name: "yield*",
    how: "yield* select({ full: ready(i), empty: rx.recv() })",
    run: (operations) => Runtime.current().run(() => yieldSelects(operations)),
  },
];

export const select: Workload = {
  name: "select of a ready and a never-ready branch",
  operation: "a select",
  operations: 200_000,
  quickOperations: 50_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 0.15 }] }],
  contenders,
};

export const selectGrowth: Workload = {
  name: "select: heap growth per iteration",
  operation: "a select",
  operations: 100_000,
  quickOperations: 50_000,
  checksum: sumBelow,
  method: "fresh process",
  measures: [
    {
      metric: "heap",
      required: [
        { column: "yield*", limit: 1 },
        { column: "await", limit: 1 },
      ],
    },
  ],
  contenders,
};

async function awaitSelects(operations: number): Promise<number> {
  const [tx, rx] = mpsc.channel<number>(1);
  kept.latest = [tx, rx];
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const { key, value } = await selectFuture({ full: ready(i), empty: rx.recv() });
    if (key === "full") sum = add(sum, value);
  }
  return sum;
}
function* yieldSelects(operations: number): Routine<number> {
  const [tx, rx] = mpsc.channel<number>(1);
  kept.latest = [tx, rx];
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const { key, value } = yield* selectFuture({ full: ready(i), empty: rx.recv() });
    if (key === "full") sum = add(sum, value);
  }
  return sum;
}

const effectSelects = Effect.fnUntraced(function* (operations: number) {
  const empty = yield* Queue.bounded<number>(1);
  kept.latest = empty;
  const never = Queue.take(empty);
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* Effect.raceFirst(Effect.succeed(i), never));
  return sum;
});
