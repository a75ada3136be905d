import { channel as cspChannel, type Channel as CspChannel } from "@thi.ng/csp";
import { Effect, Queue } from "effect";
import { mpsc, type Routine, Runtime, spawn } from "millrace";
import { PromiseChannel } from "../promise-channel.ts";
import { NodePipe, type Pipe, WebPipe } from "../stream-pipe.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

const CAPACITY = 32;
const PRODUCERS = 8;

/** Producer `p` sends p, p + 8, p + 16, …: together every number once. */
export const channelProducers: Workload = {
  name: "bounded channel, 8 producers",
  operation: "a message",
  operations: 400_000,
  quickOperations: 80_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 0.6 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "hand-rolled channel (promise-channel.ts), nine async functions",
      async run(operations) {
        const values = new PromiseChannel<number>(CAPACITY);
        const producers: Promise<void>[] = [];
        for (let p = 0; p < PRODUCERS; p++) producers.push(sendSome(values, p, operations));
        let sum = 0;
        for (let i = 0; i < operations; i++) sum = add(sum, await values.recv());
        await Promise.all(producers);
        return sum;
      },
    },
    {
      column: "effect",
      name: "Queue.bounded",
      how: "Queue.bounded, nine fibers",
      operations: 40_000,
      run: (operations) => Effect.runPromise(effectManyToOne(operations)),
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "channel(32), nine async functions",
      async run(operations) {
        const values = cspChannel<number>(CAPACITY);
        const producers: Promise<void>[] = [];
        for (let p = 0; p < PRODUCERS; p++) producers.push(writeSome(values, p, operations));
        let sum = 0;
        for (let i = 0; i < operations; i++) sum = add(sum, (await values.read())!);
        await Promise.all(producers);
        return sum;
      },
    },
    {
      column: "peer",
      name: "PassThrough",
      how: "Node PassThrough in object mode, highWaterMark 32 (stream-pipe.ts)",
      operations: 80_000,
      run: (operations) => pipeManyToOne(new NodePipe(CAPACITY), operations),
    },
    {
      column: "peer",
      name: "TransformStream",
      how: "web TransformStream, highWaterMark 32 (stream-pipe.ts)",
      operations: 80_000,
      run: (operations) => pipeManyToOne(new WebPipe(CAPACITY), operations),
    },
    {
      column: "await",
      name: "await",
      how: "mpsc.channel(32), a cloned sender an async task",
      run: (operations) => Runtime.current().run(() => awaitManyToOne(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "mpsc.channel(32), a cloned sender a generator task",
      run: (operations) => Runtime.current().run(() => yieldManyToOne(operations)),
    },
  ],
};

async function sendSome(values: PromiseChannel<number>, first: number, operations: number): Promise<void> {
  for (let i = first; i < operations; i += PRODUCERS) await values.send(i);
}

async function writeSome(values: CspChannel<number>, first: number, operations: number): Promise<void> {
  for (let i = first; i < operations; i += PRODUCERS) await values.write(i);
}

async function pipeSome(values: Pipe, first: number, operations: number): Promise<void> {
  for (let i = first; i < operations; i += PRODUCERS) await values.send(i);
}
async function pipeManyToOne(values: Pipe, operations: number): Promise<number> {
  const producers: Promise<void>[] = [];
  for (let p = 0; p < PRODUCERS; p++) producers.push(pipeSome(values, p, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, await values.recv());
  await Promise.all(producers);
  return sum;
}

async function awaitSend(tx: mpsc.Sender<number>, first: number, operations: number): Promise<void> {
  for (let i = first; i < operations; i += PRODUCERS) await tx.send(i);
  tx.close();
}
async function awaitManyToOne(operations: number): Promise<number> {
  const [first, rx] = mpsc.channel<number>(CAPACITY);
  for (let p = 0; p < PRODUCERS; p++) {
    const tx = first.clone();
    spawn(() => awaitSend(tx, p, operations)).detach();
  }
  first.close();
  let sum = 0;
  for (let value = await rx.recv(); value !== undefined; value = await rx.recv()) sum = add(sum, value);
  return sum;
}

function* yieldSend(tx: mpsc.Sender<number>, first: number, operations: number): Routine<void> {
  for (let i = first; i < operations; i += PRODUCERS) yield* tx.send(i);
  tx.close();
}
function* yieldManyToOne(operations: number): Routine<number> {
  const [first, rx] = mpsc.channel<number>(CAPACITY);
  for (let p = 0; p < PRODUCERS; p++) {
    const tx = first.clone();
    spawn(() => yieldSend(tx, p, operations)).detach();
  }
  first.close();
  let sum = 0;
  for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) sum = add(sum, value);
  return sum;
}

const offerSome = Effect.fnUntraced(function* (
  values: Queue.Queue<number>,
  first: number,
  operations: number,
) {
  for (let i = first; i < operations; i += PRODUCERS) yield* Queue.offer(values, i);
});
const effectManyToOne = Effect.fnUntraced(function* (operations: number) {
  const values = yield* Queue.bounded<number>(CAPACITY);
  for (let p = 0; p < PRODUCERS; p++) yield* Effect.forkChild(offerSome(values, p, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* Queue.take(values));
  return sum;
});
