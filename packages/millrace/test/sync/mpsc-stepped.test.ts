/** mpsc by hand: slots and permits, who is woken for them, and how the channel ends while they are about. */
import { ClosedError, mpsc, PENDING, SendError } from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { CLOSED, EMPTY, FULL, now, permitOf } from "./outcome.ts";

test("MPSC-06 an unused permit that is released frees its slot for the next waiter; a later reserve waits behind", () => {
  const [tx] = mpsc.channel<number>(1);
  const permit = permitOf(tx);
  const first = step(tx.reserve());
  expect(first.poll()).toBe(PENDING);
  permit.release();
  expect([first.isWoken, tx.capacity]).toEqual([true, 0]);
  const later = step(tx.reserve());
  expect(later.poll()).toBe(PENDING);
  const granted = first.poll();
  expect(granted).toBeInstanceOf(mpsc.Permit);
  expect(later.isWoken).toBe(false);
  (granted as mpsc.Permit<number>)[Symbol.dispose]();
  expect(later.isWoken).toBe(true);
});

test("MPSC-07 a waiting reserve that is abandoned is skipped, and its task is not woken", () => {
  const [tx] = mpsc.channel<number>(1);
  const permit = permitOf(tx);
  const [gone, next] = [step(tx.reserve()), step(tx.reserve())];
  gone.poll();
  next.poll();
  gone.drop();
  permit.release();
  expect([gone.wakeCount, next.wakeCount]).toEqual([0, 1]);
});

test("MPSC-08 trySend cannot barge past a reserve that was assigned the free slot", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  const reserving = step(tx.reserve());
  reserving.poll();
  expect(rx.tryRecv()).toEqual({ ok: true, value: 1 });
  expect([tx.trySend(2), tx.tryReserve(), tx.capacity]).toEqual([FULL, FULL, 0]);
  reserving.drop();
  expect(tx.trySend(2).ok).toBe(true);
});

test("MPSC-09 trySend and tryReserve: full without a slot, closed without a receiver, and closed wins", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  expect(tx.trySend(1)).toEqual({ ok: true, value: undefined });
  expect([tx.trySend(2), tx.tryReserve()]).toEqual([FULL, FULL]);
  rx.close();
  expect([tx.trySend(2), tx.tryReserve()]).toEqual([CLOSED, CLOSED]);
  expect(rx.tryRecv()).toEqual({ ok: true, value: 1 });
  expect([tx.trySend(2), tx.tryReserve()]).toEqual([CLOSED, CLOSED]);
});

// ── ending while permits and reserves are about

test.each(["release", "send", "dispose"] as const)(
  "MPSC-17 MPSC-18 MPSC-19 the last permit wakes the receiver with the end when it goes: %s",
  (how) => {
    for (const closing of ["senders", "receiver"]) {
      const [tx, rx] = mpsc.channel<number>(2);
      const [permit, last] = [permitOf(tx), permitOf(tx)];
      if (closing === "senders") tx.close();
      else rx.close();
      const waiting = step(rx.recv());
      expect(waiting.poll()).toBe(PENDING);
      permit.release();
      expect(waiting.isWoken).toBe(false);
      if (how === "send") last.send(5);
      else if (how === "release") last.release();
      else last[Symbol.dispose]();
      expect(waiting.isWoken).toBe(true);
      expect(waiting.poll()).toBe(how === "send" ? 5 : undefined);
      expect(now(rx.recv())).toBeUndefined();
    }
  },
);

test("MPSC-20 a reserve that was woken and is abandoned after close leaves the channel ended", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  const reserving = step(tx.reserve());
  reserving.poll();
  expect(now(rx.recv())).toBe(1);
  expect(reserving.isWoken).toBe(true);
  rx.close();
  reserving.drop();
  expect([now(rx.recv()), rx.tryRecv(), tx.capacity]).toEqual([undefined, CLOSED, 1]);
});

test.each(["dropped", "polled"])(
  "MPSC-22 a queued reserveMany that collected in part gives all back after close: %s",
  (how) => {
    const [tx, rx] = mpsc.channel<number>(3);
    const permits = [permitOf(tx), permitOf(tx), permitOf(tx)];
    const reserving = step(tx.reserveMany(3));
    reserving.poll();
    permits[0]!.release();
    permits[1]!.release();
    const receiving = step(rx.recv());
    receiving.poll();
    rx.close();
    if (how === "dropped") reserving.drop();
    else expect(() => reserving.poll()).toThrow(ClosedError);
    permits[2]!.release();
    expect([receiving.isWoken, receiving.poll(), tx.capacity]).toEqual([true, undefined, 3]);
  },
);

test.each(["dropped", "polled"])(
  "MPSC-23 a reserve that was assigned a slot fails once the channel is closed, and returns the slot: %s",
  (how) => {
    const [tx, rx] = mpsc.channel<number>(1);
    const permit = permitOf(tx);
    const reserving = step(tx.reserve());
    reserving.poll();
    const receiving = step(rx.recv());
    receiving.poll();
    permit.release();
    expect(reserving.isWoken).toBe(true);
    rx.close();
    if (how === "dropped") reserving.drop();
    else expect(() => reserving.poll()).toThrow(ClosedError);
    expect([receiving.isWoken, receiving.poll(), tx.capacity]).toEqual([true, undefined, 1]);
  },
);

test("a send that was assigned a slot fails once the channel is closed, with its value", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  const sending = step(tx.send(2));
  sending.poll();
  expect(now(rx.recv())).toBe(1);
  rx.close();
  expect(() => sending.poll()).toThrow(SendError);
  expect([rx.tryRecv(), rx.size]).toEqual([CLOSED, 0]);
});

test("MPSC-24 reserveMany of more than the capacity rejects with RangeError at once, on a full channel too", () => {
  const [tx] = mpsc.channel<number>(2);
  tx.trySend(1);
  for (const count of [3, 1e9, Number.MAX_SAFE_INTEGER, 2 ** 64, Number.MAX_VALUE]) {
    const reserving = step(tx.reserveMany(count));
    expect(() => reserving.poll()).toThrow(RangeError);
  }
  expect(tx.capacity).toBe(1);
});

test("MPSC-25 reserveMany of 0 gives none, also when full or behind a queue; closed it fails", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  expect(now(tx.reserveMany(0))).toEqual([]);
  step(tx.reserve()).poll();
  expect(now(tx.reserveMany(0))).toEqual([]);
  rx.close();
  expect(() => step(tx.reserveMany(0)).poll()).toThrow(ClosedError);
});

test("MPSC-26 reserveMany is all or nothing; the capacity follows each permit, and unused ones come back", () => {
  const [tx, rx] = mpsc.channel<number>(5);
  const permits = now(tx.reserveMany(4));
  expect([permits.length, tx.capacity, tx.maxCapacity]).toEqual([4, 1, 5]);
  const more = step(tx.reserveMany(2));
  expect(more.poll()).toBe(PENDING);
  expect(tx.capacity).toBe(0);
  more.drop();
  expect(tx.capacity).toBe(1);
  permits[0]!.send(0);
  permits[1]!.send(1);
  permits[2]!.release();
  permits[3]!.release();
  expect(tx.capacity).toBe(3);
  expect([now(rx.recv()), tx.capacity]).toEqual([0, 4]);
  expect([now(rx.recv()), tx.capacity]).toEqual([1, 5]);
});

test("MPSC-27 a reserveMany that waits is woken once, when all its slots have come", () => {
  const [tx, rx] = mpsc.channel<number>(3);
  for (let i = 0; i < 3; i++) tx.trySend(i);
  const reserving = step(tx.reserveMany(3));
  const small = step(tx.send(9));
  reserving.poll();
  small.poll();
  expect(now(rx.recvMany([], 2))).toBe(2);
  expect([reserving.wakeCount, small.wakeCount, tx.capacity]).toEqual([0, 0, 0]);
  now(rx.recv());
  expect([reserving.wakeCount, small.wakeCount]).toEqual([1, 0]);
  const permits = reserving.poll() as mpsc.Permit<number>[];
  for (const [i, permit] of permits.entries()) permit.send(10 + i);
  const into: number[] = [];
  expect([now(rx.recvMany(into, 3)), into, small.isWoken]).toEqual([3, [10, 11, 12], true]);
  small.poll();
  expect(now(rx.recv())).toBe(9);
});

test("a reserveMany abandoned with a part of its slots lets the small ones behind it go on", () => {
  const [tx, rx] = mpsc.channel<number>(3);
  for (let i = 0; i < 3; i++) tx.trySend(i);
  const large = step(tx.reserveMany(3));
  const small = [step(tx.send(10)), step(tx.send(11)), step(tx.send(12))];
  for (const stepper of [large, ...small]) stepper.poll();
  now(rx.recvMany([], 2));
  large.drop();
  expect(small.map(({ isWoken }) => isWoken)).toEqual([true, true, false]);
  expect(tx.capacity).toBe(0);
});

test("MPSC-29 disposing the receiver drops what is buffered and fails everything, waiting or new", () => {
  const [tx, rx] = mpsc.channel<object>(1);
  tx.trySend({});
  const waiting = [step(tx.send({})), step(tx.reserve()), step(tx.reserveMany(1))];
  for (const stepper of waiting) stepper.poll();
  rx[Symbol.dispose]();
  rx[Symbol.dispose]();
  expect(rx.size).toBe(0);
  for (const stepper of waiting) {
    expect(stepper.isWoken).toBe(true);
    expect(() => stepper.poll()).toThrow(ClosedError);
  }
  expect(() => step(tx.send({})).poll()).toThrow(SendError);
  expect(() => step(tx.reserve()).poll()).toThrow(ClosedError);
  expect(() => step(tx.reserveMany(1)).poll()).toThrow(ClosedError);
  expect([tx.trySend({}), tx.tryReserve(), tx.isClosed]).toEqual([CLOSED, CLOSED, true]);
});

test("MPSC-33 tryRecv after close with a permit left is empty until the permit goes", () => {
  const [tx, rx] = mpsc.channel<number>(2);
  const [permit, other] = [permitOf(tx), permitOf(tx)];
  rx.close();
  expect(rx.tryRecv()).toEqual(EMPTY);
  permit.send(1);
  expect([rx.tryRecv(), rx.tryRecv()]).toEqual([{ ok: true, value: 1 }, EMPTY]);
  other.release();
  expect(rx.tryRecv()).toEqual(CLOSED);
});

test("MPSC-34 tryRecv and trySend agree while the buffer wraps round", () => {
  const [tx, rx] = mpsc.channel<number>(5);
  let sent = 0;
  let received = 0;
  for (let round = 0; round < 40; round++) {
    while (tx.trySend(sent).ok) sent++;
    expect([rx.size, tx.capacity]).toEqual([5, 0]);
    for (let i = 0; i <= round % 5; i++) expect(rx.tryRecv()).toEqual({ ok: true, value: received++ });
  }
  while (received < sent) expect(rx.tryRecv()).toEqual({ ok: true, value: received++ });
  expect(rx.tryRecv()).toEqual(EMPTY);
});

test("MPSC-38 isClosed: by close, without senders, and not while a permit is left", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const permit = permitOf(tx);
  tx.close();
  expect(rx.isClosed).toBe(false);
  permit.send(1);
  expect([rx.isClosed, rx.size]).toEqual([true, 1]);
});
