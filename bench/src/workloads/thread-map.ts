/** `parMap` on two threads against loops on one, for items that are dear, that are cheap, and that are tiny. */
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { parMap, threaded, ThreadPool } from "millrace/threads";
import { add, sumBelow, type Contender, type Requirement, type Workload } from "../workload.ts";

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
export const dear = threaded(import.meta, (n: number): number => (fib(18) < 0 ? -1 : n));
/** Half a microsecond. */
export const cheap = threaded(import.meta, (n: number): number => (fib(9) < 0 ? -1 : n));
export const tiny = threaded(import.meta, (n: number): number => n);

const LOOP: string = "a loop on the calling thread";

function loop(fn: typeof dear): Contender {
  return {
    column: "promise",
    name: "a loop",
    how: LOOP,
    run: (count) => {
      const results: number[] = [];
      for (let n = 0; n < count; n++) results.push(fn.local(n) as number);
      return Promise.resolve(results.reduce(add, 0));
    },
  };
}
function awaiting(fn: typeof dear): Contender {
  return {
    column: "promise",
    name: "a loop that awaits",
    how: "the same, with an await around each item",
    run: async (count) => {
      const results: number[] = [];
      for (let n = 0; n < count; n++) results.push(await (fn.local(n) as number));
      return results.reduce(add, 0);
    },
  };
}

let pool: ThreadPool | undefined;
function mapped(fn: typeof dear): Contender {
  return {
    column: "await",
    name: "await",
    how: "parMap on two threads",
    run: async (count) => {
      pool ??= new ThreadPool({ threads: 2 });
      const items = Array.from({ length: count }, (_, n) => n);
      return (await parMap(items, fn, { pool })).reduce(add, 0);
    },
  };
}

const HALF = "half of the dear items";
if (!isMainThread && workerData === HALF) {
  parentPort!.on("message", (items: number[]) =>
    parentPort!.postMessage(items.map((n) => dear.local(n) as number)),
  );
}
let halves: readonly Worker[] | undefined;
/** What these two processors can do at best: the items cost the same, so nothing has to be divided but once. */
const byHand: Contender = {
  column: "peer",
  name: "two halves by hand",
  how: "one message with half of the items to each of two workers",
  run: async (count) => {
    halves ??= [0, 1].map(() => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: HALF,
        execArgv: ["--conditions=@millrace/source"],
      });
      return worker;
    });
    const items = Array.from({ length: count }, (_, n) => n);
    const parts = await Promise.all(
      halves.map(async (worker, i) => {
        worker.postMessage(items.slice((i * count) >> 1, ((i + 1) * count) >> 1));
        return ((await once(worker, "message")) as [number[]])[0];
      }),
    );
    return parts.flat().reduce(add, 0);
  },
};

function row(
  name: string,
  operations: number,
  contenders: readonly Contender[],
  required: readonly Requirement[] = [],
): Workload {
  return {
    name: `mapping ${name}`,
    operation: "an item",
    operations,
    quickOperations: Math.ceil(operations / 4),
    checksum: sumBelow,
    method: "turns",
    isWaiting: true,
    measures: [{ metric: "time", required }],
    contenders,
  };
}

export const threadMapDear: Workload = row(
  "dear items",
  8_000,
  [loop(dear), byHand, mapped(dear)],
  [{ column: "await", ratio: 0.7 }],
);
export const threadMapCheap: Workload = row(
  "items of half a microsecond",
  100_000,
  [awaiting(cheap), loop(cheap), mapped(cheap)],
  [{ column: "await", ratio: 1.25 }],
);
export const threadMapTiny: Workload = row("tiny items", 100_000, [loop(tiny), awaiting(tiny), mapped(tiny)]);
