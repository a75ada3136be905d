import { channel as cspChannel, type Channel as CspChannel } from "@thi.ng/csp";
import { Effect, Fiber, Queue } from "effect";
import { mpsc, type Routine, Runtime, spawn } from "millrace";
import { PromiseChannel } from "../promise-channel.ts";
import { NodePipe, type Pipe, WebPipe } from "../stream-pipe.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

const CAPACITY = 32;

export const channel: Workload = {
  name: "bounded channel, capacity 32, one to one",
  operation: "a message",
  operations: 500_000,
  quickOperations: 100_000,
  checksum: sumBelow,
  method: "turns",
  measures: [
    {
      metric: "time",
      required: [
        { column: "yield*", ratio: 0.55 },
        { column: "await", ratio: 2.2 },
      ],
    },
  ],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "hand-rolled channel (promise-channel.ts), two async functions",
      async run(operations) {
        const values = new PromiseChannel<number>(CAPACITY);
        const [, sum] = await Promise.all([sendAll(values, operations), recvAll(values, operations)]);
        return sum;
      },
    },
    {
      column: "effect",
      name: "Queue.bounded",
      how: "Queue.bounded, offer and take in two fibers",
      operations: 50_000,
      run: (operations) => Effect.runPromise(effectOneToOne(operations)),
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "channel(32), write and read in two async functions",
      async run(operations) {
        const values = cspChannel<number>(CAPACITY);
        const [, sum] = await Promise.all([writeAll(values, operations), readAll(values, operations)]);
        return sum;
      },
    },
    {
      column: "peer",
      name: "PassThrough",
      how: "Node PassThrough in object mode, highWaterMark 32 (stream-pipe.ts)",
      operations: 100_000,
      run: (operations) => pipeOneToOne(new NodePipe(CAPACITY), operations),
    },
    {
      column: "peer",
      name: "TransformStream",
      how: "web TransformStream, highWaterMark 32 (stream-pipe.ts)",
      operations: 100_000,
      run: (operations) => pipeOneToOne(new WebPipe(CAPACITY), operations),
    },
    {
      column: "await",
      name: "await",
      how: "mpsc.channel(32), await tx.send and await rx.recv in async tasks",
      run: (operations) => Runtime.current().run(() => awaitOneToOne(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "mpsc.channel(32), yield* tx.send and yield* rx.recv in generator tasks",
      run: (operations) => Runtime.current().run(() => yieldOneToOne(operations)),
    },
  ],
};

async function sendAll(values: PromiseChannel<number>, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) await values.send(i);
}
async function recvAll(values: PromiseChannel<number>, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, await values.recv());
  return sum;
}

async function writeAll(values: CspChannel<number>, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) await values.write(i);
}
async function readAll(values: CspChannel<number>, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, (await values.read())!);
  return sum;
}

async function pipeAll(values: Pipe, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) await values.send(i);
}
async function pipeOneToOne(values: Pipe, operations: number): Promise<number> {
  const sending = pipeAll(values, operations);
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, await values.recv());
  await sending;
  return sum;
}

async function awaitSend(tx: mpsc.Sender<number>, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) await tx.send(i);
  tx.close();
}
async function awaitOneToOne(operations: number): Promise<number> {
  const [tx, rx] = mpsc.channel<number>(CAPACITY);
  const producer = spawn(() => awaitSend(tx, operations));
  let sum = 0;
  for (let value = await rx.recv(); value !== undefined; value = await rx.recv()) sum = add(sum, value);
  await producer;
  return sum;
}

function* yieldSend(tx: mpsc.Sender<number>, operations: number): Routine<void> {
  for (let i = 0; i < operations; i++) yield* tx.send(i);
  tx.close();
}
function* yieldOneToOne(operations: number): Routine<number> {
  const [tx, rx] = mpsc.channel<number>(CAPACITY);
  const producer = spawn(() => yieldSend(tx, operations));
  let sum = 0;
  for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) sum = add(sum, value);
  yield* producer;
  return sum;
}

const offerAll = Effect.fnUntraced(function* (values: Queue.Queue<number>, operations: number) {
  for (let i = 0; i < operations; i++) yield* Queue.offer(values, i);
});
const effectOneToOne = Effect.fnUntraced(function* (operations: number) {
  const values = yield* Queue.bounded<number>(CAPACITY);
  const producer = yield* Effect.forkChild(offerAll(values, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* Queue.take(values));
  yield* Fiber.join(producer);
  return sum;
});
