import { channel as cspChannel, type Channel as CspChannel } from "@thi.ng/csp";
import { Effect, Queue } from "effect";
import {
  createQueue,
  type Operation,
  type Queue as EffectionQueue,
  run as runEffection,
  spawn as spawnEffection,
} from "effection";
import { mpsc, type Routine, Runtime, spawn } from "millrace";
import { PromiseChannel } from "../promise-channel.ts";
import { NodePipe, type Pipe, WebPipe } from "../stream-pipe.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

export const pingPong: Workload = {
  name: "ping-pong over two channels of capacity 1",
  operation: "a round trip",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 0.9 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "two hand-rolled channels (promise-channel.ts), two async functions",
      async run(operations) {
        const ping = new PromiseChannel<number>(1);
        const pong = new PromiseChannel<number>(1);
        const [sum] = await Promise.all([play(ping, pong, operations), echo(ping, pong, operations)]);
        return sum;
      },
    },
    {
      column: "effect",
      name: "Queue.bounded",
      how: "two Queue.bounded(1), two fibers",
      operations: 20_000,
      run: (operations) => Effect.runPromise(effectPlay(operations)),
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "two channel(1), two async functions",
      async run(operations) {
        const ping = cspChannel<number>(1);
        const pong = cspChannel<number>(1);
        const [sum] = await Promise.all([cspPlay(ping, pong, operations), cspEcho(ping, pong, operations)]);
        return sum;
      },
    },
    {
      column: "peer",
      name: "Effection",
      how: "two queues (it has no bounded channel), two tasks",
      operations: 10_000,
      run: (operations) => runEffection(() => effectionPlay(operations)),
    },
    {
      column: "peer",
      name: "PassThrough",
      how: "Node PassThrough in object mode, highWaterMark 1, two of them (stream-pipe.ts)",
      operations: 40_000,
      run: (operations) => pipePlay(new NodePipe(1), new NodePipe(1), operations),
    },
    {
      column: "peer",
      name: "TransformStream",
      how: "web TransformStream, highWaterMark 1, two of them (stream-pipe.ts)",
      operations: 40_000,
      run: (operations) => pipePlay(new WebPipe(1), new WebPipe(1), operations),
    },
    {
      column: "await",
      name: "await",
      how: "two mpsc.channel(1), two async tasks",
      run: (operations) => Runtime.current().run(() => awaitPlay(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "two mpsc.channel(1), two generator tasks",
      run: (operations) => Runtime.current().run(() => yieldPlay(operations)),
    },
  ],
};

type PromisePipe = PromiseChannel<number>;
async function echo(ping: PromisePipe, pong: PromisePipe, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) await pong.send(await ping.recv());
}
async function play(ping: PromisePipe, pong: PromisePipe, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    await ping.send(i);
    sum = add(sum, await pong.recv());
  }
  return sum;
}

type CspPipe = CspChannel<number>;
async function cspEcho(ping: CspPipe, pong: CspPipe, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) await pong.write((await ping.read())!);
}
async function cspPlay(ping: CspPipe, pong: CspPipe, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    await ping.write(i);
    sum = add(sum, (await pong.read())!);
  }
  return sum;
}

async function pipeEcho(ping: Pipe, pong: Pipe, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) await pong.send(await ping.recv());
}
async function pipePlay(ping: Pipe, pong: Pipe, operations: number): Promise<number> {
  const echoing = pipeEcho(ping, pong, operations);
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    await ping.send(i);
    sum = add(sum, await pong.recv());
  }
  await echoing;
  return sum;
}

type Tx = mpsc.Sender<number>;
type Rx = mpsc.Receiver<number>;
async function awaitEcho(ping: Rx, pong: Tx, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) await pong.send((await ping.recv())!);
}
async function awaitPlay(operations: number): Promise<number> {
  const [ping, pinged] = mpsc.channel<number>(1);
  const [pong, ponged] = mpsc.channel<number>(1);
  const echoing = spawn(() => awaitEcho(pinged, pong, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    await ping.send(i);
    sum = add(sum, (await ponged.recv())!);
  }
  await echoing;
  return sum;
}

function* yieldEcho(ping: Rx, pong: Tx, operations: number): Routine<void> {
  for (let i = 0; i < operations; i++) yield* pong.send((yield* ping.recv())!);
}
function* yieldPlay(operations: number): Routine<number> {
  const [ping, pinged] = mpsc.channel<number>(1);
  const [pong, ponged] = mpsc.channel<number>(1);
  const echoing = spawn(() => yieldEcho(pinged, pong, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    yield* ping.send(i);
    sum = add(sum, (yield* ponged.recv())!);
  }
  yield* echoing;
  return sum;
}

type EffectPipe = Queue.Queue<number>;
const effectEcho = Effect.fnUntraced(function* (ping: EffectPipe, pong: EffectPipe, operations: number) {
  for (let i = 0; i < operations; i++) yield* Queue.offer(pong, yield* Queue.take(ping));
});
const effectPlay = Effect.fnUntraced(function* (operations: number) {
  const ping = yield* Queue.bounded<number>(1);
  const pong = yield* Queue.bounded<number>(1);
  yield* Effect.forkChild(effectEcho(ping, pong, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    yield* Queue.offer(ping, i);
    sum = add(sum, yield* Queue.take(pong));
  }
  return sum;
});

type EffectionPipe = EffectionQueue<number, void>;
function* effectionEcho(ping: EffectionPipe, pong: EffectionPipe, operations: number): Operation<void> {
  for (let i = 0; i < operations; i++) pong.add((yield* ping.next()).value as number);
}
function* effectionPlay(operations: number): Operation<number> {
  const ping = createQueue<number, void>();
  const pong = createQueue<number, void>();
  void (yield* spawnEffection(() => effectionEcho(ping, pong, operations)));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    ping.add(i);
    sum = add(sum, (yield* pong.next()).value as number);
  }
  return sum;
}
