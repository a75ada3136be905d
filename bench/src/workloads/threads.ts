/** Calls on one thread, 64 under way at a time. The peers at their best setting as well as at their own. */
import { createRequire } from "node:module";
import { spawn, type Routine } from "millrace";
import { threaded, ThreadPool } from "millrace/threads";
import { add, sumBelow, type Contender, type Workload } from "../workload.ts";

const IN_FLIGHT = 64;
const peerFile = new URL("threads-peer.mjs", import.meta.url);
const peers = createRequire(import.meta.url);

export const same = threaded(import.meta, (n: number): number => n);

/** Keeps `IN_FLIGHT` calls under way; each loop waits for its own. */
async function pump(operations: number, call: (n: number) => PromiseLike<number>): Promise<number> {
  let next = 0;
  let sum = 0;
  const loop = async (): Promise<void> => {
    while (next < operations) {
      const value = await call(next++);
      sum = add(sum, value);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  return sum;
}

let pool: ThreadPool | undefined;
const ours = (): ((n: number) => ReturnType<typeof same>) =>
  same.with({ pool: (pool ??= new ThreadPool({ threads: 1 })) });

async function yielding(operations: number): Promise<number> {
  const call = ours();
  let next = 0;
  let sum = 0;
  const loop = function* (): Routine<void> {
    while (next < operations) {
      const value = yield* call(next++);
      sum = add(sum, value);
    }
  };
  const loops = Array.from({ length: IN_FLIGHT }, () => spawn(loop));
  for (const each of loops) await each;
  return sum;
}

type Piscina = new (options: object) => { run(n: number): Promise<number> };
function piscina(atOnce: number): (operations: number) => Promise<number> {
  let made: InstanceType<Piscina> | undefined;
  return (operations) => {
    const { Piscina } = peers("piscina") as { Piscina: Piscina };
    made ??= new Piscina({
      filename: peerFile.href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: atOnce,
    });

    const peer = made;
    return pump(operations, (n) => peer.run(n));
  };
}

const contenders: readonly Contender[] = [
  { column: "peer", name: "piscina, 64 at once", how: "concurrentTasksPerWorker: 64", run: piscina(64) },
  { column: "peer", name: "piscina", how: "its defaults", run: piscina(1) },
  { column: "await", name: "await", how: "async loops", run: (n) => pump(n, ours()) },
  { column: "yield*", name: "yield*", how: "tasks", run: yielding },
];

export const threadCalls: Workload = {
  name: "calls on one thread, 64 in flight",
  operation: "a call of a function that returns its argument",
  operations: 20_000,
  quickOperations: 5_000,
  checksum: sumBelow,
  method: "alternating",
  measures: [{ metric: "time", required: [] }],
  contenders,
};
