import { Effect, Queue } from "effect";
import { mpsc, type Routine, Runtime, spawn, yieldNow } from "millrace";
import { EventEmitter, on } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PromiseQueue } from "../promise-queue.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

/** The sender lets the others run, timers and I/O included, after so many messages. */
const BATCH = 100;

export const unboundedChannel: Workload = {
  name: "unbounded channel, one to one",
  operation: "a message",
  operations: 500_000,
  quickOperations: 100_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "a hand-rolled queue (promise-queue.ts), setImmediate after every 100 messages",
      async run(operations) {
        const values = new PromiseQueue<number>();
        const sum = recvAll(values, operations);
        for (let i = 0; i < operations; i++) {
          values.send(i);
          if (isPause(i)) await nextTurn();
        }
        return sum;
      },
    },
    {
      column: "effect",
      name: "Queue.unbounded",
      how: "Queue.unbounded, offer and take in two fibers, yieldNow after every 100 messages",
      operations: 100_000,
      run: (operations) => Effect.runPromise(effectOneToOne(operations)),
    },
    {
      column: "peer",
      name: "EventEmitter",
      how: "emit to an async iterator of node:events, setImmediate after every 100 messages",
      async run(operations) {
        const events = new EventEmitter();
        const sum = onAll(events, operations);
        for (let i = 0; i < operations; i++) {
          events.emit("message", i);
          if (isPause(i)) await nextTurn();
        }
        return sum;
      },
    },
    {
      column: "await",
      name: "await",
      how: "mpsc.unbounded, tx.send and await rx.recv in async tasks, await yieldNow() after every 100 messages",
      run: (operations) => Runtime.current().run(() => awaitOneToOne(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "mpsc.unbounded, tx.send and yield* rx.recv in generator tasks, yield* yieldNow() after every 100 messages",
      run: (operations) => Runtime.current().run(() => yieldOneToOne(operations)),
    },
  ],
};

function isPause(i: number): boolean {
  return i % BATCH === BATCH - 1;
}

async function recvAll(values: PromiseQueue<number>, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, await values.recv());
  return sum;
}
async function onAll(events: EventEmitter, operations: number): Promise<number> {
  let sum = 0;
  let count = 0;
  for await (const [value] of on(events, "message")) {
    sum = add(sum, value as number);
    if (++count === operations) break;
  }
  return sum;
}

async function awaitSend(tx: mpsc.UnboundedSender<number>, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) {
    tx.send(i);
    if (isPause(i)) await yieldNow();
  }
  tx.close();
}
async function awaitOneToOne(operations: number): Promise<number> {
  const [tx, rx] = mpsc.unbounded<number>();
  const producer = spawn(() => awaitSend(tx, operations));
  let sum = 0;
  for (let value = await rx.recv(); value !== undefined; value = await rx.recv()) sum = add(sum, value);
  await producer;
  return sum;
}

function* yieldSend(tx: mpsc.UnboundedSender<number>, operations: number): Routine<void> {
  for (let i = 0; i < operations; i++) {
    tx.send(i);
    if (isPause(i)) yield* yieldNow();
  }
  tx.close();
}
function* yieldOneToOne(operations: number): Routine<number> {
  const [tx, rx] = mpsc.unbounded<number>();
  const producer = spawn(() => yieldSend(tx, operations));
  let sum = 0;
  for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) sum = add(sum, value);
  yield* producer;
  return sum;
}

const offerAll = Effect.fnUntraced(function* (values: Queue.Queue<number>, operations: number) {
  for (let i = 0; i < operations; i++) {
    yield* Queue.offer(values, i);
    if (isPause(i)) yield* Effect.yieldNow;
  }
});
const effectOneToOne = Effect.fnUntraced(function* (operations: number) {
  const values = yield* Queue.unbounded<number>();
  yield* Effect.forkChild(offerAll(values, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* Queue.take(values));
  return sum;
});
