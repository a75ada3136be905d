/** mpsc by hand: who is woken, when, and what a slot, a permit and a message do when somebody goes away. */
import { ClosedError, mpsc, PENDING, SendError } from "millrace";
import { step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { now } from "./outcome.ts";

const FULL = { ok: false, reason: "full" };
const CLOSED = { ok: false, reason: "closed" };
const EMPTY = { ok: false, reason: "empty" };

function permitOf<T extends {}>(tx: mpsc.Sender<T>): mpsc.Permit<T> {
  const reserved = tx.tryReserve();
  if (!reserved.ok) throw new Error(`no slot: ${reserved.reason}`);
  return reserved.value;
}
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
  expect(rx.tryRecv()).toEqual({ ok: true, value: 1 });
  expect(waiting.poll()).toBe(2);
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
  expect([into, waiting.poll()]).toEqual([[0, 1], 2]);
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
  for (const count of [3, 1e9, Number.MAX_SAFE_INTEGER]) {
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
