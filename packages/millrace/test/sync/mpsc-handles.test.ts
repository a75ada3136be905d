/** mpsc by hand: weak senders, and handles that are closed while their operations are under way. */
import { ClosedError, mpsc, PENDING, SendError } from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { CLOSED, EMPTY, now, permitOf } from "./outcome.ts";

// ── weak senders

test("MPSC-45 a weak sender upgrades while a sender lives, also one of a temporary clone", () => {
  const [tx] = mpsc.channel<number>(1);
  const temporary = tx.clone();
  const weak = temporary.downgrade();
  temporary.close();
  const upgraded = weak.upgrade();
  expect(upgraded?.trySend(1).ok).toBe(true);
  tx.close();
  expect(weak.upgrade()).toBeInstanceOf(mpsc.Sender);
  expect(weak.strongCount).toBe(2);
});

test.each(["downgrade first", "reserve first"])(
  "MPSC-46 a weak sender upgrades while a permit is all that is left: %s",
  (order) => {
    const [tx, rx] = mpsc.channel<number>(2);
    let weak = order === "downgrade first" ? tx.downgrade() : undefined;
    const permit = permitOf(tx);
    weak ??= tx.downgrade();
    tx.close();
    expect(weak.strongCount).toBe(0);
    const again = weak.upgrade()!;
    permit.release();
    expect(rx.tryRecv()).toEqual(EMPTY);
    again.close();
    expect([weak.upgrade(), rx.tryRecv()]).toEqual([undefined, CLOSED]);
  },
);

test("MPSC-47 weak senders do not keep the channel open", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const weak = tx.downgrade();
  const waiting = step(rx.recv());
  waiting.poll();
  tx.close();
  expect([rx.isClosed, waiting.isWoken, waiting.poll(), weak.upgrade()]).toEqual([
    true,
    true,
    undefined,
    undefined,
  ]);
});

test("MPSC-48 the strong count follows clone, upgrade and close, however often closed", () => {
  const [tx] = mpsc.channel<number>(1);
  const weak = tx.downgrade();
  const clone = tx.clone();
  expect(weak.strongCount).toBe(2);
  const upgraded = weak.upgrade()!;
  expect([weak.strongCount, clone.downgrade().strongCount]).toEqual([3, 3]);
  for (let i = 0; i < 3; i++) clone.close();
  clone[Symbol.dispose]();
  expect(weak.strongCount).toBe(2);
  upgraded.close();
  tx.close();
  expect(weak.strongCount).toBe(0);
});

test("MPSC-49 what is sent after the receiver went is rejected and not stored", () => {
  const [tx, rx] = mpsc.channel<object>(4);
  const permit = permitOf(tx);
  const weak = tx.downgrade();
  rx[Symbol.dispose]();
  expect(weak.upgrade()?.trySend({})).toEqual(CLOSED);
  permit.send({});
  expect([rx.size, rx.tryRecv(), tx.capacity]).toEqual([0, CLOSED, 4]);
});

test("MPSC-49 an unbounded sender whose receiver went throws the value back", () => {
  const [tx, rx] = mpsc.unbounded<string>();
  tx.send("kept");
  rx.close();
  expect(() => tx.send("lost")).toThrow(SendError);
  try {
    tx.send("lost");
  } catch (error) {
    expect((error as SendError<string>).value).toBe("lost");
  }
  expect([rx.tryRecv(), rx.tryRecv()]).toEqual([{ ok: true, value: "kept" }, CLOSED]);
});

// ── a handle that is closed while its operations are under way

test.each(["send", "reserve", "reserveMany"] as const)(
  "a %s that waits is still served when its handle is closed, and keeps the channel open until then",
  (operation) => {
    const [tx, rx] = mpsc.channel<number>(1);
    const weak = tx.downgrade();
    tx.trySend(1);
    const waiting = step<unknown>(operation === "reserveMany" ? tx.reserveMany(1) : tx[operation](2));
    waiting.poll();
    tx.close();
    expect([rx.isClosed, now(rx.recv()), rx.tryRecv()]).toEqual([false, 1, EMPTY]);
    const upgraded = weak.upgrade()!;
    upgraded.close();
    const result = waiting.poll();
    if (operation !== "send") {
      const permit = [result].flat()[0] as mpsc.Permit<number>;
      expect(rx.tryRecv()).toEqual(EMPTY);
      permit.send(2);
    }
    expect([now(rx.recv()), now(rx.recv()), rx.isClosed]).toEqual([2, undefined, true]);
  },
);

test.each(["send", "reserve", "reserveMany"] as const)(
  "a %s that waits with its handle closed ends the channel when it is abandoned, woken or not",
  (operation) => {
    for (const isWoken of [false, true]) {
      const [tx, rx] = mpsc.channel<number>(1);
      tx.trySend(1);
      const waiting = step<unknown>(operation === "reserveMany" ? tx.reserveMany(1) : tx[operation](2));
      waiting.poll();
      tx.close();
      if (isWoken) now(rx.recv());
      const receiving = step(rx.recv());
      expect(receiving.poll()).toBe(isWoken ? PENDING : 1);
      waiting.drop();
      expect(now(rx.recv())).toBeUndefined();
      if (isWoken) expect([receiving.isWoken, receiving.poll()]).toEqual([true, undefined]);
    }
  },
);

test.each(["send", "reserve", "reserveMany"] as const)(
  "a %s that was made before the last sender closed and begins after it fails, and revives nothing",
  (operation) => {
    for (const isFull of [false, true]) {
      const [tx, rx] = mpsc.channel<number>(1);
      const weak = tx.downgrade();
      if (isFull) tx.trySend(1);
      const late = step<unknown>(operation === "reserveMany" ? tx.reserveMany(1) : tx[operation](2));
      tx.close();
      expect(() => late.poll()).toThrow(ClosedError);
      expect([weak.upgrade(), rx.isClosed, rx.size]).toEqual([undefined, true, isFull ? 1 : 0]);
      if (isFull) now(rx.recv());
      expect(now(rx.recv())).toBeUndefined();
    }
  },
);

test("a send made by a handle that was closed since goes through while another sender is left", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const clone = tx.clone();
  const late = step(clone.send(1));
  clone.close();
  expect([late.poll(), rx.tryRecv()]).toEqual([undefined, { ok: true, value: 1 }]);
});

test("permits outlive the senders and the closed receiver, and their messages arrive", () => {
  const [tx, rx] = mpsc.channel<number>(3);
  const [first, second, third] = now(tx.reserveMany(3)) as [
    mpsc.Permit<number>,
    mpsc.Permit<number>,
    mpsc.Permit<number>,
  ];
  tx.close();
  rx.close();
  second.send(2);
  third.release();
  first.send(1);
  expect([now(rx.recv()), now(rx.recv()), now(rx.recv())]).toEqual([2, 1, undefined]);
});

test("closing the receiver wakes whoever waits in send, reserve and closed, each once", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  const all = [step(tx.send(2)), step(tx.reserve()), step(tx.reserveMany(1)), step(tx.closed())];
  for (const stepper of all) stepper.poll();
  rx.close();
  rx.close();
  expect(all.map(({ wakeCount }) => wakeCount)).toEqual([1, 1, 1, 1]);
  expect(() => all[0]!.poll()).toThrow(SendError);
  expect(() => all[1]!.poll()).toThrow(ClosedError);
  expect(() => all[2]!.poll()).toThrow(ClosedError);
  expect(all[3]!.poll()).toBeUndefined();
});

test("polled from elsewhere, an operation wakes whoever polled it last", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const woken: string[] = [];
  const recv = rx.recv();
  recv.poll({ wake: () => woken.push("first") });
  recv.poll({ wake: () => woken.push("second") });
  tx.trySend(1);
  expect(woken).toEqual(["second"]);
  recv.drop();
  const closed = tx.closed();
  closed.poll({ wake: () => woken.push("third") });
  closed.poll({ wake: () => woken.push("fourth") });
  rx.close();
  expect(woken).toEqual(["second", "fourth"]);
});
