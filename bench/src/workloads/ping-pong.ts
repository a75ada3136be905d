import { channel as cspChannel } from "@thi.ng/csp";
import { Effect, Queue } from "effect";
import { createQueue, run as runEffection, spawn as spawnEffection } from "effection";
import { mpsc, Runtime, spawn } from "millrace";
import { PromiseChannel } from "../promise-channel.ts";
import { sumBelow, type Workload } from "../workload.ts";

export const pingPong: Workload = {
  name: "ping-pong over two channels of capacity 1",
  operation: "a round trip",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: sumBelow,
  method: "alternating",
  measures: [{ metric: "time", required: [{ column: "yield*", ratio: 0.9 }] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "two hand-rolled channels (promise-channel.ts), two async functions",
      async run(operations) {
        const ping = new PromiseChannel<number>(1);
        const pong = new PromiseChannel<number>(1);
        const echo = async (): Promise<void> => {
          for (let i = 0; i < operations; i++) await pong.send(await ping.recv());
        };
        const play = async (): Promise<number> => {
          let sum = 0;
          for (let i = 0; i < operations; i++) {
            await ping.send(i);
            sum += await pong.recv();
          }
          return sum;
        };
        const [sum] = await Promise.all([play(), echo()]);
        return sum;
      },
    },
    {
      column: "effect",
      name: "Queue.bounded",
      how: "two Queue.bounded(1), two fibers",
      operations: 20_000,
      run: (operations) =>
        Effect.runPromise(
          Effect.gen(function* () {
            const ping = yield* Queue.bounded<number>(1);
            const pong = yield* Queue.bounded<number>(1);
            yield* Effect.forkChild(
              Effect.gen(function* () {
                for (let i = 0; i < operations; i++) yield* Queue.offer(pong, yield* Queue.take(ping));
              }),
            );
            let sum = 0;
            for (let i = 0; i < operations; i++) {
              yield* Queue.offer(ping, i);
              sum += yield* Queue.take(pong);
            }
            return sum;
          }),
        ),
    },
    {
      column: "peer",
      name: "@thi.ng/csp",
      how: "two channel(1), two async functions",
      async run(operations) {
        const ping = cspChannel<number>(1);
        const pong = cspChannel<number>(1);
        const echo = async (): Promise<void> => {
          for (let i = 0; i < operations; i++) await pong.write((await ping.read())!);
        };
        const play = async (): Promise<number> => {
          let sum = 0;
          for (let i = 0; i < operations; i++) {
            await ping.write(i);
            sum += (await pong.read())!;
          }
          return sum;
        };
        const [sum] = await Promise.all([play(), echo()]);
        return sum;
      },
    },
    {
      column: "peer",
      name: "Effection",
      how: "two queues (it has no bounded channel), two tasks",
      operations: 10_000,
      run: (operations) =>
        runEffection(function* () {
          const ping = createQueue<number, void>();
          const pong = createQueue<number, void>();
          void (yield* spawnEffection(function* () {
            for (let i = 0; i < operations; i++) pong.add((yield* ping.next()).value as number);
          }));
          let sum = 0;
          for (let i = 0; i < operations; i++) {
            ping.add(i);
            sum += (yield* pong.next()).value as number;
          }
          return sum;
        }),
    },
    {
      column: "await",
      name: "await",
      how: "two mpsc.channel(1), two async tasks",
      run: (operations) =>
        Runtime.current().run(async () => {
          const [pingTx, pingRx] = mpsc.channel<number>(1);
          const [pongTx, pongRx] = mpsc.channel<number>(1);
          const echo = spawn(async () => {
            for (let i = 0; i < operations; i++) await pongTx.send((await pingRx.recv())!);
          });
          let sum = 0;
          for (let i = 0; i < operations; i++) {
            await pingTx.send(i);
            sum += (await pongRx.recv())!;
          }
          await echo;
          return sum;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "two mpsc.channel(1), two generator tasks",
      run: (operations) =>
        Runtime.current().run(function* () {
          const [pingTx, pingRx] = mpsc.channel<number>(1);
          const [pongTx, pongRx] = mpsc.channel<number>(1);
          const echo = spawn(function* () {
            for (let i = 0; i < operations; i++) yield* pongTx.send((yield* pingRx.recv())!);
          });
          let sum = 0;
          for (let i = 0; i < operations; i++) {
            yield* pingTx.send(i);
            sum += (yield* pongRx.recv())!;
          }
          yield* echo;
          return sum;
        }),
    },
  ],
};
