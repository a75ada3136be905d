/** Millions of messages leave the heap where it was. */
import { broadcast, mpsc, oneshot, type Routine, spawn, watch, yieldNow } from "millrace";
import { expect, test } from "vitest";
import { turn } from "../turn.ts";

/** Each sends and receives `count` messages. */
const exchanges: Record<string, (count: number) => Routine<void>> = {
  *"a bounded channel"(count) {
    const [tx, rx] = mpsc.channel<number>(64);
    const sending = spawn(function* () {
      for (let i = 0; i < count; i++) yield* tx.send(i);
      tx.close();
    });
    let last: number | undefined;
    for (let received; (received = yield* rx.recv()) !== undefined;) last = received;
    expect(last).toBe(count - 1);
    yield* sending;
  },
  *"an unbounded channel"(count) {
    const [tx, rx] = mpsc.unbounded<number>();
    for (let i = 0; i < count;) {
      for (const end = Math.min(count, i + 1000); i < end; i++) tx.send(i);
      while (rx.size > 0) yield* rx.recv();
    }
  },
  *"a broadcast channel"(count) {
    const [tx, rx] = broadcast.channel<number>(64);
    const others = [tx.subscribe(), tx.subscribe()];
    for (let i = 0; i < count; i++) {
      tx.send(i);
      yield* rx.recv();
      for (const other of others) other.tryRecv();
    }
  },
  *"a watch channel"(count) {
    const [tx, rx] = watch.channel(0);
    const sending = spawn(function* () {
      for (let i = 1; i <= count; i++) {
        tx.send(i);
        if (i % 10 === 0) yield* yieldNow();
      }
    });
    yield* rx.waitFor((value) => value === count);
    yield* sending;
  },
  *"oneshot channels"(count) {
    for (let i = 0; i < count; i++) {
      const [tx, rx] = oneshot.channel<number>();
      tx.send(i);
      yield* rx;
    }
  },
};

async function heap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await turn();
    gc!();
  }
  return process.memoryUsage().heapUsed;
}

/** Compiled code and the like; a message has no share in it. */
const NOISE = 500_000;
const MILLION = 1_000_000;

test.each([
  ["a bounded channel", 10 * MILLION],
  ["an unbounded channel", MILLION],
  ["a broadcast channel", MILLION],
  ["a watch channel", MILLION],
  ["oneshot channels", MILLION],
])(
  "%s: %i messages leave the heap where it was",
  async (name, count) => {
    const exchange = exchanges[name]!;
    await spawn(() => exchange(10_000));
    const before = await heap();
    await spawn(() => exchange(count));
    expect((await heap()) - before).toBeLessThan(NOISE);
  },
  // Ten million take three seconds on an idle machine.
  60_000,
);
