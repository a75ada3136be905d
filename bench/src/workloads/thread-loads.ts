/** Calls that carry something, and calls of uneven cost: ours and those of the peers. */
import { spawn, type Routine } from "millrace";
import { threaded, ThreadPool, type ThreadFn } from "millrace/threads";
import { add, sumBelow, type Contender, type Workload } from "../workload.ts";
import { peersWith, type PeerCall } from "./thread-peers.ts";

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
export const same = threaded(import.meta, (bytes: Uint8Array): Uint8Array => bytes);
export const sizeOf = threaded(import.meta, (buffer: ArrayBuffer): number => buffer.byteLength);
export const uneven = threaded(import.meta, (n: number): number => (fib(n % 8 === 0 ? 20 : 12) < 0 ? -1 : n));

/** Keeps so many under way, in plain promises. */
async function pump(
  operations: number,
  width: number,
  one: (n: number) => PromiseLike<number>,
): Promise<number> {
  let next = 0;
  let sum = 0;
  const loop = async (): Promise<void> => {
    while (next < operations) {
      const value = await one(next++);
      sum = add(sum, value);
    }
  };
  await Promise.all(Array.from({ length: width }, loop));
  return sum;
}
async function pumpYielding(
  operations: number,
  width: number,
  one: (n: number) => Routine<number>,
): Promise<number> {
  let next = 0;
  let sum = 0;
  const loop = function* (): Routine<void> {
    while (next < operations) {
      const value = yield* one(next++);
      sum = add(sum, value);
    }
  };
  const loops = Array.from({ length: width }, () => spawn(loop));
  for (const each of loops) await each;
  return sum;
}

const pools = new Map<number, ThreadPool>();
function poolOf(threads: number): ThreadPool {
  let pool = pools.get(threads);
  if (pool === undefined) pools.set(threads, (pool = new ThreadPool({ threads })));
  return pool;
}

interface Load {
  readonly name: string;
  readonly operation: string;
  readonly operations: number;
  readonly threads: number;
  readonly width: number;
  /** What one call does, by a peer and by us. */
  readonly theirs: (call: PeerCall, n: number) => PromiseLike<number>;
  readonly ours: (pool: ThreadPool, n: number) => Routine<number>;
}
function row({ name, operation, operations, threads, width, theirs, ours }: Load): Workload {
  const peers = peersWith(threads).map((peer): Contender => ({
    column: "peer",
    name: peer.name,
    how: peer.how,
    run: (count) => pump(count, width, (n) => theirs(peer.call(), n)),
  }));
  const yielding: Contender = {
    column: "yield*",
    name: "yield*",
    how: "tasks",
    run: (count) => pumpYielding(count, width, (n) => ours(poolOf(threads), n)),
  };
  return {
    name,
    operation,
    operations,
    quickOperations: Math.ceil(operations / 4),
    checksum: sumBelow,
    method: "turns",
    isWaiting: true,
    measures: [{ metric: "time", required: [{ column: "yield*", isAheadOfPeers: true }] }],
    contenders: [...peers, yielding],
  };
}

const KILOBYTE = 1024;
function numbered(n: number): Uint8Array {
  const bytes = new Uint8Array(KILOBYTE);
  new DataView(bytes.buffer).setInt32(0, n);
  return bytes;
}
const numberIn = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getInt32(0);

export const threadPayload: Workload = row({
  name: "calls with 1 KB, 64 in flight",
  operation: "a call on one thread that is given 1 KB and gives it back",
  operations: 10_000,
  threads: 1,
  width: 64,
  theirs: async (call, n) => numberIn(await call<Uint8Array>("same", numbered(n))),
  ours: function* (pool, n) {
    return numberIn(yield* same.with({ pool })(numbered(n)));
  },
});

const MEGABYTE = 1024 * KILOBYTE;
const moving = (pool: ThreadPool, buffer: ArrayBuffer): ReturnType<ThreadFn<[ArrayBuffer], number>> =>
  sizeOf.with({ pool, transfer: [buffer] })(buffer);

export const threadTransfer: Workload = row({
  name: "calls with 1 MB that is moved",
  operation: "a call on one thread to which 1 MB is moved, one after the other",
  operations: 500,
  threads: 1,
  width: 1,
  theirs: async (call, n) => {
    const buffer = new ArrayBuffer(MEGABYTE);
    return (await call<number>("sizeOf", buffer, [buffer])) - MEGABYTE + n;
  },
  ours: function* (pool, n) {
    return (yield* moving(pool, new ArrayBuffer(MEGABYTE))) - MEGABYTE + n;
  },
});

export const threadUneven: Workload = row({
  name: "uneven calls on two threads",
  operation: "a call of some microseconds, one in eight of fifty times as much; 64 in flight",
  operations: 2_000,
  threads: 2,
  width: 64,
  theirs: (call, n) => call<number>("uneven", n),
  ours: (pool, n) => uneven.with({ pool })(n) as unknown as Routine<number>,
});
