/** `parMap` on two threads against the same loop on one, for items that are dear and that are tiny. */
import { parMap, threaded, ThreadPool } from "millrace/threads";
import { add, sumBelow, type Workload } from "../workload.ts";

const DEPTH = 18;

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
export const dear = threaded(import.meta, (n: number): number => (fib(DEPTH) < 0 ? -1 : n));
export const tiny = threaded(import.meta, (n: number): number => n);

let pool: ThreadPool | undefined;
function row(name: string, fn: typeof dear, operations: number): Workload {
  return {
    name: `mapping ${name} items`,
    operation: "an item",
    operations,
    quickOperations: Math.ceil(operations / 4),
    checksum: sumBelow,
    method: "alternating",
    isWaiting: true,
    measures: [{ metric: "time", required: [] }],
    contenders: [
      {
        column: "promise",
        name: "one thread",
        how: "a loop on the calling thread",
        run: (count) => {
          let sum = 0;
          for (let n = 0; n < count; n++) sum = add(sum, fn.local(n) as number);
          return Promise.resolve(sum);
        },
      },
      {
        column: "await",
        name: "await",
        how: "parMap on two threads",
        run: async (count) => {
          pool ??= new ThreadPool({ threads: 2 });
          const items = Array.from({ length: count }, (_, n) => n);
          return (await parMap(items, fn, { pool })).reduce(add, 0);
        },
      },
    ],
  };
}
export const threadMapDear: Workload = row("dear", dear, 2_000);
export const threadMapTiny: Workload = row("tiny", tiny, 100_000);
