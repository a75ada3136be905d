import {
  ClosedError,
  PENDING,
  type ReadGuard,
  RwLock,
  sleep,
  spawn,
  type WriteGuard,
  yieldNow,
} from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { expectMisuse, now } from "./outcome.ts";

inBothStyles("RWL-01 RWL-02 many read at once, and writers are alone", function* ({ body, clock }) {
  const lock = new RwLock(0);
  let readers = 0;
  let mostReaders = 0;
  let writers = 0;
  const reading = () =>
    body(function* () {
      const guard = yield* get(lock.read());
      expect(writers).toBe(0);
      mostReaders = Math.max(mostReaders, ++readers);
      yield* get(sleep(1));
      readers--;
      guard.release();
    });
  const writing = () =>
    body(function* () {
      const guard = yield* get(lock.write());
      expect([readers, ++writers]).toEqual([0, 1]);
      yield* get(sleep(1));
      guard.value++;
      writers--;
      guard.release();
    });
  const tasks = [reading(), reading(), writing(), reading(), writing(), writing(), reading()].map((each) =>
    spawn(each),
  );
  for (const task of tasks) yield* get(task);
  expect([mostReaders, lock.tryRead()?.value, clock.now()]).toEqual([2, 3, 6]);
});

inBothStyles("RWL-05 a queued writer that is cancelled lets the readers behind it in", function* ({ body }) {
  const lock = new RwLock();
  const held = yield* get(lock.read());
  const writer = spawn(
    body(function* () {
      yield* get(lock.write());
    }),
  );
  yield* get(yieldNow());
  const reader = spawn(
    body(function* () {
      (yield* get(lock.read())).release();
    }),
  );
  yield* get(yieldNow());
  expect(reader.isFinished).toBe(false);
  writer.abort();
  yield* get(reader);
  held.release();
  yield* get(writer.settled());
  expect(lock.tryWrite()).toBeDefined();
});

test("RWL-03 the last reader wakes the waiting writer", () => {
  const lock = new RwLock();
  const [one, other] = [now(lock.read()), now(lock.read())];
  const writer = step(lock.write());
  expect(writer.poll()).toBe(PENDING);
  one.release();
  one.release();
  expect(writer.isWoken).toBe(false);
  other.release();
  expect([writer.wakeCount, typeof (writer.poll() as WriteGuard<undefined>).downgrade]).toEqual([
    1,
    "function",
  ]);
});

test("RWL-04 a queued writer holds back later readers though readers hold the lock", () => {
  const lock = new RwLock();
  const held = now(lock.read());
  const writer = step(lock.write());
  const reader = step(lock.read());
  expect([writer.poll(), reader.poll(), lock.tryRead(), lock.tryWrite()]).toEqual([
    PENDING,
    PENDING,
    undefined,
    undefined,
  ]);
  held.release();
  expect([writer.isWoken, reader.isWoken]).toEqual([true, false]);
  (writer.poll() as WriteGuard<undefined>).release();
  expect(reader.isWoken).toBe(true);
});

test("RWL-05 abandoning the queued writer wakes all readers it held back, up to the next writer", () => {
  const lock = new RwLock();
  const held = now(lock.read());
  const writer = step(lock.write());
  const readers = [step(lock.read()), step(lock.read())];
  const next = step(lock.write());
  const last = step(lock.read());
  for (const stepper of [writer, ...readers, next, last]) stepper.poll();
  writer.drop();
  expect([...readers, next, last].map(({ wakeCount }) => wakeCount)).toEqual([1, 1, 0, 0]);
  held.release();
  for (const reader of readers) (reader.poll() as ReadGuard<undefined>).release();
  expect([next.wakeCount, last.wakeCount]).toEqual([1, 0]);
});

test("RWL-07 one reader more than the most waits, and is woken by any that leaves", () => {
  const lock = new RwLock(0, { maxReaders: 1024 });
  const guards = Array.from({ length: 1024 }, () => now(lock.read()));
  const one = step(lock.read());
  expect([one.poll(), lock.tryRead()]).toEqual([PENDING, undefined]);
  guards[77]!.release();
  expect(one.isWoken).toBe(true);
  for (const maxReaders of [0, -1, 1.5, NaN, 2 ** 29, Infinity]) {
    expectMisuse(RangeError, () => new RwLock(0, { maxReaders }));
  }
});

test("RWL-08 tryWrite fails while there is any guard; tryRead while written, and while a writer waits", () => {
  const lock = new RwLock(1);
  const reading = lock.tryRead()!;
  expect(lock.tryWrite()).toBeUndefined();
  reading.release();
  const writing = lock.tryWrite()!;
  expect([lock.tryWrite(), lock.tryRead()]).toEqual([undefined, undefined]);
  writing.value = 2;
  writing.release();
  expect(lock.tryRead()?.value).toBe(2);
});

test("downgrade admits readers, and no writer in between", () => {
  const lock = new RwLock("old");
  const writing = now(lock.write());
  const readers = [step(lock.read()), step(lock.read())];
  const writer = step(lock.write());
  for (const stepper of [...readers, writer]) stepper.poll();
  writing.value = "new";
  const reading = writing.downgrade();
  expect([readers.map(({ isWoken }) => isWoken), writer.isWoken, reading.value]).toEqual([
    [true, true],
    false,
    "new",
  ]);
  writing.release();
  expectMisuse(ClosedError, () => writing.downgrade());
  for (const reader of readers) (reader.poll() as ReadGuard<string>).release();
  expect(writer.isWoken).toBe(false);
  reading.release();
  expect(writer.isWoken).toBe(true);
});

test("a guard that was released is refused at the caller's line", () => {
  const lock = new RwLock(1);
  const reading = now(lock.read());
  {
    using guard = reading;
    expect(guard.value).toBe(1);
  }
  expectMisuse(ClosedError, () => reading.value);
  const writing = now(lock.write());
  writing[Symbol.dispose]();
  writing[Symbol.dispose]();
  expectMisuse(ClosedError, () => writing.value);
  expectMisuse(ClosedError, () => (writing.value = 2));
  expect(lock.tryWrite()).toBeDefined();
});
