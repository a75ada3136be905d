/** Messages from the main thread to another: a channel in shared memory against a MessagePort. */
import { Worker } from "node:worker_threads";
import { spawn, type Routine } from "millrace";
import { sharedChannel, threaded, ThreadPool, type SharedReceiver } from "millrace/threads";
import { sumBelow, type Contender, type Workload } from "../workload.ts";

const CAPACITY = 1024;

/** Adds up the numbers in the first word. */
export const drain = threaded(import.meta, function* (rx: SharedReceiver<Uint8Array>): Routine<number> {
  let sum = 0;
  for (;;) {
    const bytes = yield* rx.recv();
    if (bytes === undefined) return sum;
    sum = (sum + numberIn(bytes)) | 0;
  }
});
function numberIn(bytes: Uint8Array): number {
  return bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24);
}
function write(n: number, bytes: Uint8Array): void {
  bytes[0] = n;
  bytes[1] = n >> 8;
  bytes[2] = n >> 16;
  bytes[3] = n >> 24;
}

let pool: ThreadPool | undefined;
async function shared(operations: number, size: number): Promise<number> {
  const [tx, rx] = sharedChannel<Uint8Array>(CAPACITY, { bytes: CAPACITY * (size + 32) });
  pool ??= new ThreadPool({ threads: 1 });
  const sum = pool.spawn(drain, rx);
  const bytes = new Uint8Array(size);
  await spawn(function* (): Routine<void> {
    for (let n = 0; n < operations; n++) {
      write(n, bytes);
      yield* tx.send(bytes);
    }
    tx.close();
  });
  return sum;
}

const program = `const { parentPort } = require("node:worker_threads");
let sum = 0;
parentPort.on("message", (b) => {
  if (b !== null) sum = (sum + (b[0] | (b[1] << 8) | (b[2] << 16) | (b[3] << 24))) | 0;
  else { parentPort.postMessage(sum); sum = 0; }
});`;
let worker: Worker | undefined;
async function port(operations: number, size: number): Promise<number> {
  worker ??= new Worker(program, { eval: true });
  worker.unref();
  const bytes = new Uint8Array(size);
  for (let n = 0; n < operations; n++) {
    write(n, bytes);
    worker.postMessage(bytes);
  }
  worker.postMessage(null);
  const to = worker;
  return new Promise((resolve) => to.once("message", resolve));
}

function row(size: number, label: string): Workload {
  const contenders: readonly Contender[] = [
    { column: "peer", name: "MessagePort", how: "no bound", run: (n) => port(n, size) },
    { column: "yield*", name: "yield*", how: "sharedChannel", run: (n) => shared(n, size) },
  ];
  return {
    name: `messages of ${label} to a thread`,
    operation: "a message sent by the main thread and received on another",
    operations: 200_000,
    quickOperations: 50_000,
    checksum: sumBelow,
    method: "turns",
    isWaiting: true,
    measures: [{ metric: "time", required: [{ column: "yield*", isAheadOfPeers: true }] }],
    contenders,
  };
}
export const threadChannelSmall: Workload = row(16, "16 bytes");
export const threadChannelLarge: Workload = row(1024, "1 KB");
