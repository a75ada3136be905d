/** mpsc by hand: receiving, one or many, and messages that are assigned to somebody who goes away. */
import { joinAll, mpsc, PENDING, spawn, yieldNow } from "millrace";
import { step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { CLOSED, EMPTY, now } from "./outcome.ts";

// ── recvMany, bounded and not (MPSC-51)

interface Ends {
  readonly name: string;
  readonly rx: mpsc.Receiver<number>;
  send(value: number): void;
  close(): void;
}
const kinds: readonly (() => Ends)[] = [
  () => {
    const [tx, rx] = mpsc.channel<number>(64);
    return { name: "bounded", rx, send: (value) => void tx.trySend(value), close: () => tx.close() };
  },
  () => {
    const [tx, rx] = mpsc.unbounded<number>();
    return { name: "unbounded", rx, send: (value) => tx.send(value), close: () => tx.close() };
  },
];

describe.each(kinds.map((make) => [make().name, make] as const))("MPSC-51 %s", (_, make) => {
  test("MPSC-02 buffered messages, then the end, which repeats", () => {
    const { rx, send, close } = make();
    send(1);
    close();
    expect([now(rx.recv()), now(rx.recv()), now(rx.recv())]).toEqual([1, undefined, undefined]);
  });

  test("MPSC-10 recvMany of 0 gives 0 at once, also on an open, empty channel, and leaves the array alone", () => {
    const { rx, send } = make();
    const into = [7];
    expect(now(rx.recvMany(into, 0))).toBe(0);
    send(1);
    expect(now(rx.recvMany(into, 0))).toBe(0);
    expect([into, rx.size]).toEqual([[7], 1]);
  });

  test("MPSC-11 recvMany appends at most the limit, in order, and waits for the first", () => {
    const { rx, send } = make();
    const into = [-1];
    const waiting = step(rx.recvMany(into, 3));
    expect(waiting.poll()).toBe(PENDING);
    for (let i = 0; i < 5; i++) send(i);
    expect([waiting.wakeCount, into]).toEqual([1, [-1]]);
    expect(waiting.poll()).toBe(3);
    expect(now(rx.recvMany(into, 9))).toBe(2);
    expect(into).toEqual([-1, 0, 1, 2, 3, 4]);
  });

  test("MPSC-12 recvMany gives 0 for ever once closed and drained, whatever the array holds", () => {
    const { rx, send, close } = make();
    const into: number[] = [];
    send(1);
    close();
    expect([1, 2, 3].map(() => now(rx.recvMany(into, 2)))).toEqual([1, 0, 0]);
    expect(into).toEqual([1]);
  });

  test("MPSC-13 recvMany that waits is told the end by the last sender", () => {
    const { rx, close } = make();
    const waiting = step(rx.recvMany([], 4));
    waiting.poll();
    close();
    expect([waiting.isWoken, waiting.poll()]).toEqual([true, 0]);
  });

  test("MPSC-31 tryRecv: empty while a sender is left, closed after the last one when drained", () => {
    const { rx, send, close } = make();
    expect(rx.tryRecv()).toEqual(EMPTY);
    send(1);
    close();
    expect(rx.tryRecv()).toEqual({ ok: true, value: 1 });
    expect([rx.tryRecv(), rx.tryRecv()]).toEqual([CLOSED, CLOSED]);
  });

  test("MPSC-32 tryRecv after close is closed though senders are left", () => {
    const { rx } = make();
    rx.close();
    expect(rx.tryRecv()).toEqual(CLOSED);
    expect(now(rx.recv())).toBeUndefined();
  });

  test("MPSC-38 MPSC-39 isClosed does not depend on what is buffered, nor the size on being closed", () => {
    const { rx, send, close } = make();
    expect([rx.isClosed, rx.size]).toEqual([false, 0]);
    for (let i = 0; i < 64; i++) send(i);
    expect([rx.isClosed, rx.size]).toEqual([false, 64]);
    close();
    expect([rx.isClosed, rx.size]).toEqual([true, 64]);
    const other = make();
    other.send(1);
    other.rx.close();
    expect([other.rx.isClosed, other.rx.size]).toEqual([true, 1]);
    now(other.rx.recv());
    expect(other.rx.size).toBe(0);
  });

  test("MPSC-41 the size is right through hundreds of cycles", () => {
    const { rx, send } = make();
    for (let cycle = 0; cycle < 256; cycle++) {
      expect(rx.size).toBe(0);
      send(cycle);
      expect(rx.size).toBe(1);
      expect(now(rx.recv())).toBe(cycle);
    }
  });

  test("the receiver is woken by the first message only, and each waiting recv by one of its own", () => {
    const { rx, send } = make();
    const [first, second] = [step(rx.recv()), step(rx.recv())];
    first.poll();
    second.poll();
    send(1);
    expect([first.wakeCount, second.wakeCount]).toEqual([1, 0]);
    send(2);
    expect([first.wakeCount, second.wakeCount]).toEqual([1, 1]);
    expect([first.poll(), second.poll()]).toEqual([1, 2]);
  });

  test("disposing the receiver discards what is buffered and tells who waits, woken or not", () => {
    const { rx, send } = make();
    const [woken, waiting] = [step(rx.recv()), step(rx.recvMany([], 2))];
    woken.poll();
    waiting.poll();
    send(1);
    rx[Symbol.dispose]();
    expect([waiting.isWoken, woken.poll(), waiting.poll(), rx.size]).toEqual([true, undefined, 0, 0]);
    expect([rx.tryRecv(), now(rx.recv())]).toEqual([CLOSED, undefined]);
  });

  test("a message that was assigned to a recv is not lost with it, after the receiver was disposed neither found", () => {
    const { rx, send } = make();
    const woken = step(rx.recv());
    woken.poll();
    send(1);
    rx[Symbol.dispose]();
    woken.drop();
    expect([rx.tryRecv(), now(rx.recv())]).toEqual([CLOSED, undefined]);
  });
});

// ── messages assigned to receivers

test("tryRecv does not take a message that is assigned to a waiting recv", () => {
  const [tx, rx] = mpsc.channel<number>(4);
  const waiting = step(rx.recv());
  waiting.poll();
  tx.trySend(1);
  expect([rx.tryRecv(), rx.size]).toEqual([EMPTY, 1]);
  tx.trySend(2);
  expect(rx.tryRecv()).toEqual({ ok: true, value: 2 });
  expect(waiting.poll()).toBe(1);
});

test("who waited longer gets the earlier message, whoever polls first", () => {
  const [tx, rx] = mpsc.channel<number>(4);
  const into: number[] = [];
  const [first, second, third] = [step(rx.recv()), step(rx.recvMany(into, 4)), step(rx.recv())];
  for (const each of [first, second, third]) each.poll();
  for (let i = 1; i <= 4; i++) tx.trySend(i);
  expect(third.poll()).toBe(3);
  expect([second.poll(), into]).toEqual([2, [2, 4]]);
  // One that goes away leaves its message to those behind it.
  const late = step(rx.recv());
  late.poll();
  tx.trySend(5);
  first.drop();
  expect([late.poll(), now(rx.recv())]).toEqual([1, 5]);
});

inBothStyles("what is received together comes in order", function* () {
  const [tx, rx] = mpsc.channel<number>(8);
  const received = spawn(joinAll([rx.recv(), rx.recv(), rx.recv()]));
  yield* get(yieldNow());
  for (const i of [1, 2, 3]) tx.trySend(i);
  expect(yield* get(received)).toEqual([1, 2, 3]);
});

test("a recv that is abandoned after it was woken puts its message back in order", () => {
  const [tx, rx] = mpsc.channel<number>(4);
  const [gone, next] = [step(rx.recv()), step(rx.recv())];
  gone.poll();
  next.poll();
  tx.trySend(1);
  gone.drop();
  expect(next.isWoken).toBe(true);
  tx.trySend(2);
  expect([next.poll(), now(rx.recv())]).toEqual([1, 2]);

  const again = step(rx.recv());
  again.poll();
  tx.trySend(3);
  tx.trySend(4);
  again.drop();
  expect([rx.size, now(rx.recv()), rx.tryRecv()]).toEqual([2, 3, { ok: true, value: 4 }]);
});

test("the channel is not drained while a message is only assigned: whoever asks then may still get it", () => {
  const [tx, rx] = mpsc.channel<number>(4);
  const woken = step(rx.recv());
  woken.poll();
  tx.trySend(1);
  tx.close();
  const behind = step(rx.recv());
  expect([behind.poll(), rx.tryRecv()]).toEqual([PENDING, EMPTY]);
  woken.drop();
  expect([behind.isWoken, behind.poll(), rx.tryRecv()]).toEqual([true, 1, CLOSED]);
});

test("whoever waits behind the last assigned message is told the end when it is taken", () => {
  const [tx, rx] = mpsc.channel<number>(4);
  const [woken, behind] = [step(rx.recv()), step(rx.recvMany([], 3))];
  woken.poll();
  behind.poll();
  tx.trySend(1);
  tx.close();
  expect(behind.isWoken).toBe(false);
  expect([woken.poll(), behind.isWoken, behind.poll()]).toEqual([1, true, 0]);
});

test("recvMany takes no message that is assigned to somebody else", () => {
  const [tx, rx] = mpsc.channel<number>(8);
  const waiting = step(rx.recv());
  waiting.poll();
  for (let i = 0; i < 3; i++) tx.trySend(i);
  const into: number[] = [];
  expect(now(rx.recvMany(into, 8))).toBe(2);
  expect([into, waiting.poll()]).toEqual([[1, 2], 0]);
});

test("recvMany that was woken and is abandoned has appended nothing and loses nothing", () => {
  const [tx, rx] = mpsc.channel<number>(8);
  const into: number[] = [];
  const waiting = step(rx.recvMany(into, 8));
  waiting.poll();
  tx.trySend(1);
  waiting.drop();
  expect([into, rx.size, now(rx.recvMany(into, 8)), into]).toEqual([[1], 1, 1, [1]]);
});
