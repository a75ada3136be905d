import { broadcast, ClosedError, LaggedError, PENDING, spawn, yieldNow } from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught, expectMisuse, now } from "./outcome.ts";

const CLOSED = { ok: false, reason: "closed" };
const EMPTY = { ok: false, reason: "empty" };
const message = <T>(value: T) => ({ ok: true, value });

function missedBy(receive: () => unknown): number {
  try {
    receive();
  } catch (error) {
    expect(error).toBeInstanceOf(LaggedError);
    return (error as LaggedError).missed;
  }
  throw new Error("it had not lagged");
}

inBothStyles(
  "BRC-01 BRC-02 every receiver gets what was sent since it subscribed, in order",
  function* ({ body }) {
    const [tx, rx] = broadcast.channel<number>(16);
    tx.send(0);
    const late = tx.subscribe();
    const heard = [rx, late].map((each) =>
      spawn(
        body(function* () {
          const got: number[] = [];
          for (let n = yield* get(each.recv()); n !== undefined; n = yield* get(each.recv())) got.push(n);
          return got;
        }),
      ),
    );
    for (let n = 1; n < 5; n++) {
      expect(tx.send(n)).toBe(2);
      yield* get(yieldNow());
    }
    tx.close();
    expect([yield* get(heard[0]!), yield* get(heard[1]!)]).toEqual([
      [0, 1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
  },
);

inBothStyles(
  "BRC-07 BRC-12 overrun by k is reported as k, then the oldest kept; and afresh for the next gap",
  function* () {
    const [tx, rx] = broadcast.channel<number>(4);
    for (let n = 0; n < 7; n++) tx.send(n);
    expect((yield* caught(rx.recv())) as LaggedError).toMatchObject({ missed: 3 });
    for (let n = 3; n < 7; n++) expect(yield* get(rx.recv())).toBe(n);
    for (let n = 7; n < 12; n++) tx.send(n);
    expect((yield* caught(rx.recv())) as LaggedError).toMatchObject({ missed: 1 });
    expect(yield* get(rx.recv())).toBe(8);
  },
);

inBothStyles("BRC-22 an endless loop of send and recv lets others run", function* ({ body }) {
  const [tx, rx] = broadcast.channel<number>(4);
  let isOver = false;
  const busy = spawn(
    body(function* () {
      while (!isOver) {
        tx.send(1);
        yield* get(rx.recv());
      }
    }),
  );
  yield* get(yieldNow());
  isOver = true;
  yield* get(busy);
});

inBothStyles("a task cancelled in recv loses nothing", function* ({ body }) {
  const [tx, rx] = broadcast.channel<number>(4);
  const waiting = spawn(
    body(function* () {
      yield* get(rx.recv());
    }),
  );
  yield* get(yieldNow());
  tx.send(1);
  waiting.abort();
  yield* get(waiting.settled());
  expect(yield* get(rx.recv())).toBe(1);
});

test("a loop ends with the channel, throws when it lagged, and a new one goes on at the oldest kept", () =>
  paused(async () => {
    const [tx, rx] = broadcast.channel<number>(2);
    for (let n = 0; n < 3; n++) tx.send(n);
    const loop = async () => {
      const seen: number[] = [];
      for await (const n of rx) seen.push(n);
      return seen;
    };
    await expect(loop()).rejects.toThrow(LaggedError);
    tx.close();
    expect(await loop()).toEqual([1, 2]);
  }));

test("BRC-03 a message wakes those who wait, and nobody else", () => {
  const [tx, rx] = broadcast.channel<number>(4);
  const other = tx.subscribe();
  const idle = tx.subscribe();
  const all = [step(rx.recv()), step(other.recv()), step(idle.recv())];
  all[0]!.poll();
  all[1]!.poll();
  expect(tx.send(1)).toBe(3);
  expect(all.map(({ wakeCount }) => wakeCount)).toEqual([1, 1, 0]);
  expect(all.map((stepper) => stepper.poll())).toEqual([1, 1, 1]);
});

test("BRC-08 the capacity is rounded up to a power of two, and lag counts by it", () => {
  for (const [capacity, rounded] of [
    [1, 1],
    [2, 2],
    [3, 4],
    [10, 16],
  ] as const) {
    const [tx, rx] = broadcast.channel<number>(capacity);
    for (let n = 0; n < rounded + 3; n++) tx.send(n);
    expect(rx.tryRecv()).toEqual({ ok: false, reason: "lagged", missed: 3 });
    expect(rx.tryRecv()).toEqual(message(3));
  }
  for (const capacity of [0, -1, 1.5, NaN, Infinity, 2 ** 31]) {
    expectMisuse(RangeError, () => broadcast.channel(capacity));
  }
});

test("BRC-13 with capacity 1, two unread messages are one missed and then the latest", () => {
  const [tx, rx] = broadcast.channel<string>(1);
  tx.send("one");
  tx.send("two");
  expect([missedBy(() => now(rx.recv())), now(rx.recv())]).toEqual([1, "two"]);
});

test("BRC-16 closing overwrites nothing: what is kept is received, then the end, lagged or not", () => {
  for (const sent of [1, 2, 5]) {
    const [tx, rx] = broadcast.channel<number>(2);
    for (let n = 0; n < sent; n++) tx.send(n);
    tx.close();
    if (sent > 2) expect(missedBy(() => now(rx.recv()))).toBe(sent - 2);
    for (let n = Math.max(0, sent - 2); n < sent; n++) expect(now(rx.recv())).toBe(n);
    expect([now(rx.recv()), rx.tryRecv(), now(rx.recv())]).toEqual([undefined, CLOSED, undefined]);
  }
});

test("BRC-17 what only one receiver had not seen is forgotten with it", () => {
  const [tx, rx] = broadcast.channel<number>(8);
  const slow = tx.subscribe();
  for (let n = 0; n < 3; n++) tx.send(n);
  for (let n = 0; n < 3; n++) now(rx.recv());
  expect(tx.size).toBe(3);
  slow.close();
  expect([tx.size, tx.receiverCount]).toEqual([0, 1]);
});

test("BRC-19 a receiver's size counts overwritten ones until the lag was reported", () => {
  const [tx, rx] = broadcast.channel<number>(2);
  for (let n = 0; n < 5; n++) tx.send(n);
  expect(rx.size).toBe(5);
  expect(missedBy(() => now(rx.recv()))).toBe(3);
  expect(rx.size).toBe(2);
  now(rx.recv());
  expect(rx.size).toBe(1);
});

test("BRC-21 resubscribe starts at the tail and leaves the original alone", () => {
  const [tx, rx] = broadcast.channel<number>(2);
  for (let n = 0; n < 3; n++) tx.send(n);
  const fresh = rx.resubscribe();
  expect([fresh.tryRecv(), fresh.size]).toEqual([EMPTY, 0]);
  expect(missedBy(() => now(rx.recv()))).toBe(1);
  tx.send(3);
  expect(fresh.tryRecv()).toEqual(message(3));
  tx.close();
  expect(now(rx.resubscribe().recv())).toBeUndefined();
});

test("BRC-23 closed() completes at the last receiver's end; one that appears before makes it wait again", () => {
  const [tx, rx] = broadcast.channel<number>(2);
  const closed = step(tx.closed());
  expect(closed.poll()).toBe(PENDING);
  rx.close();
  expect(closed.isWoken).toBe(true);
  const late = tx.subscribe();
  expect(closed.poll()).toBe(PENDING);
  late.close();
  expect([closed.poll(), tx.send(1), tx.size, now(tx.closed())]).toEqual([undefined, 0, 0, undefined]);
});

test("BRC-25 polled from elsewhere, a recv wakes whoever polled it last", () => {
  const [tx, rx] = broadcast.channel<number>(2);
  const woken: string[] = [];
  const recv = rx.recv();
  recv.poll({ wake: () => woken.push("first") });
  recv.poll({ wake: () => woken.push("second") });
  tx.send(1);
  expect(woken).toEqual(["second"]);
});

test("the last sender's end wakes those who wait", () => {
  const [tx, rx] = broadcast.channel<number>(2);
  const clone = tx.clone();
  const waiting = step(rx.recv());
  waiting.poll();
  tx.close();
  tx.close();
  expect(waiting.isWoken).toBe(false);
  clone[Symbol.dispose]();
  expect([waiting.wakeCount, waiting.poll()]).toEqual([1, undefined]);
});

test("recv that is abandoned, in any state, takes nothing", () => {
  const [tx, rx] = broadcast.channel<number>(2);
  const [waiting, woken] = [step(rx.recv()), step(rx.recv())];
  waiting.poll();
  waiting.drop();
  woken.poll();
  tx.send(1);
  expect([waiting.wakeCount, woken.wakeCount]).toEqual([0, 1]);
  woken.drop();
  expect(rx.tryRecv()).toEqual(message(1));
});

test("any use of a handle that was closed throws ClosedError, but closing it again; undefined cannot be sent", () => {
  const [tx, rx] = broadcast.channel<number>(2);
  expectMisuse(TypeError, () => tx.send(undefined as unknown as number));
  const waiting = step(rx.recv());
  waiting.poll();
  rx.close();
  rx[Symbol.dispose]();
  expect([waiting.isWoken, waiting.poll(), tx.receiverCount, rx.size]).toEqual([true, undefined, 0, 0]);
  for (const name of ["recv", "tryRecv", "resubscribe"] as const) expectMisuse(ClosedError, () => rx[name]());
  expectMisuse(ClosedError, () => rx[Symbol.asyncIterator]());
  tx.close();
  expectMisuse(ClosedError, () => tx.send(1));
  for (const name of ["subscribe", "clone", "closed"] as const) expectMisuse(ClosedError, () => tx[name]());
});
