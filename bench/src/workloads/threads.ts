/** Calls on one thread, 64 under way at a time and one by one. The peers at their best setting as well as at their own. */
import { spawn, type Routine } from "millrace";
import { threaded, ThreadPool } from "millrace/threads";
import { add, sumBelow, type Contender, type Workload } from "../workload.ts";
import { peersWith } from "./thread-peers.ts";

const IN_FLIGHT = 64;
type Call = (n: number) => PromiseLike<number>;

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

/** One after the other. */
async function inTurn(operations: number, call: Call, lap: () => void): Promise<number> {
  let sum = 0;
  for (let n = 0; n < operations; n++) {
    sum = add(sum, await call(n));
    lap();
  }
  return sum;
}
async function inTurnYielding(operations: number, lap: () => void): Promise<number> {
  const call = ours();
  return spawn(function* (): Routine<number> {
    let sum = 0;
    for (let n = 0; n < operations; n++) {
      sum = add(sum, yield* call(n));
      lap();
    }
    return sum;
  });
}

function contenders(
  run: (operations: number, call: Call, lap: () => void) => Promise<number>,
  yieldingRun: (operations: number, lap: () => void) => Promise<number>,
  fewer?: number,
): readonly Contender[] {
  return [
    ...peersWith(1).map(({ name, how, call, isSlow }): Contender => ({
      ...(isSlow && fewer !== undefined ? { operations: fewer } : {}),
      column: "peer",
      name,
      how,
      run: (n, lap) => run(n, (each) => call()<number>("same", each), lap),
    })),
    { column: "await", name: "await", how: "async functions", run: (n, lap) => run(n, ours(), lap) },
    { column: "yield*", name: "yield*", how: "tasks", run: yieldingRun },
  ];
}

export const threadCalls: Workload = {
  name: "calls on one thread, 64 in flight",
  operation: "a call of a function that returns its argument",
  // Of fewer, half is how long the kernel takes to give each thread a core.
  operations: 100_000,
  quickOperations: 20_000,
  checksum: sumBelow,
  method: "turns",
  isWaiting: true,
  measures: [{ metric: "time", required: [{ column: "yield*", isAheadOfPeers: true }] }],
  contenders: contenders(pump, yielding, 10_000),
};

export const threadRoundTrip: Workload = {
  name: "calls on one thread, one by one",
  operation: "a call of a function that returns its argument, after the one before has returned",
  operations: 2_000,
  quickOperations: 500,
  checksum: sumBelow,
  method: "turns",
  isWaiting: true,
  measures: [
    { metric: "time", required: [{ column: "yield*", isAheadOfPeers: true }] },
    {
      metric: "p50",
      label: "round trip of a call to one thread, p50",
      required: [{ column: "yield*", isAheadOfPeers: true }],
    },
    {
      metric: "p99",
      label: "round trip of a call to one thread, p99",
      required: [{ column: "yield*", isAheadOfPeers: true }],
    },
  ],
  contenders: contenders(inTurn, inTurnYielding),
};
