import { Effect, Queue, Semaphore } from "effect";
import { mpsc, type Routine, Runtime, spawn } from "millrace";
import { PromiseSemaphore } from "../promise-locks.ts";
import { PromiseQueue } from "../promise-queue.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

const CAPACITY = 32;

/** The sender first takes a slot, then decides what to send. Elsewhere that is a semaphore beside a queue. */
export const reserve: Workload = {
  name: "bounded channel, reserve then send",
  operation: "a slot taken and a message",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "a hand-rolled semaphore for the slots and a queue (promise-locks.ts, promise-queue.ts)",
      async run(operations) {
        const slots = new PromiseSemaphore(CAPACITY);
        const values = new PromiseQueue<number>();
        const [, sum] = await Promise.all([
          sendAll(slots, values, operations),
          recvAll(slots, values, operations),
        ]);
        return sum;
      },
    },
    {
      column: "effect",
      name: "Semaphore, Queue",
      how: "a Semaphore for the slots and a Queue.unbounded, two fibers",
      operations: 20_000,
      run: (operations) => Effect.runPromise(effectOneToOne(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "mpsc.channel(32), await tx.reserve() and permit.send in async tasks",
      run: (operations) => Runtime.current().run(() => awaitOneToOne(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "mpsc.channel(32), yield* tx.reserve() and permit.send in generator tasks",
      run: (operations) => Runtime.current().run(() => yieldOneToOne(operations)),
    },
  ],
};

async function sendAll(
  slots: PromiseSemaphore,
  values: PromiseQueue<number>,
  operations: number,
): Promise<void> {
  for (let i = 0; i < operations; i++) {
    await slots.acquire();
    values.send(i);
  }
}
async function recvAll(
  slots: PromiseSemaphore,
  values: PromiseQueue<number>,
  operations: number,
): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    sum = add(sum, await values.recv());
    slots.release();
  }
  return sum;
}

async function awaitSend(tx: mpsc.Sender<number>, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) {
    const permit = await tx.reserve();
    permit.send(i);
  }
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
  for (let i = 0; i < operations; i++) {
    const permit = yield* tx.reserve();
    permit.send(i);
  }
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

const offerAll = Effect.fnUntraced(function* (
  slots: Semaphore.Semaphore,
  values: Queue.Queue<number>,
  operations: number,
) {
  for (let i = 0; i < operations; i++) {
    yield* slots.take(1);
    yield* Queue.offer(values, i);
  }
});
const effectOneToOne = Effect.fnUntraced(function* (operations: number) {
  const slots = yield* Semaphore.make(CAPACITY);
  const values = yield* Queue.unbounded<number>();
  yield* Effect.forkChild(offerAll(slots, values, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    sum = add(sum, yield* Queue.take(values));
    yield* slots.release(1);
  }
  return sum;
});
