import { channel as cspChannel, type Channel as CspChannel, mult } from "@thi.ng/csp";
import { Effect, Fiber, PubSub } from "effect";
import { broadcast, type JoinHandle, type Routine, Runtime, spawn, yieldNow } from "millrace";
import { EventEmitter, on } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PromiseQueue } from "../promise-queue.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

const RECEIVERS = 8;
/** How many the channel keeps. */
const CAPACITY = 64;

/**
 * Every receiver sums what it receives. A sender that must not outrun its receivers lets the others run,
 * timers and I/O included, after every 64 messages, and goes on once they have seen all (that one turn is
 * enough is nothing to rely on). Where the channel itself makes it wait, or keeps everything, it need not.
 */
export const broadcastToMany: Workload = {
  name: "broadcast, one to 8",
  operation: "a message to all eight",
  operations: 50_000,
  quickOperations: 10_000,
  checksum: (operations) => sumOf(Array.from({ length: RECEIVERS }, () => sumBelow(operations))),
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "a hand-rolled queue a receiver (promise-queue.ts), setImmediate after every 64 messages",
      async run(operations) {
        const queues = Array.from({ length: RECEIVERS }, () => new PromiseQueue<number>());
        const sums = queues.map((queue) => recvAll(queue, operations));
        for (let i = 0; i < operations; i++) {
          for (const queue of queues) queue.send(i);
          if (isPause(i)) await nextTurn();
        }
        return sumOf(await Promise.all(sums));
      },
    },
    {
      column: "effect",
      name: "PubSub.bounded",
      how: "PubSub.bounded(64), publish, and a subscription a fiber",
      operations: 5000,
      run: (operations) => Effect.runPromise(Effect.scoped(effectBroadcast(operations))),
    },
    {
      column: "peer",
      name: "EventEmitter",
      how: "emit to eight async iterators of node:events, unbounded, setImmediate after every 64 messages",
      async run(operations) {
        const events = new EventEmitter();
        const sums = Array.from({ length: RECEIVERS }, () => onAll(events, operations));
        for (let i = 0; i < operations; i++) {
          events.emit("message", i);
          if (isPause(i)) await nextTurn();
        }
        return sumOf(await Promise.all(sums));
      },
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "mult with eight channels, write waits for the slowest",
      operations: 20_000,
      async run(operations) {
        const source = mult<number>(cspChannel<number>(CAPACITY));
        const sums = Array.from({ length: RECEIVERS }, () =>
          readAll(source.subscribe(cspChannel<number>(CAPACITY)), operations),
        );
        for (let i = 0; i < operations; i++) await source.write(i);
        return sumOf(await Promise.all(sums));
      },
    },
    {
      column: "await",
      name: "await",
      how: "broadcast.channel(64), await rx.recv() in async tasks, after every 64 messages await yieldNow() until tx.size is 0",
      run: (operations) => Runtime.current().run(() => awaitBroadcast(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "broadcast.channel(64), yield* rx.recv() in generator tasks, after every 64 messages yield* yieldNow() until tx.size is 0",
      run: (operations) => Runtime.current().run(() => yieldBroadcast(operations)),
    },
  ],
};

function isPause(i: number): boolean {
  return i % CAPACITY === CAPACITY - 1;
}
function sumOf(sums: readonly number[]): number {
  return sums.reduce(add, 0);
}

async function recvAll(queue: PromiseQueue<number>, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, await queue.recv());
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
async function readAll(values: CspChannel<number>, operations: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, (await values.read())!);
  return sum;
}

async function awaitAll(rx: broadcast.Receiver<number>): Promise<number> {
  let sum = 0;
  for (let value = await rx.recv(); value !== undefined; value = await rx.recv()) sum = add(sum, value);
  return sum;
}
async function awaitBroadcast(operations: number): Promise<number> {
  const [tx, first] = broadcast.channel<number>(CAPACITY);
  const sums: JoinHandle<number>[] = [spawn(() => awaitAll(first))];
  for (let r = 1; r < RECEIVERS; r++) {
    const rx = tx.subscribe();
    sums.push(spawn(() => awaitAll(rx)));
  }
  for (let i = 0; i < operations; i++) {
    tx.send(i);
    if (isPause(i)) {
      do await yieldNow();
      while (tx.size > 0);
    }
  }
  tx.close();
  let sum = 0;
  for (const each of sums) sum = add(sum, await each);
  return sum;
}

function* yieldAll(rx: broadcast.Receiver<number>): Routine<number> {
  let sum = 0;
  for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) sum = add(sum, value);
  return sum;
}
function* yieldBroadcast(operations: number): Routine<number> {
  const [tx, first] = broadcast.channel<number>(CAPACITY);
  const sums: JoinHandle<number>[] = [spawn(() => yieldAll(first))];
  for (let r = 1; r < RECEIVERS; r++) {
    const rx = tx.subscribe();
    sums.push(spawn(() => yieldAll(rx)));
  }
  for (let i = 0; i < operations; i++) {
    tx.send(i);
    if (isPause(i)) {
      do yield* yieldNow();
      while (tx.size > 0);
    }
  }
  tx.close();
  let sum = 0;
  for (const each of sums) sum = add(sum, yield* each);
  return sum;
}

const takeAll = Effect.fnUntraced(function* (values: PubSub.Subscription<number>, operations: number) {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* PubSub.take(values));
  return sum;
});
const effectBroadcast = Effect.fnUntraced(function* (operations: number) {
  const hub = yield* PubSub.bounded<number>(CAPACITY);
  const fibers: Fiber.Fiber<number>[] = [];
  for (let r = 0; r < RECEIVERS; r++) {
    const values = yield* PubSub.subscribe(hub);
    fibers.push(yield* Effect.forkChild(takeAll(values, operations)));
  }
  for (let i = 0; i < operations; i++) yield* PubSub.publish(hub, i);
  let sum = 0;
  for (const fiber of fibers) sum = add(sum, yield* Fiber.join(fiber));
  return sum;
});
