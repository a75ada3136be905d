import {
  ClosedError,
  type Future,
  PENDING,
  ready,
  RecvError,
  select,
  spawn,
  watch,
  yieldNow,
} from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught, expectMisuse, now } from "./outcome.ts";

inBothStyles(
  "WAT-01 WAT-02 changed() waits for a value not yet seen, and marks it seen",
  function* ({ body }) {
    const [tx, rx] = watch.channel("one");
    expect(rx.hasChanged()).toBe(false);
    const told = spawn(
      body(function* () {
        yield* get(rx.changed());
        return rx.borrow();
      }),
    );
    yield* get(yieldNow());
    expect(told.isFinished).toBe(false);
    expect(tx.send("two")).toBe(true);
    expect(yield* get(told)).toBe("two");
    expect(rx.hasChanged()).toBe(false);
  },
);

inBothStyles("WAT-03 WAT-05 several sends collapse: one change, the latest value", function* () {
  const [tx, rx] = watch.channel(0);
  for (let i = 1; i <= 5; i++) tx.send(i);
  yield* get(rx.changed());
  expect([rx.borrow(), rx.hasChanged()]).toEqual([5, false]);
});

inBothStyles(
  "WAT-06 WAT-07 the value before the end is a change; only the next changed() fails",
  function* () {
    const [tx, rx] = watch.channel(0);
    tx.send(1);
    tx.close();
    yield* get(rx.changed());
    expect(yield* caught(rx.changed())).toBeInstanceOf(RecvError);
    expect([rx.borrow(), rx.borrowAndUpdate()]).toEqual([1, 1]);
  },
);

inBothStyles(
  "WAT-12 closed() completes when the last receiver goes; nothing is then stored",
  function* ({ body }) {
    const [tx, rx] = watch.channel(0);
    const other = rx.clone();
    const told = spawn(
      body(function* () {
        yield* get(tx.closed());
      }),
    );
    yield* get(yieldNow());
    rx.close();
    yield* get(yieldNow());
    expect([told.isFinished, tx.receiverCount]).toEqual([false, 1]);
    other[Symbol.dispose]();
    yield* get(told);
    expect([tx.send(1), tx.borrow(), tx.sendReplace(2), tx.borrow()]).toEqual([false, 0, 0, 2]);
  },
);

inBothStyles(
  "waitFor looks at the current value first, and gives the first that fits, as seen",
  function* ({ body }) {
    const [tx, rx] = watch.channel(1);
    expect(yield* get(rx.waitFor((n) => n === 1))).toBe(1);
    const waiting = spawn(
      body(function* () {
        return yield* get(rx.waitFor((n) => n > 5));
      }),
    );
    for (const n of [2, 4, 6]) {
      yield* get(yieldNow());
      tx.send(n);
    }
    expect(yield* get(waiting)).toBe(6);
    expect(rx.hasChanged()).toBe(false);
    const broken = () => {
      throw new Error("from the predicate");
    };
    expect(yield* caught(rx.waitFor(broken))).toEqual(new Error("from the predicate"));
    tx.close();
    expect(yield* caught(rx.waitFor((n) => n > 10))).toBeInstanceOf(RecvError);
    expect(yield* get(rx.waitFor((n) => n === 6))).toBe(6);
  },
);

inBothStyles("a predicate may itself send, and close", function* () {
  const [tx, rx] = watch.channel(0);
  const counting = rx.waitFor((n) => {
    if (n < 3) tx.send(n + 1);
    return n === 3;
  });
  expect(yield* get(counting)).toBe(3);
  const closing = rx.waitFor(() => {
    rx.close();
    return false;
  });
  expect(yield* caught(closing)).toBeInstanceOf(ClosedError);
  const abandoning = tx.subscribe().waitFor(() => {
    tx.close();
    return false;
  });
  expect(yield* caught(abandoning)).toBeInstanceOf(RecvError);
});

inBothStyles("WAT-16 endless loops of changed, waitFor and closed let others run", function* ({ body }) {
  const [tx, rx] = watch.channel(0);
  const other = tx.subscribe();
  const [gone, last] = watch.channel(0);
  last.close();
  let isOver = false;
  const loops = [
    () => (tx.send(1), rx.changed()),
    () => other.waitFor(() => true),
    () => gone.closed(),
    () => ended.changed().settled(),
  ];
  const [ending, ended] = watch.channel(0);
  ending.close();
  const tasks = loops.map((once) =>
    spawn(
      body(function* () {
        while (!isOver) yield* get<unknown>(once());
      }),
    ),
  );
  yield* get(yieldNow());
  isOver = true;
  for (const task of tasks) yield* get(task);
});

test("a loop gives the current value first, then newer ones, and ends after the last", () =>
  paused(async () => {
    const [tx, rx] = watch.channel<number | undefined>(0);
    const seen: unknown[] = [];
    const looping = spawn(async () => {
      for await (const value of rx) seen.push(value);
    });
    await yieldNow();
    tx.send(1);
    tx.send(2);
    await yieldNow();
    tx.send(undefined);
    tx.close();
    await looping;
    expect(seen).toEqual([0, 2, undefined]);
    for await (const value of rx) {
      expect(value).toBeUndefined();
      break;
    }
    expect(rx.borrow()).toBeUndefined();
  }));

inBothStyles("a first turn of a loop that was abandoned has taken nothing", function* () {
  const [tx, rx] = watch.channel("current");
  const values = rx[Symbol.asyncIterator]();
  const first = (): Future<unknown> => values.next() as Future<IteratorResult<string>>;
  first()[Symbol.dispose]();
  const lost = yield* get(select({ other: ready(1), first: first() }, { biased: true }));
  expect(lost.key).toBe("other");
  expect(yield* get(first())).toEqual({ done: false, value: "current" });
  const second = step(first());
  expect(second.poll()).toBe(PENDING);
  second.drop();
  tx.send("newer");
  expect(yield* get(first())).toEqual({ done: false, value: "newer" });
});

test("WAT-02 borrow shows the latest without marking it, borrowAndUpdate marks it", () => {
  const [tx, rx] = watch.channel("one");
  tx.send("two");
  expect([rx.borrow(), rx.hasChanged(), rx.borrowAndUpdate(), rx.hasChanged()]).toEqual([
    "two",
    true,
    "two",
    false,
  ]);
});

test("WAT-04 one send wakes all who wait; each receiver has seen its own", () => {
  const [tx, rx] = watch.channel(0);
  const [other, late] = [rx.clone(), tx.subscribe()];
  const all = [step(rx.changed()), step(other.changed())];
  for (const stepper of all) expect(stepper.poll()).toBe(PENDING);
  tx.send(1);
  expect(all.map(({ wakeCount }) => wakeCount)).toEqual([1, 1]);
  expect(all[0]!.poll()).toBeUndefined();
  expect([rx.hasChanged(), other.hasChanged(), late.hasChanged(), tx.subscribe().hasChanged()]).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(other.clone().hasChanged()).toBe(true);
});

test("WAT-08 hasChanged throws as soon as the senders are gone, also with a value unseen", () => {
  const [tx, rx] = watch.channel(0);
  tx.send(1);
  const clone = tx.clone();
  tx.close();
  expect(rx.hasChanged()).toBe(true);
  clone.close();
  expectMisuse(RecvError, () => rx.hasChanged());
});

test("WAT-10 markChanged makes the next changed() immediate, wakes one that waits, and concerns this receiver only", () => {
  const [tx, rx] = watch.channel(0);
  const other = rx.clone();
  const [waiting, elsewhere] = [step(rx.changed()), step(other.changed())];
  waiting.poll();
  elsewhere.poll();
  rx.markChanged();
  rx.markChanged();
  expect([waiting.wakeCount, elsewhere.wakeCount, waiting.poll(), other.hasChanged()]).toEqual([
    1,
    0,
    undefined,
    false,
  ]);
  rx.markChanged();
  expect(now(rx.changed())).toBeUndefined();
  tx.send(1);
  rx.markUnchanged();
  expect([rx.hasChanged(), step(rx.changed()).poll()]).toEqual([false, PENDING]);
});

test("WAT-15 receivers are told the end when the last of the senders goes, not before", () => {
  const [tx, rx] = watch.channel(0);
  const clone = tx.clone();
  const waiting = step(rx.changed());
  waiting.poll();
  tx.close();
  tx.close();
  expect(waiting.isWoken).toBe(false);
  clone.send(1);
  expect([waiting.poll(), rx.borrow()]).toEqual([undefined, 1]);
  const again = step(rx.changed());
  again.poll();
  clone[Symbol.dispose]();
  expect(again.isWoken).toBe(true);
  expect(() => again.poll()).toThrow(RecvError);
});

test("sendModify and sendIfModified change what is there; a function that throws changes nothing", () => {
  const [tx, rx] = watch.channel(1);
  tx.sendModify((n) => n + 1);
  expect([rx.hasChanged(), rx.borrowAndUpdate()]).toEqual([true, 2]);
  expect([tx.sendIfModified(() => undefined), rx.hasChanged()]).toEqual([false, false]);
  expect([tx.sendIfModified((n) => n * 2), rx.borrowAndUpdate()]).toEqual([true, 4]);
  const broken = () => {
    throw new Error("no");
  };
  expect(() => tx.sendModify(broken)).toThrow("no");
  expect(() => tx.sendIfModified(broken)).toThrow("no");
  expect([rx.hasChanged(), tx.borrow()]).toEqual([false, 4]);
});

test("a receiver that appears before closed() is polled makes it wait again", () => {
  const [tx, rx] = watch.channel(0);
  const closed = step(tx.closed());
  closed.poll();
  rx.close();
  expect(closed.isWoken).toBe(true);
  const late = tx.subscribe();
  expect(closed.poll()).toBe(PENDING);
  late.close();
  expect([closed.isWoken, closed.poll()]).toEqual([true, undefined]);
});

test("abandoned changed(), waitFor() and closed() leave no trace and have seen nothing", () => {
  const [tx, rx] = watch.channel(0);
  const all = [
    step<unknown>(rx.changed()),
    step<unknown>(rx.waitFor((n) => n > 0)),
    step<unknown>(tx.closed()),
  ];
  for (const stepper of all) stepper.poll();
  all[2]!.drop();
  all[0]!.drop();
  tx.send(1);
  expect(all.map(({ wakeCount }) => wakeCount)).toEqual([0, 1, 0]);
  all[1]!.drop();
  expect(rx.hasChanged()).toBe(true);
});

test("any use of a handle that was closed throws ClosedError, but closing it again", () => {
  const [tx, rx] = watch.channel(0);
  const waiting = step(rx.changed());
  waiting.poll();
  rx.close();
  rx[Symbol.dispose]();
  expect([waiting.isWoken, tx.receiverCount]).toEqual([true, 0]);
  expect(() => waiting.poll()).toThrow(ClosedError);
  for (const name of [
    "borrow",
    "borrowAndUpdate",
    "changed",
    "hasChanged",
    "markChanged",
    "markUnchanged",
    "clone",
  ] as const) {
    expectMisuse(ClosedError, () => rx[name]());
  }
  expectMisuse(ClosedError, () => rx.waitFor(() => true));
  expectMisuse(ClosedError, () => rx[Symbol.asyncIterator]());
  tx.close();
  for (const name of ["borrow", "subscribe", "clone", "closed"] as const)
    expectMisuse(ClosedError, () => tx[name]());
  for (const name of ["send", "sendReplace"] as const) expectMisuse(ClosedError, () => tx[name](1));
  for (const name of ["sendModify", "sendIfModified"] as const)
    expectMisuse(ClosedError, () => tx[name]((n) => n));
});
