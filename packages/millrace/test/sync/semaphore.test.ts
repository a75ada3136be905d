import {
  ClosedError,
  joinAll,
  PENDING,
  Semaphore,
  type SemaphorePermit,
  sleep,
  spawn,
  yieldNow,
} from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught, expectMisuse, now } from "./outcome.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const NOT_COUNTS = [-1, 0.5, NaN, Infinity, "1", null, 2 ** 53] as number[];

function permitOf(semaphore: Semaphore, count?: number): SemaphorePermit {
  const taken = semaphore.tryAcquire(count);
  if (!taken.ok) throw new Error(`no permit: ${taken.reason}`);
  return taken.value;
}

// ── in tasks

inBothStyles(
  "SEM-09 a thousand tasks over five permits end with five, and never more than five at once",
  function* ({ body }) {
    const semaphore = new Semaphore(5);
    let inside = 0;
    let most = 0;
    const tasks = Array.from({ length: 1000 }, () =>
      spawn(
        body(function* () {
          const permit = yield* get(semaphore.acquire());
          most = Math.max(most, ++inside);
          yield* get(yieldNow());
          inside--;
          permit.release();
        }),
      ),
    );
    for (const task of tasks) yield* get(task);
    expect([most, inside, semaphore.availablePermits]).toEqual([5, 0, 5]);
  },
);

inBothStyles(
  "SEM-01 a semaphore of none makes everybody wait until permits are added",
  function* ({ body, clock }) {
    const semaphore = new Semaphore(0);
    const waiting = spawn(
      body(function* () {
        yield* get(semaphore.acquire());
        return clock.now();
      }),
    );
    yield* get(sleep(4));
    semaphore.addPermits(1);
    expect(yield* get(waiting)).toBe(4);
  },
);

inBothStyles(
  "SEM-12 closing fails those who wait and those who come; permits held stay valid",
  function* ({ body }) {
    const semaphore = new Semaphore(1);
    const held = yield* get(semaphore.acquire());
    const waiting = [1, 3].map((count) =>
      spawn(
        body(function* () {
          return yield* caught(semaphore.acquire(count));
        }),
      ),
    );
    yield* get(yieldNow());
    semaphore.close();
    for (const task of waiting) expect(yield* get(task)).toBeInstanceOf(ClosedError);
    expect(yield* caught(semaphore.acquire())).toBeInstanceOf(ClosedError);
    expect(yield* caught(semaphore.acquire(0))).toBeInstanceOf(ClosedError);
    expect(yield* caught(semaphore.with(() => 1))).toBeInstanceOf(ClosedError);
    expect([semaphore.isClosed, held.count]).toEqual([true, 1]);
    held.release();
    expect(semaphore.availablePermits).toBe(1);
  },
);

inBothStyles("with() gives the body's value, and its failure, and releases either way", function* ({ body }) {
  const semaphore = new Semaphore(1);
  const inside = body(function* () {
    yield* get(sleep(1));
    return semaphore.availablePermits;
  });
  expect(yield* get(semaphore.with(inside))).toBe(0);
  expect(yield* get(semaphore.with(() => "plain"))).toBe("plain");
  // It has no arguments: one with a default keeps it.
  const retrying = body(function* (retries: unknown = 3) {
    yield* get(sleep(1));
    return retries;
  });
  expect(yield* get(semaphore.with(retrying))).toBe(3);
  const failing = body(function* (): Generator<never, void> {
    throw new Error("from the body");
  });
  expect(yield* caught(semaphore.with(failing))).toEqual(new Error("from the body"));
  expect(semaphore.availablePermits).toBe(1);
});

inBothStyles(
  "with() that is abandoned releases once its body has unwound, cleanup included",
  function* ({ body, clock }) {
    const semaphore = new Semaphore(1);
    const task = spawn(
      body(function* () {
        const critical = semaphore.with(
          body(function* () {
            try {
              yield* get(sleep(1000));
            } finally {
              yield* get(sleep(5));
            }
          }),
        );
        yield* get(critical.timeout(10));
      }),
    );
    const next = spawn(
      body(function* () {
        yield* get(semaphore.acquire());
        return clock.now();
      }),
    );
    expect((yield* get(task.settled())).status).toBe("rejected");
    expect(yield* get(next)).toBe(15);
  },
);

inBothStyles(
  "a task cancelled while it waits leaves no permit behind and lets the next one in",
  function* ({ body }) {
    const semaphore = new Semaphore(1);
    const held = yield* get(semaphore.acquire());
    const tasks = Array.from({ length: 3 }, () =>
      spawn(
        body(function* () {
          yield* get(semaphore.acquire());
        }),
      ),
    );
    yield* get(yieldNow());
    tasks[0]!.abort();
    held.release();
    tasks[1]!.abort();
    for (const task of tasks) yield* get(task.settled());
    expect((yield* get(tasks[2]!.settled())).status).toBe("fulfilled");
  },
);

inBothStyles("an endless loop of acquire and release lets others run", function* ({ body }) {
  const semaphore = new Semaphore(1);
  let isOver = false;
  const busy = spawn(
    body(function* () {
      while (!isOver) (yield* get(semaphore.acquire())).release();
    }),
  );
  yield* get(yieldNow());
  isOver = true;
  yield* get(busy);
});

// ── by hand

test("SEM-01 no permits are legal", () => {
  const semaphore = new Semaphore(0);
  expect(semaphore.tryAcquire()).toEqual({ ok: false, reason: "none" });
  expect(semaphore.availablePermits).toBe(0);
});

test("SEM-03 adding permits wakes waiters, and counts on a closed semaphore too", () => {
  const semaphore = new Semaphore(0);
  const waiting = [step(semaphore.acquire()), step(semaphore.acquire()), step(semaphore.acquire())];
  for (const stepper of waiting) stepper.poll();
  semaphore.addPermits(2);
  expect(waiting.map(({ wakeCount }) => wakeCount)).toEqual([1, 1, 0]);
  semaphore.close();
  semaphore.addPermits(3);
  expect(semaphore.availablePermits).toBe(3);
  expect(semaphore.tryAcquire()).toEqual({ ok: false, reason: "closed" });
});

test("SEM-04 forgotten permits are gone for ever", () => {
  const semaphore = new Semaphore(3);
  const permit = permitOf(semaphore, 2);
  permit.forget();
  permit.release();
  permit[Symbol.dispose]();
  expect([semaphore.availablePermits, permit.count]).toEqual([1, 0]);
});

test("SEM-07 split moves permits out: all, none, or not as many; empty ones release nothing", () => {
  const semaphore = new Semaphore(5);
  const permit = permitOf(semaphore, 4);
  const empty = permit.split(0)!;
  const two = permit.split(2)!;
  expect([empty.count, two.count, permit.count, permit.split(3)]).toEqual([0, 2, 2, undefined]);
  empty.release();
  expect(semaphore.availablePermits).toBe(1);
  const rest = permit.split(2)!;
  expect(permit.count).toBe(0);
  permit.release();
  expect(semaphore.availablePermits).toBe(1);
  two.release();
  rest.release();
  expect(semaphore.availablePermits).toBe(5);
});

test("merge takes over the permits of the other, which is then used up", () => {
  const semaphore = new Semaphore(5);
  const [one, other] = [permitOf(semaphore, 2), permitOf(semaphore, 3)];
  one.merge(other);
  expect([one.count, other.count]).toEqual([5, 0]);
  other.release();
  expect(semaphore.availablePermits).toBe(0);
  one.release();
  expect(semaphore.availablePermits).toBe(5);
});

test("SEM-08 more than the most permits throw, at creation and when adding; exactly as many are fine", () => {
  expect(new Semaphore(MAX).availablePermits).toBe(MAX);
  expectMisuse(RangeError, () => new Semaphore(MAX + 1));
  const semaphore = new Semaphore(MAX - 1);
  semaphore.addPermits(1);
  expectMisuse(RangeError, () => semaphore.addPermits(1));
  expect(semaphore.availablePermits).toBe(MAX);
});

test("SEM-10 a large request takes what is free beside a held one; the next waits until that is released", () => {
  const semaphore = new Semaphore(42);
  const held = permitOf(semaphore, 32);
  const ten = now(semaphore.acquire(10));
  const waiting = step(semaphore.acquire(32));
  expect([ten.count, waiting.poll()]).toEqual([10, PENDING]);
  held.release();
  expect(waiting.isWoken).toBe(true);
  expect((waiting.poll() as SemaphorePermit).count).toBe(32);
});

test("SEM-11 a waiting request collects permits as they come, is woken once, and gives back what it collected", () => {
  const semaphore = new Semaphore(0);
  const large = step(semaphore.acquire(3));
  const small = step(semaphore.acquire(1));
  large.poll();
  small.poll();
  semaphore.addPermits(1);
  semaphore.addPermits(1);
  expect([large.wakeCount, small.wakeCount, semaphore.availablePermits]).toEqual([0, 0, 0]);
  large.drop();
  expect([small.isWoken, semaphore.availablePermits]).toEqual([true, 1]);
  const again = step(semaphore.acquire(3));
  again.poll();
  semaphore.addPermits(2);
  expect([again.wakeCount, (again.poll() as SemaphorePermit).count]).toEqual([1, 3]);
});

test("nobody overtakes: small requests wait behind a large one, and tryAcquire finds none", () => {
  const semaphore = new Semaphore(2);
  const large = step(semaphore.acquire(3));
  const small = step(semaphore.acquire(1));
  expect([large.poll(), small.poll()]).toEqual([PENDING, PENDING]);
  expect([semaphore.tryAcquire(), semaphore.availablePermits]).toEqual([{ ok: false, reason: "none" }, 0]);
  semaphore.addPermits(2);
  expect([large.wakeCount, small.wakeCount]).toEqual([1, 1]);
});

test("no permits can be acquired at any time, also while others wait, and release nothing", () => {
  const semaphore = new Semaphore(0);
  step(semaphore.acquire()).poll();
  expect(now(semaphore.acquire(0)).count).toBe(0);
  const taken = semaphore.tryAcquire(0);
  expect(taken.ok && taken.value.count).toBe(0);
});

test("SEM-12 closing frees what a waiter had collected, and fails one that was granted but has not resumed", () => {
  const semaphore = new Semaphore(2);
  const held = permitOf(semaphore, 2);
  const [granted, collecting] = [step(semaphore.acquire()), step(semaphore.acquire(3))];
  granted.poll();
  collecting.poll();
  held.release();
  expect([granted.isWoken, collecting.isWoken]).toEqual([true, false]);
  semaphore.close();
  semaphore.close();
  expect([collecting.wakeCount, semaphore.availablePermits]).toEqual([1, 1]);
  expect(() => granted.poll()).toThrow(ClosedError);
  expect(() => collecting.poll()).toThrow(ClosedError);
  expect([semaphore.availablePermits, semaphore.isClosed]).toEqual([2, true]);
});

test("forgetPermits removes what is free, not what waiters have collected", () => {
  const semaphore = new Semaphore(5);
  expect([semaphore.forgetPermits(2), semaphore.availablePermits]).toEqual([2, 3]);
  const waiting = step(semaphore.acquire(4));
  waiting.poll();
  expect([semaphore.forgetPermits(9), semaphore.availablePermits]).toEqual([0, 0]);
  semaphore.addPermits(1);
  expect((waiting.poll() as SemaphorePermit).count).toBe(4);
  semaphore.addPermits(2);
  expect([semaphore.forgetPermits(9), semaphore.availablePermits]).toEqual([2, 0]);
});

test("counts that are no counts are refused at the caller's line", () => {
  const semaphore = new Semaphore(5);
  const permit = permitOf(semaphore);
  for (const count of NOT_COUNTS) {
    expectMisuse(RangeError, () => new Semaphore(count));
    expectMisuse(RangeError, () => semaphore.acquire(count));
    expectMisuse(RangeError, () => semaphore.tryAcquire(count));
    expectMisuse(RangeError, () => semaphore.addPermits(count));
    expectMisuse(RangeError, () => semaphore.forgetPermits(count));
    expectMisuse(RangeError, () => permit.split(count));
  }
  expectMisuse(TypeError, () => semaphore.with(undefined as unknown as () => void));
  expect(semaphore.availablePermits).toBe(4);
});

test("a permit that was released, forgotten or merged away is refused at the caller's line; releasing it again is not", () => {
  for (const end of ["release", "forget", "merge"] as const) {
    const semaphore = new Semaphore(4);
    const [permit, other] = [permitOf(semaphore, 2), permitOf(semaphore)];
    if (end === "merge") other.merge(permit);
    else permit[end]();
    const { availablePermits } = semaphore;
    permit.release();
    permit[Symbol.dispose]();
    expectMisuse(ClosedError, () => permit.split(0));
    expectMisuse(ClosedError, () => permit.forget());
    expectMisuse(ClosedError, () => permit.merge(other));
    expectMisuse(ClosedError, () => other.merge(permit));
    expect([semaphore.availablePermits, permit.count]).toEqual([availablePermits, 0]);
  }
});

test("merge refuses itself, strangers, and permits of another semaphore", () => {
  const semaphore = new Semaphore(2);
  const permit = permitOf(semaphore);
  expectMisuse(TypeError, () => permit.merge(permit));
  expectMisuse(TypeError, () => permit.merge(permitOf(new Semaphore(1))));
  expectMisuse(TypeError, () => permit.merge({} as SemaphorePermit));
  expect(permit.count).toBe(1);
});

test("`using` releases a permit", () => {
  const semaphore = new Semaphore(2);
  {
    using permit = permitOf(semaphore, 2);
    expect([permit.count, semaphore.availablePermits]).toEqual([2, 0]);
  }
  expect(semaphore.availablePermits).toBe(2);
});

inBothStyles("joinAll over with() never runs more bodies than there are permits", function* ({ body }) {
  const semaphore = new Semaphore(3);
  let inside = 0;
  let most = 0;
  const work = body(function* () {
    most = Math.max(most, ++inside);
    yield* get(sleep(1));
    inside--;
  });
  yield* get(joinAll(Array.from({ length: 20 }, () => semaphore.with(work))));
  expect([most, semaphore.availablePermits]).toEqual([3, 3]);
});
