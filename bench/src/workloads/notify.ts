import { Effect, Fiber, Latch } from "effect";
import { Notify, type Routine, Runtime, spawn } from "millrace";
import { EventEmitter, once } from "node:events";
import { PromiseNotify } from "../promise-signals.ts";
import type { Workload } from "../workload.ts";

/** Two tasks wake each other by turns. What counts are the times that the second one was woken. */
export const notify: Workload = {
  name: "notify, two tasks by turns",
  operation: "a notification and its answer",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: (operations) => operations,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "a hand-rolled flag and queue of resolve functions (promise-signals.ts), two async functions",
      async run(operations) {
        const ping = new PromiseNotify();
        const pong = new PromiseNotify();
        const [count] = await Promise.all([echo(ping, pong, operations), play(ping, pong, operations)]);
        return count;
      },
    },
    {
      column: "effect",
      name: "Latch",
      how: "two Latches, opened by one fiber, awaited and closed by the other",
      operations: 20_000,
      run: (operations) => Effect.runPromise(effectPlay(operations)),
    },
    {
      column: "peer",
      name: "events.once",
      how: "once(emitter) before every emit, two async functions",
      operations: 50_000,
      async run(operations) {
        const events = new EventEmitter();
        const [count] = await Promise.all([onceEcho(events, operations), oncePlay(events, operations)]);
        return count;
      },
    },
    {
      column: "await",
      name: "await",
      how: "two Notifys, notifyOne and await notified() in async tasks",
      run: (operations) => Runtime.current().run(() => awaitPlay(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "two Notifys, notifyOne and yield* notified() in generator tasks",
      run: (operations) => Runtime.current().run(() => yieldPlay(operations)),
    },
  ],
};

async function echo(ping: PromiseNotify, pong: PromiseNotify, operations: number): Promise<number> {
  let count = 0;
  while (count < operations) {
    await ping.notified();
    count++;
    pong.notifyOne();
  }
  return count;
}
async function play(ping: PromiseNotify, pong: PromiseNotify, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) {
    ping.notifyOne();
    await pong.notified();
  }
}

async function onceEcho(events: EventEmitter, operations: number): Promise<number> {
  let count = 0;
  let next = once(events, "ping");
  while (count < operations) {
    await next;
    count++;
    next = once(events, "ping");
    events.emit("pong");
  }
  return count;
}
async function oncePlay(events: EventEmitter, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) {
    const answered = once(events, "pong");
    events.emit("ping");
    await answered;
  }
}

async function awaitEcho(ping: Notify, pong: Notify, operations: number): Promise<number> {
  let count = 0;
  while (count < operations) {
    await ping.notified();
    count++;
    pong.notifyOne();
  }
  return count;
}
async function awaitPlay(operations: number): Promise<number> {
  const ping = new Notify();
  const pong = new Notify();
  const echoing = spawn(() => awaitEcho(ping, pong, operations));
  for (let i = 0; i < operations; i++) {
    ping.notifyOne();
    await pong.notified();
  }
  return await echoing;
}

function* yieldEcho(ping: Notify, pong: Notify, operations: number): Routine<number> {
  let count = 0;
  while (count < operations) {
    yield* ping.notified();
    count++;
    pong.notifyOne();
  }
  return count;
}
function* yieldPlay(operations: number): Routine<number> {
  const ping = new Notify();
  const pong = new Notify();
  const echoing = spawn(() => yieldEcho(ping, pong, operations));
  for (let i = 0; i < operations; i++) {
    ping.notifyOne();
    yield* pong.notified();
  }
  return yield* echoing;
}

const effectEcho = Effect.fnUntraced(function* (ping: Latch.Latch, pong: Latch.Latch, operations: number) {
  let count = 0;
  while (count < operations) {
    yield* ping.await;
    yield* ping.close;
    count++;
    yield* pong.open;
  }
  return count;
});
const effectPlay = Effect.fnUntraced(function* (operations: number) {
  const ping = yield* Latch.make();
  const pong = yield* Latch.make();
  const echoing = yield* Effect.forkChild(effectEcho(ping, pong, operations));
  for (let i = 0; i < operations; i++) {
    yield* ping.open;
    yield* pong.await;
    yield* pong.close;
  }
  return yield* Fiber.join(echoing);
});
