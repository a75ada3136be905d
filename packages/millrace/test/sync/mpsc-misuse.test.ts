/** What a channel refuses, and what may be repeated. */
import { ClosedError, mpsc } from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { expectMisuse, now } from "./outcome.ts";

const NOT_COUNTS = [-1, 1.5, NaN, Infinity, "1", undefined, null, 2 ** 53] as number[];

test("MPSC-03 a capacity that is not a positive integer is refused at the caller's line", () => {
  for (const capacity of [0, ...NOT_COUNTS]) expectMisuse(RangeError, () => mpsc.channel(capacity));
});

test("counts are integers of at least 0, else RangeError at the caller's line", () => {
  const [tx, rx] = mpsc.channel<number>(2);
  for (const count of NOT_COUNTS) {
    expectMisuse(RangeError, () => rx.recvMany([], count));
    // An integer, be it absurd, is just more than the capacity: MPSC-24.
    if (!Number.isInteger(count) || count < 0) expectMisuse(RangeError, () => tx.reserveMany(count));
  }
  expectMisuse(TypeError, () => rx.recvMany(undefined as unknown as number[], 1));
});

test("undefined cannot be sent, by no way; null can", () => {
  const nothing = undefined as unknown as null;
  const [tx, rx] = mpsc.channel<null>(2);
  const [unbounded] = mpsc.unbounded<null>();
  const permit = now(tx.reserve());
  expectMisuse(TypeError, () => tx.send(nothing));
  expectMisuse(TypeError, () => tx.trySend(nothing));
  expectMisuse(TypeError, () => unbounded.send(nothing));
  expectMisuse(TypeError, () => permit.send(nothing));
  permit.send(null);
  expect([now(rx.recv()), rx.size]).toEqual([null, 0]);
});

test("falsy messages are messages", () => {
  const [tx, rx] = mpsc.unbounded<{} | null>();
  const values = [0, "", false, NaN, null];
  for (const value of values) tx.send(value);
  expect(values.map(() => now(rx.recv()))).toEqual(values);
});

test("any use of a sender that was closed throws ClosedError at the caller's line, but closing it again", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const weak = tx.downgrade();
  const closed = tx.clone();
  closed.close();
  expect(() => {
    closed.close();
    closed[Symbol.dispose]();
  }).not.toThrow();
  expect([weak.strongCount, closed.isClosed, tx.isClosed]).toEqual([1, true, false]);
  const uses: (() => unknown)[] = [
    () => closed.send(1),
    () => closed.trySend(1),
    () => closed.reserve(),
    () => closed.reserveMany(1),
    () => closed.tryReserve(),
    () => closed.clone(),
    () => closed.downgrade(),
    () => closed.closed(),
  ];
  for (const use of uses) expectMisuse(ClosedError, use);
  expect([rx.isClosed, rx.size, tx.capacity]).toEqual([false, 0, 1]);
});

test("any use of an unbounded sender that was closed throws ClosedError, but closing it again", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  const closed = tx.clone();
  closed[Symbol.dispose]();
  closed.close();
  expectMisuse(ClosedError, () => closed.send(1));
  expectMisuse(ClosedError, () => closed.clone());
  expectMisuse(ClosedError, () => closed.closed());
  expect([closed.isClosed, tx.isClosed, rx.isClosed]).toEqual([true, false, false]);
});

test("a permit is used once: sending after that throws, releasing and disposing do nothing", () => {
  for (const end of ["send", "release"] as const) {
    const [tx, rx] = mpsc.channel<number>(2);
    const permit = now(tx.reserve());
    if (end === "send") permit.send(1);
    else permit.release();
    const { capacity } = tx;
    permit.release();
    permit[Symbol.dispose]();
    expectMisuse(ClosedError, () => permit.send(2));
    expect([tx.capacity, rx.size]).toEqual([capacity, end === "send" ? 1 : 0]);
    tx.close();
    now(rx.recv());
    expect(now(rx.recv())).toBeUndefined();
  }
});

test("a permit refused `undefined` can still be used", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const permit = now(tx.reserve());
  expect(() => permit.send(undefined as unknown as number)).toThrow(TypeError);
  permit.send(1);
  expect(rx.tryRecv()).toEqual({ ok: true, value: 1 });
});

test("`using` closes a sender, releases a permit, and closes and empties a receiver", () => {
  const [tx, receiver] = mpsc.channel<number>(2);
  {
    using sender = tx.clone();
    using permit = now(sender.reserve());
    expect([permit instanceof mpsc.Permit, tx.capacity, tx.downgrade().strongCount]).toEqual([true, 1, 2]);
  }
  expect([tx.capacity, tx.downgrade().strongCount]).toEqual([2, 1]);
  tx.trySend(1);
  {
    using rx = receiver;
    expect(rx.size).toBe(1);
  }
  expect([tx.isClosed, receiver.size, receiver.isClosed]).toEqual([true, 0, true]);
});

test("closing the receiver twice, and disposing it after, is as closing it once", () => {
  const [tx, rx] = mpsc.channel<number>(2);
  tx.trySend(1);
  rx.close();
  rx.close();
  expect(rx.size).toBe(1);
  rx[Symbol.dispose]();
  rx[Symbol.dispose]();
  rx.close();
  expect([rx.size, rx.isClosed, now(rx.recv())]).toEqual([0, true, undefined]);
});

test("an operation that has completed cannot be polled again", () => {
  const [tx, rx] = mpsc.channel<number>(2);
  for (const operation of [tx.send(1), tx.reserve(), rx.recv()]) {
    const stepper = step<unknown>(operation);
    stepper.poll();
    expect(() => stepper.poll()).toThrow("already completed");
  }
});
