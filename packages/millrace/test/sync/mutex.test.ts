import { ClosedError, Mutex, type MutexGuard, PENDING, sleep, spawn, TimeoutError, yieldNow } from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught, expectMisuse, now } from "./outcome.ts";

inBothStyles("whoever holds it is alone, across waits, in the order of asking", function* ({ body }) {
  const mutex = new Mutex<number[]>([]);
  const tasks = Array.from({ length: 20 }, (_, n) =>
    spawn(
      body(function* () {
        const guard = yield* get(mutex.lock());
        const before = guard.value;
        yield* get(yieldNow());
        guard.value = [...before, n];
        guard.release();
      }),
    ),
  );
  for (const task of tasks) yield* get(task);
  const guard = yield* get(mutex.lock());
  expect(guard.value).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

inBothStyles("MTX-03 a task that times out while it holds the lock releases it", function* ({ body }) {
  const mutex = new Mutex();
  const holder = spawn(
    body(function* () {
      const guard = yield* get(mutex.lock());
      try {
        yield* get(sleep(1000));
      } finally {
        guard.release();
      }
    }),
  );
  expect(yield* caught(holder.timeout(5))).toBeInstanceOf(TimeoutError);
  holder.abort();
  yield* get(holder.settled());
  expect(mutex.isLocked).toBe(false);
});

inBothStyles("MTX-04 a task cancelled while it waits leaves no trace", function* ({ body }) {
  const mutex = new Mutex();
  const held = yield* get(mutex.lock());
  const tasks = Array.from({ length: 3 }, () =>
    spawn(
      body(function* () {
        (yield* get(mutex.lock())).release();
      }),
    ),
  );
  yield* get(yieldNow());
  tasks[1]!.abort();
  held.release();
  tasks[0]!.abort();
  for (const task of tasks) yield* get(task.settled());
  expect((yield* get(tasks[2]!.settled())).status).toBe("fulfilled");
  expect(mutex.isLocked).toBe(false);
});

inBothStyles(
  "with() unlocks after success, failure and cancellation, once the body has unwound",
  function* ({ body, clock }) {
    const mutex = new Mutex(1);
    expect(
      yield* get(
        mutex.with(
          body(function* (guard: MutexGuard<number>) {
            yield* get(sleep(1));
            return ++guard.value;
          }),
        ),
      ),
    ).toBe(2);
    const failing = body(function* (): Generator<never, void> {
      throw new Error("from the body");
    });
    expect(yield* caught(mutex.with(failing))).toEqual(new Error("from the body"));
    expect(mutex.isLocked).toBe(false);
    const start = clock.now();
    const slow = body(function* () {
      try {
        yield* get(sleep(1000));
      } finally {
        yield* get(sleep(3));
      }
    });
    const cancelled = spawn(
      body(function* () {
        yield* get(mutex.with(slow).timeout(4));
      }),
    );
    yield* get(yieldNow());
    const guard = yield* get(mutex.lock());
    expect([clock.now() - start, guard.value]).toEqual([7, 2]);
    yield* get(cancelled.settled());
  },
);

test("MTX-02 a second lock waits, and is woken by the release", () => {
  const mutex = new Mutex("value");
  const guard = now(mutex.lock());
  const second = step(mutex.lock());
  expect([second.poll(), mutex.isLocked]).toEqual([PENDING, true]);
  guard.release();
  guard.release();
  expect([second.wakeCount, mutex.isLocked, mutex.tryLock()]).toEqual([1, true, undefined]);
  expect((second.poll() as MutexGuard<string>).value).toBe("value");
});

test("MTX-05 tryLock fails while it is held or assigned, and succeeds after", () => {
  const mutex = new Mutex(0);
  const guard = mutex.tryLock()!;
  expect(mutex.tryLock()).toBeUndefined();
  const waiting = step(mutex.lock());
  waiting.poll();
  guard.release();
  expect(mutex.tryLock()).toBeUndefined();
  waiting.drop();
  using again = mutex.tryLock();
  expect(again?.value).toBe(0);
});

test("a guard that was released is refused at the caller's line; `using` releases", () => {
  const mutex = new Mutex(1);
  const guard = now(mutex.lock());
  guard.value++;
  guard[Symbol.dispose]();
  guard[Symbol.dispose]();
  expectMisuse(ClosedError, () => guard.value);
  expectMisuse(ClosedError, () => (guard.value = 9));
  {
    using other = now(mutex.lock());
    expect(other.value).toBe(2);
    guard.release();
    expect(mutex.isLocked).toBe(true);
  }
  expect(mutex.isLocked).toBe(false);
  expectMisuse(TypeError, () => mutex.with(1 as unknown as () => void));
});

inBothStyles("an endless loop of lock and release lets others run", function* ({ body }) {
  const mutex = new Mutex();
  let isOver = false;
  const busy = spawn(
    body(function* () {
      while (!isOver) (yield* get(mutex.lock())).release();
    }),
  );
  yield* get(yieldNow());
  isOver = true;
  yield* get(busy);
});
