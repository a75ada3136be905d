import { channel as cspChannel, type Channel as CspChannel } from "@thi.ng/csp";
import { Deferred, Effect, Queue } from "effect";
import { mpsc, oneshot, type Routine, Runtime, spawn } from "millrace";
import { PromiseChannel } from "../promise-channel.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

const CAPACITY = 32;

/** What a client sends to the server: its number, and how to reply. */
interface Request<R> {
  readonly value: number;
  readonly reply: R;
}

export const oneshotReply: Workload = {
  name: "oneshot, the reply to a request over a channel",
  operation: "a request and its reply",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "Promise.withResolvers, the request over a hand-rolled channel (promise-channel.ts)",
      async run(operations) {
        const requests: Requests = new PromiseChannel(CAPACITY);
        const [, sum] = await Promise.all([serve(requests, operations), ask(requests, operations)]);
        return sum;
      },
    },
    {
      column: "effect",
      name: "Deferred",
      how: "Deferred, the request over a Queue.bounded, two fibers",
      operations: 20_000,
      run: (operations) => Effect.runPromise(effectAsk(operations)),
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "a channel for the reply, the request over a channel(32)",
      operations: 100_000,
      async run(operations) {
        const requests: CspRequests = cspChannel(CAPACITY);
        const [, sum] = await Promise.all([cspServe(requests, operations), cspAsk(requests, operations)]);
        return sum;
      },
    },
    {
      column: "await",
      name: "await",
      how: "oneshot.channel, the request over an mpsc.channel(32), async tasks",
      run: (operations) => Runtime.current().run(() => awaitAsk(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "oneshot.channel, the request over an mpsc.channel(32), generator tasks",
      run: (operations) => Runtime.current().run(() => yieldAsk(operations)),
    },
  ],
};

type Requests = PromiseChannel<Request<(value: number) => void>>;
async function serve(requests: Requests, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) {
    const { value, reply } = await requests.recv();
    reply(value);
  }
}
async function ask(requests: Requests, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const { promise, resolve } = Promise.withResolvers<number>();
    await requests.send({ value: i, reply: resolve });
    sum = add(sum, await promise);
  }
  return sum;
}

type CspRequests = CspChannel<Request<CspChannel<number>>>;
async function cspServe(requests: CspRequests, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) {
    const { value, reply } = (await requests.read())!;
    await reply.write(value);
  }
}
async function cspAsk(requests: CspRequests, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const reply = cspChannel<number>();
    await requests.write({ value: i, reply });
    sum = add(sum, (await reply.read())!);
  }
  return sum;
}

type Tx = mpsc.Sender<Request<oneshot.Sender<number>>>;
type Rx = mpsc.Receiver<Request<oneshot.Sender<number>>>;
async function awaitServe(requests: Rx): Promise<void> {
  for (let next = await requests.recv(); next !== undefined; next = await requests.recv()) {
    next.reply.send(next.value);
  }
}
async function awaitAsk(operations: number): Promise<number> {
  const [tx, rx]: [Tx, Rx] = mpsc.channel(CAPACITY);
  const server = spawn(() => awaitServe(rx));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const [reply, replied] = oneshot.channel<number>();
    await tx.send({ value: i, reply });
    sum = add(sum, await replied);
  }
  tx.close();
  await server;
  return sum;
}

function* yieldServe(requests: Rx): Routine<void> {
  for (let next = yield* requests.recv(); next !== undefined; next = yield* requests.recv()) {
    next.reply.send(next.value);
  }
}
function* yieldAsk(operations: number): Routine<number> {
  const [tx, rx]: [Tx, Rx] = mpsc.channel(CAPACITY);
  const server = spawn(() => yieldServe(rx));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const [reply, replied] = oneshot.channel<number>();
    yield* tx.send({ value: i, reply });
    sum = add(sum, yield* replied);
  }
  tx.close();
  yield* server;
  return sum;
}

type EffectRequests = Queue.Queue<Request<Deferred.Deferred<number>>>;
const effectServe = Effect.fnUntraced(function* (requests: EffectRequests, operations: number) {
  for (let i = 0; i < operations; i++) {
    const { value, reply } = yield* Queue.take(requests);
    yield* Deferred.succeed(reply, value);
  }
});
const effectAsk = Effect.fnUntraced(function* (operations: number) {
  const requests: EffectRequests = yield* Queue.bounded<Request<Deferred.Deferred<number>>>(CAPACITY);
  yield* Effect.forkChild(effectServe(requests, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    const reply = yield* Deferred.make<number>();
    yield* Queue.offer(requests, { value: i, reply });
    sum = add(sum, yield* Deferred.await(reply));
  }
  return sum;
});
