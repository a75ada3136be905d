import {
  asyncFn,
  FutureConsumedError,
  mpsc,
  now,
  PENDING,
  pollFn,
  ready,
  select,
  Semaphore,
  sleep,
  spawn,
  type Future,
  type Waker,
} from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";

test("step polls a future by hand, and counts its wake-ups", () => {
  const [tx, rx] = mpsc.channel<number>(4);
  using recv = step(rx.recv());
  expect([recv.isWoken, recv.wakeCount]).toEqual([false, 0]);
  expect(recv.poll()).toBe(PENDING);
  expect(recv.poll()).toBe(PENDING);
  tx.trySend(1);
  expect([recv.isWoken, recv.wakeCount]).toEqual([true, 1]);
  expect(recv.poll()).toBe(1);
  expect([recv.isWoken, recv.wakeCount]).toEqual([false, 1]);
});

test("step counts each wake-up; polling clears isWoken and not the count", () => {
  let waker: Waker | undefined;
  const stepper = step(
    pollFn<void>((given) => {
      waker = given;
      return PENDING;
    }),
  );
  stepper.poll();
  waker!.wake();
  waker!.wake();
  expect([stepper.isWoken, stepper.wakeCount]).toEqual([true, 2]);
  stepper.poll();
  expect([stepper.isWoken, stepper.wakeCount]).toEqual([false, 2]);
});

test("step throws what the future throws", () => {
  const boom = new Error("boom");
  using stepper = step(
    pollFn(() => {
      throw boom;
    }),
  );
  expect(() => stepper.poll()).toThrow(boom);
});

test("step owns the future: whoever uses it again is told so", async () => {
  const future = sleep(1);
  step(future);
  await expect(future).rejects.toBeInstanceOf(FutureConsumedError);
  const used = step(future);
  expect(() => used.poll()).toThrow(FutureConsumedError);
  const many = ready(1);
  expect([step(many).poll(), step(many).poll()]).toEqual([1, 1]);
});

test("drop abandons a pending future once, and a finished one never", () => {
  let drops = 0;
  const never = (): Future<void> =>
    pollFn<void>(
      () => PENDING,
      () => void drops++,
    );
  const pendingOne = step(never());
  pendingOne.poll();
  pendingOne.drop();
  pendingOne.drop();
  expect(drops).toBe(1);
  {
    using _ = step(never());
  }
  expect(drops).toBe(2);
  const finished = step(
    pollFn(
      () => 1,
      () => void drops++,
    ),
  );
  finished.poll();
  finished.drop();
  expect(drops).toBe(2);
});

test("a dropped future can be polled no more, and leaves nothing behind", () => {
  const semaphore = new Semaphore(0);
  const acquire = step(semaphore.acquire());
  acquire.poll();
  acquire.drop();
  expect(() => acquire.poll()).toThrow(FutureConsumedError);
  semaphore.addPermits(1);
  expect(acquire.wakeCount).toBe(0);
  expect(semaphore.availablePermits).toBe(1);
});

test("only the latest waker is woken", () => {
  const [tx, rx] = mpsc.channel<number>(4);
  const recv = rx.recv();
  const first = step(recv.ref());
  const second = step(recv.ref());
  first.poll();
  second.poll();
  tx.trySend(1);
  expect([first.isWoken, second.isWoken]).toEqual([false, true]);
  expect(second.poll()).toBe(1);
});

test("step drives calls and tasks of either style", () =>
  paused(async (clock) => {
    const nap = asyncFn(function* (ms: number) {
      yield* sleep(ms);
      return now();
    });
    using call = step(nap(10));
    expect(call.poll()).toBe(PENDING);
    clock.jump(10);
    expect(call.isWoken).toBe(true);
    expect(call.poll()).toBe(10);
    using task = step(spawn(async () => nap(5)));
    expect(task.poll()).toBe(PENDING);
    await clock.advance(5);
    expect(task.isWoken).toBe(true);
    expect(task.poll()).toBe(15);
    using both = step(select({ a: sleep(5), b: sleep(7) }));
    expect(both.poll()).toBe(PENDING);
    clock.jump(5);
    expect(both.poll()).toEqual({ key: "a", value: undefined });
  }));

test("step has no budget to use up", () => {
  const semaphore = new Semaphore(1);
  for (let i = 0; i < 1000; i++) {
    const permit = step(semaphore.acquire()).poll();
    if (permit === PENDING) throw new Error(`pending in round ${i}`);
    permit.release();
  }
});

test("step wants a future", () => {
  expect(() => step(Promise.resolve(1) as unknown as Future<number>)).toThrow(TypeError);
  expect(() => step(undefined as unknown as Future<number>)).toThrow(/^step expects a future/);
});
