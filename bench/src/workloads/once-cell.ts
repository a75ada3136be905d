import { Effect } from "effect";
import { OnceCell, type Routine, Runtime } from "millrace";
import { add, sumBelow, type Workload } from "../workload.ts";

/** What everybody needs before anything else, made by the first who asks. */
const VALUE = 1;

/** Sums the value and the number of the operation. */
export const onceCell: Workload = {
  name: "once cell, asked again",
  operation: "a look at what is made on first use",
  operations: 500_000,
  quickOperations: 100_000,
  checksum: (operations) => add(sumBelow(operations), operations * VALUE),
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "a memoised promise, awaited each time",
      async run(operations) {
        let memo: Promise<number> | undefined;
        const get = (): Promise<number> => (memo ??= make());
        let sum = 0;
        for (let i = 0; i < operations; i++) sum = add(sum, i + (await get()));
        return sum;
      },
    },
    {
      column: "effect",
      name: "cached",
      how: "Effect.cached",
      run: (operations) => Effect.runPromise(effectSum(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "await cell.getOrInit(async function) in an async task",
      run: (operations) => Runtime.current().run(() => awaitSum(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* cell.getOrInit(generator function) in a generator task",
      run: (operations) => Runtime.current().run(() => yieldSum(operations)),
    },
  ],
};

async function make(): Promise<number> {
  await undefined;
  return VALUE;
}
function* makeInRoutine(): Routine<number> {
  return VALUE;
}

async function awaitSum(operations: number): Promise<number> {
  const cell = new OnceCell<number>();
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, i + (await cell.getOrInit(make)));
  return sum;
}
function* yieldSum(operations: number): Routine<number> {
  const cell = new OnceCell<number>();
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, i + (yield* cell.getOrInit(makeInRoutine)));
  return sum;
}

const effectSum = Effect.fnUntraced(function* (operations: number) {
  const get = yield* Effect.cached(Effect.sync(() => VALUE));
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, i + (yield* get));
  return sum;
});
