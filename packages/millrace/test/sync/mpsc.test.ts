/** mpsc in tasks, in both styles: order, back-pressure, ending, loops. */
import { join, mpsc, select, SendError, sleep, spawn, timeout, TimeoutError, yieldNow } from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles, type Steps } from "../both-styles.ts";
import { caught } from "./outcome.ts";

inBothStyles(
  "messages arrive in the order in which they were sent, through a full channel",
  function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(2);
    const producer = spawn(
      body(function* () {
        for (let i = 0; i < 20; i++) yield* get(tx.send(i));
        tx.close();
      }),
    );
    const received: number[] = [];
    for (let value = yield* get(rx.recv()); value !== undefined; value = yield* get(rx.recv())) {
      expect(rx.size).toBeLessThanOrEqual(2);
      received.push(value);
    }
    yield* get(producer);
    expect(received).toEqual(Array.from({ length: 20 }, (_, i) => i));
  },
);

inBothStyles(
  "MPSC-02 what was sent before the last sender closed is received, then the end, again and again",
  function* () {
    const [tx, rx] = mpsc.channel<number>(4);
    const other = tx.clone();
    yield* get(tx.send(1));
    tx.close();
    yield* get(other.send(2));
    other.close();
    expect(yield* get(rx.recv())).toBe(1);
    expect(yield* get(rx.recv())).toBe(2);
    for (let i = 0; i < 3; i++) expect(yield* get(rx.recv())).toBeUndefined();
  },
);

inBothStyles(
  "a receiver that waits is told the end when the last sender closes",
  function* ({ body, clock }) {
    const [tx, rx] = mpsc.channel<number>(1);
    spawn(
      body(function* () {
        yield* get(sleep(5));
        tx.close();
      }),
    );
    expect(yield* get(rx.recv())).toBeUndefined();
    expect(clock.now()).toBe(5);
  },
);

inBothStyles(
  "MPSC-13 recvMany gets messages one at a time from a task that then closes its sender",
  function* ({ body }) {
    const [tx, rx] = mpsc.channel<string>(4);
    const into: string[] = [];
    const waiting = spawn(
      body(function* () {
        return yield* get(rx.recvMany(into, 10));
      }),
    );
    spawn(
      body(function* () {
        yield* get(tx.send("only"));
        tx.close();
      }),
    );
    expect(yield* get(waiting)).toBe(1);
    expect(yield* get(rx.recvMany(into, 10))).toBe(0);
    expect(into).toEqual(["only"]);
  },
);

inBothStyles(
  "MPSC-07 a waiting reserve that times out is skipped, and the slot goes to the next",
  function* ({ body, clock }) {
    const [tx, rx] = mpsc.channel<string>(1);
    yield* get(tx.send("first"));
    const impatient = spawn(
      body(function* () {
        yield* get(tx.reserve().timeout(5));
      }),
    );
    const patient = spawn(
      body(function* () {
        const permit = yield* get(tx.reserve());
        permit.send("second");
        return clock.now();
      }),
    );
    const error = yield* caught(impatient);
    expect(error).toBeInstanceOf(TimeoutError);
    yield* get(sleep(5));
    expect(yield* get(rx.recv())).toBe("first");
    expect(yield* get(patient)).toBe(10);
    expect(yield* get(rx.recv())).toBe("second");
  },
);

inBothStyles("MPSC-35 a send with a time limit: in time, too late, closed", function* () {
  const [tx, rx] = mpsc.channel<string>(1);
  yield* get(timeout(10, tx.send("a")));
  expect(yield* caught(tx.send("b").timeout(10))).toBeInstanceOf(TimeoutError);
  expect(rx.size).toBe(1);
  rx[Symbol.dispose]();
  const error = yield* caught(tx.send("c").timeout(10));
  expect(error).toBeInstanceOf(SendError);
  expect((error as SendError<string>).value).toBe("c");
});

inBothStyles("a losing recv in a select takes nothing, and a losing send sends nothing", function* () {
  const [tx, rx] = mpsc.channel<number>(1);
  for (let i = 0; i < 20; i++) {
    const lost = yield* get(select({ none: rx.recv(), now: sleep(1) }));
    expect(lost.key).toBe("now");
    yield* get(tx.send(i));
    expect((yield* get(select({ full: tx.send(-1), now: sleep(1) }))).key).toBe("now");
    expect(yield* get(rx.recv())).toBe(i);
  }
  expect(rx.size).toBe(0);
});

inBothStyles("several recv that wait at once are served first come, first served", function* ({ body }) {
  const [tx, rx] = mpsc.channel<number>(8);
  const order: string[] = [];
  const consumers = ["a", "b", "c"].map((name) =>
    spawn(
      body(function* () {
        for (let value = yield* get(rx.recv()); value !== undefined; value = yield* get(rx.recv()))
          order.push(`${name}${value}`);
      }),
    ),
  );
  yield* get(yieldNow());
  for (let i = 0; i < 6; i++) {
    yield* get(tx.send(i));
    yield* get(yieldNow());
  }
  tx.close();
  for (const consumer of consumers) yield* get(consumer);
  expect(order).toEqual(["a0", "b1", "c2", "a3", "b4", "c5"]);
});

inBothStyles("every one of many producers gets through, each in its own order", function* ({ body }) {
  const [tx, rx] = mpsc.channel<{ from: number; n: number }>(3);
  for (let from = 0; from < 8; from++) {
    const own = tx.clone();
    spawn(
      body(function* () {
        for (let n = 0; n < 25; n++) yield* get(own.send({ from, n }));
        own.close();
      }),
    );
  }
  tx.close();
  const next = Array.from({ length: 8 }, () => 0);
  for (let got = yield* get(rx.recv()); got !== undefined; got = yield* get(rx.recv())) {
    expect(got.n).toBe(next[got.from]!++);
  }
  expect(next).toEqual(Array.from({ length: 8 }, () => 25));
});

inBothStyles("a task cancelled in send or recv leaves the channel as it was", function* ({ body }) {
  const [tx, rx] = mpsc.channel<number>(1);
  const receiving = spawn(
    body(function* () {
      yield* get(rx.recv());
    }),
  );
  yield* get(yieldNow());
  receiving.abort();
  yield* get(receiving.settled());
  yield* get(tx.send(1));
  const sending = spawn(
    body(function* () {
      yield* get(tx.send(2));
    }),
  );
  yield* get(yieldNow());
  sending.abort();
  yield* get(sending.settled());
  expect(yield* get(rx.recv())).toBe(1);
  expect([rx.size, tx.capacity]).toEqual([0, 1]);
});

inBothStyles("an endless loop of send and recv lets others run", function* ({ body }) {
  const [tx, rx] = mpsc.channel<number>(1);
  let isOver = false;
  let rounds = 0;
  const busy = spawn(
    body(function* () {
      while (!isOver) {
        yield* get(tx.send(rounds++));
        yield* get(rx.recv());
      }
    }),
  );
  yield* get(yieldNow());
  isOver = true;
  yield* get(busy);
  expect(rounds).toBeLessThan(1000);
});

inBothStyles("a loop over ready receives in one branch lets the other branch run", function* ({ body }) {
  const [tx, rx] = mpsc.channel<number>(1000);
  for (let i = 0; i < 1000; i++) tx.trySend(i);
  let received = 0;
  let receivedWhenOtherRan = -1;
  yield* get(
    join(
      spawn(
        body(function* () {
          for (; received < 1000; received++) yield* get(rx.recv());
        }),
      ),
      spawn(
        body(function* () {
          receivedWhenOtherRan = received;
        }),
      ),
    ),
  );
  expect(receivedWhenOtherRan).toBeLessThan(200);
});

test("a for-await loop ends with the channel; leaving it early leaves the receiver open and loses nothing", () =>
  paused(async () => {
    const [tx, rx] = mpsc.channel<number>(8);
    for (let i = 0; i < 6; i++) tx.trySend(i);
    const first: number[] = [];
    for await (const value of rx) {
      first.push(value);
      if (value === 2) break;
    }
    expect(rx.isClosed).toBe(false);
    expect(tx.trySend(6).ok).toBe(true);
    await expect(
      (async () => {
        for await (const value of rx) throw new Error(`saw ${value}`);
      })(),
    ).rejects.toThrow("saw 3");
    tx.close();
    const rest: number[] = [];
    for await (const value of rx) rest.push(value);
    expect([first, rest]).toEqual([
      [0, 1, 2],
      [4, 5, 6],
    ]);
  }));

test("a task cancelled inside a for-await loop takes no message with it", () =>
  paused(async () => {
    const [tx, rx] = mpsc.channel<number>(8);
    const task = spawn(async () => {
      for await (const value of rx) expect(value).toBe(0);
    });
    await tx.send(0);
    await yieldNow();
    task.abort();
    tx.trySend(1);
    await task.settled();
    expect(await rx.recv()).toBe(1);
  }));

inBothStyles("MPSC-51 an unbounded channel never makes its sender wait", function* () {
  const [tx, rx] = mpsc.unbounded<number>();
  for (let i = 0; i < 1000; i++) tx.send(i);
  expect(rx.size).toBe(1000);
  for (let i = 0; i < 1000; i++) expect(yield* get(rx.recv())).toBe(i);
  tx.close();
  expect(yield* get(rx.recv())).toBeUndefined();
});

inBothStyles(
  "sender.closed() completes when the receiver is closed, for who waits and who comes later",
  function* ({ body, clock }) {
    const [tx, rx] = mpsc.channel<number>(1);
    const told = spawn(
      body(function* () {
        yield* get(tx.closed());
        return clock.now();
      }),
    );
    yield* get(sleep(7));
    rx.close();
    expect(yield* get(told)).toBe(7);
    yield* get(tx.closed());
    const [unbounded, other] = mpsc.unbounded<number>();
    other[Symbol.dispose]();
    yield* get(unbounded.closed());
  },
);

inBothStyles(
  "a sender of more is a sender of less, and a function may pass on what it does not know",
  function* () {
    function* relay<T>(from: mpsc.Receiver<T>, to: mpsc.Sender<T>): Steps<void> {
      const value = yield* get(from.recv());
      if (value !== undefined) yield* get(to.send(value));
    }
    const [tx, rx] = mpsc.channel<number | string>(1);
    const [sources, source] = mpsc.channel<number>(1);
    const numbers: mpsc.Sender<number> = tx;
    yield* get(sources.send(1));
    yield* relay(source, numbers);
    expect(yield* get(rx.recv())).toBe(1);
  },
);
