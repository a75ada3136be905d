import {
  ClosedError,
  FutureConsumedError,
  oneshot,
  PENDING,
  ready,
  RecvError,
  select,
  sleep,
  spawn,
  TimeoutError,
  yieldNow,
} from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught, collect, expectMisuse, now } from "./outcome.ts";

const CLOSED = { ok: false, reason: "closed" };
const EMPTY = { ok: false, reason: "empty" };

inBothStyles(
  "ONE-01 a receiver that waits gets the value, and so does one that comes later",
  function* ({ body }) {
    const [tx, rx] = oneshot.channel<string>();
    const waiting = spawn(
      body(function* () {
        return yield* get(rx);
      }),
    );
    yield* get(yieldNow());
    expect(tx.send("early bird")).toBe(true);
    expect(yield* get(waiting)).toBe("early bird");

    const [sender, receiver] = oneshot.channel<string>();
    expect(sender.send("stored")).toBe(true);
    expect(yield* get(receiver)).toBe("stored");
  },
);

inBothStyles("ONE-02 a sender that closes unused wakes the receiver with RecvError", function* ({ body }) {
  const [tx, rx] = oneshot.channel<string>();
  spawn(
    body(function* () {
      yield* get(sleep(1));
      tx.close();
    }),
  );
  expect(yield* caught(rx)).toBeInstanceOf(RecvError);
  const [sender, receiver] = oneshot.channel<string>();
  sender[Symbol.dispose]();
  expect(yield* caught(receiver)).toBeInstanceOf(RecvError);
});

inBothStyles(
  "ONE-04 closed() waits until the receiver goes; then nothing can be sent",
  function* ({ body, clock }) {
    for (const how of ["close", "dispose", "timeout", "select"]) {
      const [tx, rx] = oneshot.channel<string>();
      const start = clock.now();
      const told = spawn(
        body(function* () {
          yield* get(tx.closed());
          return clock.now() - start;
        }),
      );
      if (how === "timeout") expect(yield* caught(rx.timeout(3))).toBeInstanceOf(TimeoutError);
      else if (how === "select") yield* get(select({ rx, lost: sleep(3) }));
      else {
        yield* get(sleep(3));
        expect(tx.isClosed).toBe(false);
        if (how === "close") rx.close();
        else rx[Symbol.dispose]();
      }
      expect(yield* get(told)).toBe(3);
      expect([tx.isClosed, tx.send("late")]).toEqual([true, false]);
    }
  },
);

inBothStyles("a receiver that is polled by reference survives a lost select", function* () {
  const [tx, rx] = oneshot.channel<string>();
  expect((yield* get(select({ reply: rx.ref(), late: sleep(1) }))).key).toBe("late");
  expect([tx.isClosed, tx.send("still here")]).toEqual([false, true]);
  expect(yield* get(rx)).toBe("still here");
});

inBothStyles("once the value was taken the sender sees it closed", function* ({ body }) {
  const [tx, rx] = oneshot.channel<string>();
  tx.send("value");
  expect(tx.isClosed).toBe(false);
  const told = spawn(
    body(function* () {
      yield* get(tx.closed());
    }),
  );
  yield* get(yieldNow());
  expect(told.isFinished).toBe(false);
  yield* get(rx);
  yield* get(told);
  expect(tx.isClosed).toBe(true);
});

inBothStyles("a task cancelled while it waits for the value counts as gone", function* ({ body }) {
  const [tx, rx] = oneshot.channel<string>();
  const waiting = spawn(
    body(function* () {
      yield* get(rx);
    }),
  );
  yield* get(yieldNow());
  waiting.abort();
  yield* get(waiting.settled());
  expect(tx.send("nobody")).toBe(false);
});

inBothStyles("any value travels, also undefined, and rejections do not", function* () {
  for (const value of [undefined, null, 0, new Error("a value")]) {
    const [tx, rx] = oneshot.channel<unknown>();
    tx.send(value);
    expect(yield* get(rx)).toBe(value);
  }
});

test("ONE-01 the receiver is woken once, by the value", () => {
  const [tx, rx] = oneshot.channel<undefined>();
  const waiting = step(rx);
  expect([waiting.poll(), waiting.isWoken]).toEqual([PENDING, false]);
  tx.send(undefined);
  expect([waiting.wakeCount, waiting.poll()]).toEqual([1, undefined]);
  tx.close();
  expect(waiting.wakeCount).toBe(1);
});

test("ONE-02 the receiver is woken by a sender that closes", () => {
  const [tx, rx] = oneshot.channel<string>();
  const waiting = step(rx);
  waiting.poll();
  tx.close();
  tx.close();
  expect(waiting.wakeCount).toBe(1);
  expect(() => waiting.poll()).toThrow(RecvError);
});

test("ONE-04 closed() wakes whoever waits when the receiver is dropped", () => {
  const [tx, rx] = oneshot.channel<string>();
  const [closed, also] = [step(tx.closed()), step(tx.closed())];
  const waiting = step(rx);
  expect([closed.poll(), also.poll(), waiting.poll()]).toEqual([PENDING, PENDING, PENDING]);
  waiting.drop();
  expect([closed.wakeCount, also.wakeCount, closed.poll(), also.poll()]).toEqual([
    1,
    1,
    undefined,
    undefined,
  ]);
});

test("ONE-05 close after the value was sent keeps it, for awaiting and for tryRecv", () => {
  const [tx, rx] = oneshot.channel<string>();
  tx.send("kept");
  rx.close();
  expect(now(rx)).toBe("kept");
  const [sender, receiver] = oneshot.channel<string>();
  sender.send("kept");
  receiver.close();
  expect([receiver.tryRecv(), receiver.tryRecv()]).toEqual([{ ok: true, value: "kept" }, CLOSED]);
});

test("ONE-06 close before the value makes the send fail and the receiver throw, also one that waits", () => {
  const [tx, rx] = oneshot.channel<string>();
  const waiting = step(rx);
  waiting.poll();
  rx.close();
  expect([waiting.isWoken, tx.send("late")]).toEqual([true, false]);
  expect(() => waiting.poll()).toThrow(RecvError);
});

test("ONE-07 tryRecv: empty, then the value, then closed; awaiting it after that throws", () => {
  const [tx, rx] = oneshot.channel<string>();
  expect([rx.tryRecv(), rx.tryRecv()]).toEqual([EMPTY, EMPTY]);
  tx.send("value");
  expect([rx.tryRecv(), rx.tryRecv()]).toEqual([{ ok: true, value: "value" }, CLOSED]);
  expect(() => now(rx)).toThrow(FutureConsumedError);

  const [sender, receiver] = oneshot.channel<string>();
  sender.close();
  expect(receiver.tryRecv()).toEqual(CLOSED);
  expect(() => now(receiver)).toThrow(FutureConsumedError);
});

test("ONE-07 tryRecv that finds the sender gone leaves the RecvError to whoever waits", () => {
  const [tx, rx] = oneshot.channel<string>();
  const waiting = step(rx);
  waiting.poll();
  tx.close();
  expect(rx.tryRecv()).toEqual(CLOSED);
  expect(() => waiting.poll()).toThrow(RecvError);
});

test("ONE-08 close after the value was received is harmless, and tryRecv is then closed", () => {
  const [tx, rx] = oneshot.channel<string>();
  tx.send("value");
  expect(now(rx)).toBe("value");
  rx.close();
  rx.close();
  rx[Symbol.dispose]();
  expect([rx.tryRecv(), tx.isClosed]).toEqual([CLOSED, true]);
});

test("ONE-10 polled from another task, only that one is woken; so it is with closed()", () => {
  const woken: string[] = [];
  const [tx, rx] = oneshot.channel<string>();
  const closed = tx.closed();
  rx.poll({ wake: () => woken.push("old") });
  rx.poll({ wake: () => woken.push("new") });
  closed.poll({ wake: () => woken.push("old closed") });
  closed.poll({ wake: () => woken.push("new closed") });
  tx.send("value");
  rx.poll({ wake: () => {} });
  expect(woken).toEqual(["new", "new closed"]);
});

test("ONE-11 ONE-12 a value counts as taken once it was taken, not when it was sent", () => {
  const [tx, rx] = oneshot.channel<string>();
  expect([tx.isClosed, rx.tryRecv()]).toEqual([false, EMPTY]);
  tx.send("value");
  expect(tx.isClosed).toBe(false);
  expect(rx.tryRecv()).toEqual({ ok: true, value: "value" });
  expect([tx.isClosed, rx.tryRecv()]).toEqual([true, CLOSED]);
});

test("sending twice, or on a sender that was closed, throws ClosedError at the caller's line", () => {
  const [tx] = oneshot.channel<string>();
  tx.send("once");
  expectMisuse(ClosedError, () => tx.send("twice"));
  const [refused, rx] = oneshot.channel<string>();
  rx.close();
  expect(refused.send("nobody")).toBe(false);
  expectMisuse(ClosedError, () => refused.send("again"));
  const [closed] = oneshot.channel<string>();
  closed.close();
  closed[Symbol.dispose]();
  expectMisuse(ClosedError, () => closed.send("late"));
  expectMisuse(ClosedError, () => closed.closed());
  expect(closed.isClosed).toBe(true);
});

test("closing a sender that has sent takes nothing back", () => {
  const [tx, rx] = oneshot.channel<string>();
  {
    using sender = tx;
    sender.send("value");
  }
  expect(now(rx)).toBe("value");
});

test("a receiver that is dropped before it was polled, while it waits or after it was woken counts as gone", () => {
  for (const moment of ["fresh", "waiting", "woken"]) {
    const [tx, rx] = oneshot.channel<string>();
    const receiving = step(rx);
    if (moment !== "fresh") receiving.poll();
    if (moment === "woken") tx.send("nobody takes it");
    receiving.drop();
    expect(tx.isClosed).toBe(true);
    if (moment !== "woken") expect(tx.send("late")).toBe(false);
    expect(receiving.wakeCount).toBe(moment === "woken" ? 1 : 0);
  }
});

inBothStyles("a value that was sent is given up with a receiver that is dropped or disposed", function* () {
  for (const giveUp of [
    (rx: oneshot.Receiver<string>) => step(rx).drop(),
    (rx: oneshot.Receiver<string>) => rx[Symbol.dispose](),
  ]) {
    const [tx, rx] = oneshot.channel<string>();
    expect(tx.send("nobody takes it")).toBe(true);
    giveUp(rx);
    expect([tx.isClosed, rx.tryRecv()]).toEqual([true, CLOSED]);
    yield* get(tx.closed());
  }
  const [tx, rx] = oneshot.channel<string>();
  tx.send("nobody takes it");
  expect((yield* get(select({ first: ready(1), rx }, { biased: true }))).key).toBe("first");
  expect([tx.isClosed, rx.tryRecv()]).toEqual([true, CLOSED]);
});

test("a sender does not keep what a dropped receiver gave up", async () => {
  const [tx, rx] = oneshot.channel<object>();
  const sent = ((): WeakRef<object> => {
    const value = {};
    tx.send(value);
    return new WeakRef(value);
  })();
  step(rx).drop();
  await collect(() => sent.deref() === undefined);
  expect([sent.deref(), tx.isClosed]).toEqual([undefined, true]);
});
