import { channel as cspChannel } from "@thi.ng/csp";
import { Effect, Queue } from "effect";
import { createQueue, run as runEffection, spawn as spawnEffection, suspend } from "effection";
import { mpsc, type Routine, spawn } from "millrace";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PromiseChannel } from "../promise-channel.ts";
import type { Workload } from "../workload.ts";

/** The channels of the tasks that wait, and so the tasks. */
const kept: unknown[] = [];

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
      async run(operations) {
        let started = 0;
        const task = async (channel: PromiseChannel<number>): Promise<void> => {
          started++;
          await channel.recv();
        };
        for (let i = 0; i < operations; i++) {
          const channel = new PromiseChannel<number>(32);
          kept.push(channel);
          void task(channel);
        }
        return started;
      },
    },
    {
      column: "effect",
      name: "Queue.take",
      how: "a forked fiber that takes from an empty Queue.bounded",
      async run(operations) {
        let started = 0;
        for (let i = 0; i < operations; i++) {
          const queue = Effect.runSync(Queue.bounded<number>(32));
          kept.push(queue);
          Effect.runFork(
            Effect.gen(function* () {
              started++;
              yield* Queue.take(queue);
            }),
          );
        }
        await nextTurn();
        return started;
      },
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "an async function that awaits read of an empty channel",
      async run(operations) {
        let started = 0;
        for (let i = 0; i < operations; i++) {
          const channel = cspChannel<number>(32);
          kept.push(channel);
          const task = async (): Promise<void> => {
            started++;
            await channel.read();
          };
          void task();
        }
        return started;
      },
    },
    {
      column: "peer",
      name: "Effection",
      how: "a spawned task that takes from an empty queue",
      operations: 2000,
      async run(operations) {
        let started = 0;
        kept.push(
          runEffection(function* () {
            for (let i = 0; i < operations; i++) {
              const queue = createQueue<number, void>();
              kept.push(queue);
              void (yield* spawnEffection(function* () {
                started++;
                yield* queue.next();
              }));
            }
            yield* suspend();
          }),
        );
        while (started < operations) await nextTurn();
        return started;
      },
    },
    {
      column: "await",
      name: "await",
      how: "an async task that awaits rx.recv()",
      async run(operations) {
        let started = 0;
        const task = async (rx: mpsc.Receiver<number>): Promise<void> => {
          started++;
          await rx.recv();
        };
        for (let i = 0; i < operations; i++) {
          const [tx, rx] = mpsc.channel<number>(32);
          kept.push(tx);
          spawn(() => task(rx)).detach();
        }
        while (started < operations) await nextTurn();
        return started;
      },
    },
    {
      column: "yield*",
      name: "yield*",
      how: "a generator task that yields rx.recv()",
      async run(operations) {
        let started = 0;
        const task = function* (rx: mpsc.Receiver<number>): Routine<void> {
          started++;
          yield* rx.recv();
        };
        for (let i = 0; i < operations; i++) {
          const [tx, rx] = mpsc.channel<number>(32);
          kept.push(tx);
          spawn(() => task(rx)).detach();
        }
        while (started < operations) await nextTurn();
        return started;
      },
    },
  ],
};
