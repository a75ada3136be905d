import { channel as cspChannel } from "@thi.ng/csp";
import { Effect, Fiber, Queue } from "effect";
import { mpsc, Runtime, spawn } from "millrace";
import { PromiseChannel } from "../promise-channel.ts";
import { sumBelow, type Workload } from "../workload.ts";

const CAPACITY = 32;

export const channel: Workload = {
  name: "bounded channel, capacity 32, one to one",
  operation: "a message",
  operations: 500_000,
  quickOperations: 100_000,
  checksum: sumBelow,
  method: "alternating",
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
        const produce = async (): Promise<void> => {
          for (let i = 0; i < operations; i++) await values.send(i);
        };
        const consume = async (): Promise<number> => {
          let sum = 0;
          for (let i = 0; i < operations; i++) sum += await values.recv();
          return sum;
        };
        const [, sum] = await Promise.all([produce(), consume()]);
        return sum;
      },
    },
    {
      column: "effect",
      name: "Queue.bounded",
      how: "Queue.bounded, offer and take in two fibers",
      operations: 50_000,
      run: (operations) =>
        Effect.runPromise(
          Effect.gen(function* () {
            const values = yield* Queue.bounded<number>(CAPACITY);
            const producer = yield* Effect.forkChild(
              Effect.gen(function* () {
                for (let i = 0; i < operations; i++) yield* Queue.offer(values, i);
              }),
            );
            let sum = 0;
            for (let i = 0; i < operations; i++) sum += yield* Queue.take(values);
            yield* Fiber.join(producer);
            return sum;
          }),
        ),
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "channel(32), write and read in two async functions",
      async run(operations) {
        const values = cspChannel<number>(CAPACITY);
        const produce = async (): Promise<void> => {
          for (let i = 0; i < operations; i++) await values.write(i);
        };
        const consume = async (): Promise<number> => {
          let sum = 0;
          for (let i = 0; i < operations; i++) sum += (await values.read())!;
          return sum;
        };
        const [, sum] = await Promise.all([produce(), consume()]);
        return sum;
      },
    },
    {
      column: "await",
      name: "await",
      how: "mpsc.channel(32), await tx.send and await rx.recv in async tasks",
      run: (operations) =>
        Runtime.current().run(async () => {
          const [tx, rx] = mpsc.channel<number>(CAPACITY);
          const producer = spawn(async () => {
            for (let i = 0; i < operations; i++) await tx.send(i);
            tx.close();
          });
          let sum = 0;
          for (let value = await rx.recv(); value !== undefined; value = await rx.recv()) sum += value;
          await producer;
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "mpsc.channel(32), yield* tx.send and yield* rx.recv in generator tasks",
      run: (operations) =>
        Runtime.current().run(function* () {
          const [tx, rx] = mpsc.channel<number>(CAPACITY);
          const producer = spawn(function* () {
            for (let i = 0; i < operations; i++) yield* tx.send(i);
            tx.close();
          });
          let sum = 0;
          for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) sum += value;
          yield* producer;
          return sum;
        }),
    },
  ],
};
