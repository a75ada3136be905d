import { channel as cspChannel, type Channel as CspChannel } from "@thi.ng/csp";
import { Effect, Queue } from "effect";
import {
  createQueue,
  type Operation,
  type Queue as EffectionQueue,
  run as runEffection,
  spawn as spawnEffection,
  suspend,
} from "effection";
import { mpsc, type Routine, Runtime, spawn, yieldNow } from "millrace";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PromiseChannel } from "../promise-channel.ts";
import type { Workload } from "../workload.ts";

/** The channels of the tasks that wait, and so the tasks. */
const kept: unknown[] = [];
let started = 0;

/** Each task has a channel of its own, as a bounded channel has one receiver, and waits on it for ever. */
export const idle: Workload = {
  name: "one idle task blocked on recv, heap",
  operation: "a task and its channel",
  operations: 50_000,
  quickOperations: 20_000,
  checksum: (operations) => operations,
  method: "fresh process",
  measures: [{ metric: "heap", required: [{ column: "yield*", limit: 600 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "an async function that awaits recv of a hand-rolled channel",
      run: (operations) =>
        startAll(operations, () => {
          const channel = new PromiseChannel<number>(CAPACITY);
          void promiseTask(channel);
          return channel;
        }),
    },
    {
      column: "effect",
      name: "Queue.take",
      how: "a forked fiber that takes from an empty Queue.bounded",
      run: (operations) =>
        startAll(operations, () => {
          const queue = Effect.runSync(Queue.bounded<number>(CAPACITY));
          Effect.runFork(effectTask(queue));
          return queue;
        }),
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "an async function that awaits read of an empty channel",
      run: (operations) =>
        startAll(operations, () => {
          const channel = cspChannel<number>(CAPACITY);
          void cspTask(channel);
          return channel;
        }),
    },
    {
      column: "peer",
      name: "Effection",
      how: "a spawned task that takes from an empty queue (it has no bounded channel)",
      operations: 2000,
      async run(operations) {
        started = 0;
        kept.push(runEffection(() => effectionMain(operations)));
        while (started < operations) await nextTurn();
        return started;
      },
    },
    {
      column: "await",
      name: "await",
      how: "an async task that awaits rx.recv()",
      run: (operations) =>
        startAll(operations, () => {
          const [tx, rx] = mpsc.channel<number>(CAPACITY);
          spawn(() => awaitTask(rx)).detach();
          return tx;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "a task of a generator function, spawned by one, that yields rx.recv()",
      run: (operations) => Runtime.current().run(() => startRoutines(operations)),
    },
  ],
};

const CAPACITY = 32;

/** Keeps what `start` gives and waits until every task has run up to its `recv`. */
async function startAll(count: number, start: () => unknown): Promise<number> {
  started = 0;
  for (let i = 0; i < count; i++) kept.push(start());
  while (started < count) await nextTurn();
  return started;
}

async function promiseTask(channel: PromiseChannel<number>): Promise<void> {
  started++;
  await channel.recv();
}

const effectTask = Effect.fnUntraced(function* (queue: Queue.Queue<number>) {
  started++;
  yield* Queue.take(queue);
});

async function cspTask(channel: CspChannel<number>): Promise<void> {
  started++;
  await channel.read();
}

function* effectionTask(queue: EffectionQueue<number, void>): Operation<void> {
  started++;
  yield* queue.next();
}
function* effectionMain(count: number): Operation<void> {
  for (let i = 0; i < count; i++) {
    const queue = createQueue<number, void>();
    kept.push(queue);
    void (yield* spawnEffection(() => effectionTask(queue)));
  }
  yield* suspend();
}

async function awaitTask(rx: mpsc.Receiver<number>): Promise<void> {
  started++;
  await rx.recv();
}

function* startRoutines(count: number): Routine<number> {
  started = 0;
  for (let i = 0; i < count; i++) {
    const [tx, rx] = mpsc.channel<number>(CAPACITY);
    kept.push(tx);
    spawn(() => yieldTask(rx)).detach();
  }
  while (started < count) yield* yieldNow();
  return started;
}
function* yieldTask(rx: mpsc.Receiver<number>): Routine<void> {
  started++;
  yield* rx.recv();
}
