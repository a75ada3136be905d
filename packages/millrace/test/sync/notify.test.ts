import { join, Notify, PENDING, select, sleep, spawn, yieldNow } from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

function waiting(notify: Notify, count: number) {
  return Array.from({ length: count }, () => {
    const stepper = step(notify.notified());
    expect(stepper.poll()).toBe(PENDING);
    return stepper;
  });
}
const wakes = (steppers: readonly { readonly wakeCount: number }[]) =>
  steppers.map(({ wakeCount }) => wakeCount);

// ── in tasks

inBothStyles("NTF-01 NTF-02 notifications that come before the waiter leave one permit", function* () {
  const notify = new Notify();
  for (let i = 0; i < 3; i++) notify.notifyOne();
  yield* get(notify.notified());
  expect((yield* get(select({ second: notify.notified(), late: sleep(1) }))).key).toBe("late");
});

inBothStyles(
  "NTF-03 notifyOne wakes in the order of waiting, notifyLast the other way round",
  function* ({ body }) {
    for (const how of ["notifyOne", "notifyLast"] as const) {
      const notify = new Notify();
      const order: number[] = [];
      const tasks = [0, 1, 2].map((n) =>
        spawn(
          body(function* () {
            yield* get(notify.notified());
            order.push(n);
          }),
        ),
      );
      yield* get(yieldNow());
      for (let i = 0; i < 3; i++) {
        notify[how]();
        yield* get(yieldNow());
      }
      for (const task of tasks) yield* get(task);
      expect(order).toEqual(how === "notifyOne" ? [0, 1, 2] : [2, 1, 0]);
    }
  },
);

inBothStyles("notifyWaiters wakes all who wait and nobody who comes later", function* ({ body }) {
  const notify = new Notify();
  const tasks = Array.from({ length: 3 }, () =>
    spawn(
      body(function* () {
        yield* get(notify.notified());
      }),
    ),
  );
  yield* get(yieldNow());
  notify.notifyWaiters();
  for (const task of tasks) yield* get(task);
  expect((yield* get(select({ later: notify.notified(), late: sleep(1) }))).key).toBe("late");
});

inBothStyles("a notification made between the check and the wait is not missed", function* ({ body }) {
  const notify = new Notify();
  let isReady = false;
  const waiter = spawn(
    body(function* () {
      for (;;) {
        const changed = notify.notified();
        if (isReady) return "seen";
        yield* get(yieldNow());
        yield* get(changed);
      }
    }),
  );
  yield* get(yieldNow());
  isReady = true;
  notify.notifyWaiters();
  expect(yield* get(waiter)).toBe("seen");
});

inBothStyles(
  "NTF-08 a task that was notified and is cancelled before it resumes passes it on",
  function* ({ body }) {
    const notify = new Notify();
    const tasks = [0, 1].map(() =>
      spawn(
        body(function* () {
          yield* get(notify.notified());
          return "notified";
        }),
      ),
    );
    yield* get(yieldNow());
    notify.notifyOne();
    tasks[0]!.abort();
    expect((yield* get(tasks[0]!.settled())).status).toBe("cancelled");
    expect(yield* get(tasks[1]!)).toBe("notified");
  },
);

inBothStyles("NTF-16 a notified() that moves to another task wakes that one", function* ({ body }) {
  const notify = new Notify();
  const notified = notify.notified();
  expect((yield* get(select({ moved: notified.ref(), late: sleep(1) }))).key).toBe("late");
  const elsewhere = spawn(
    body(function* () {
      yield* get(notified);
      return "woken";
    }),
  );
  yield* get(yieldNow());
  notify.notifyOne();
  expect(yield* get(elsewhere)).toBe("woken");
});

inBothStyles("an endless loop of notifyOne and notified lets others run", function* ({ body }) {
  const notify = new Notify();
  let isOver = false;
  const busy = spawn(
    body(function* () {
      while (!isOver) {
        notify.notifyOne();
        yield* get(notify.notified());
      }
    }),
  );
  yield* get(yieldNow());
  isOver = true;
  yield* get(join(busy));
});

// ── by hand

test("NTF-01 a stored permit completes the next notified() at once", () => {
  const notify = new Notify();
  notify.notifyOne();
  expect(step(notify.notified()).poll()).toBeUndefined();
  expect(step(notify.notified()).poll()).toBe(PENDING);
});

test("NTF-03 waiters are woken first come, first served, each once", () => {
  const notify = new Notify();
  const all = waiting(notify, 3);
  notify.notifyOne();
  expect(wakes(all)).toEqual([1, 0, 0]);
  notify.notifyOne();
  expect(wakes(all)).toEqual([1, 1, 0]);
  expect([all[0]!.poll(), all[1]!.poll(), all[2]!.poll()]).toEqual([undefined, undefined, PENDING]);
});

test("NTF-06 the first new waiter takes the stored permit, the second waits for the next", () => {
  const notify = new Notify();
  notify.notifyOne();
  const [first, second] = [step(notify.notified()), step(notify.notified())];
  expect([first.poll(), second.poll()]).toEqual([undefined, PENDING]);
  notify.notifyOne();
  expect([second.isWoken, second.poll()]).toEqual([true, undefined]);
});

test("NTF-08 a notified waiter that is abandoned forwards to the next in order, and stores what nobody takes", () => {
  const notify = new Notify();
  const all = waiting(notify, 3);
  notify.notifyOne();
  all[0]!.drop();
  expect(wakes(all)).toEqual([1, 1, 0]);
  all[1]!.drop();
  all[2]!.drop();
  expect(step(notify.notified()).poll()).toBeUndefined();
});

test("NTF-09 one that notifyLast has notified forwards to the next most recent", () => {
  const notify = new Notify();
  const all = waiting(notify, 3);
  notify.notifyLast();
  expect(wakes(all)).toEqual([0, 0, 1]);
  const [newest] = waiting(notify, 1);
  all[2]!.drop();
  expect([wakes(all), newest!.wakeCount]).toEqual([[0, 0, 1], 1]);
  newest!.drop();
  expect(wakes(all)).toEqual([0, 1, 1]);
});

test("notifyLast stores a permit when nobody waits, at most one", () => {
  const notify = new Notify();
  notify.notifyLast();
  notify.notifyLast();
  expect([step(notify.notified()).poll(), step(notify.notified()).poll()]).toEqual([undefined, PENDING]);
});

test("NTF-10 one completed by notifyWaiters and abandoned forwards nothing, and a notifyOne since stays stored", () => {
  const notify = new Notify();
  const [gone] = waiting(notify, 1);
  notify.notifyWaiters();
  const [later] = waiting(notify, 1);
  gone!.drop();
  expect(later!.wakeCount).toBe(0);
  later!.drop();

  const [again] = waiting(notify, 1);
  notify.notifyWaiters();
  notify.notifyOne();
  again!.drop();
  expect([step(notify.notified()).poll(), step(notify.notified()).poll()]).toEqual([undefined, PENDING]);
});

test("NTF-11 notifyWaiters stores nothing", () => {
  const notify = new Notify();
  notify.notifyWaiters();
  expect(step(notify.notified()).poll()).toBe(PENDING);
});

test("notified() made before notifyWaiters is completed by it though not yet polled, and leaves a permit stored", () => {
  const notify = new Notify();
  const before = step(notify.notified());
  notify.notifyOne();
  notify.notifyWaiters();
  expect(before.poll()).toBeUndefined();
  expect(step(notify.notified()).poll()).toBeUndefined();
  expect(step(notify.notified()).poll()).toBe(PENDING);
});

test("NTF-13 enable joins the queue before the first poll: notifyOne then finds it", () => {
  const notify = new Notify();
  const [enabled, other] = [notify.notified(), notify.notified()];
  expect([enabled.enable(), enabled.enable()]).toEqual([false, false]);
  const behind = step(other);
  behind.poll();
  notify.notifyOne();
  expect(behind.isWoken).toBe(false);
  expect(enabled.enable()).toBe(true);
  expect(step(enabled).poll()).toBeUndefined();
});

test("NTF-13 enable is true when a permit is stored, or when notifyWaiters was called since", () => {
  const notify = new Notify();
  const before = notify.notified();
  notify.notifyWaiters();
  expect(before.enable()).toBe(true);
  notify.notifyOne();
  expect(notify.notified().enable()).toBe(true);
});

test("NTF-14 enable consumes the stored permit", () => {
  const notify = new Notify();
  notify.notifyOne();
  const [first, second] = [notify.notified(), notify.notified()];
  expect([first.enable(), second.enable()]).toEqual([true, false]);
  expect([step(first).poll(), step(second).poll()]).toEqual([undefined, PENDING]);
});

test("NTF-15 enable after a poll, and a poll after enable, change nothing about being ready", () => {
  const notify = new Notify();
  const polled = notify.notified();
  const stepper = step(polled);
  expect([stepper.poll(), polled.enable(), stepper.poll()]).toEqual([PENDING, false, PENDING]);
  const enabled = notify.notified();
  expect(enabled.enable()).toBe(false);
  const late = step(enabled);
  expect([late.poll(), late.poll()]).toEqual([PENDING, PENDING]);
  notify.notifyOne();
  notify.notifyOne();
  expect([stepper.isWoken, late.isWoken]).toEqual([true, true]);
  expect([polled.enable(), stepper.poll(), late.poll(), enabled.enable()]).toEqual([
    true,
    undefined,
    undefined,
    true,
  ]);
});

test("one that was enabled and notified but never polled passes it on when it is abandoned", () => {
  const notify = new Notify();
  const enabled = notify.notified();
  enabled.enable();
  const [next] = waiting(notify, 1);
  notify.notifyOne();
  step(enabled).drop();
  expect(next!.isWoken).toBe(true);
});

test("once enable has said true the notification is consumed, and abandoning passes nothing on", () => {
  const notify = new Notify();
  const enabled = notify.notified();
  enabled.enable();
  notify.notifyOne();
  expect(enabled.enable()).toBe(true);
  step(enabled).drop();
  expect(step(notify.notified()).poll()).toBe(PENDING);
});

test("NTF-16 polled from elsewhere, it wakes whoever polled it last", () => {
  const notify = new Notify();
  const woken: string[] = [];
  const notified = notify.notified();
  notified.poll({ wake: () => woken.push("first") });
  notified.poll({ wake: () => woken.push("second") });
  notify.notifyOne();
  expect(woken).toEqual(["second"]);
});

test("a waiter that another's waker makes join during notifyWaiters is not completed by it", () => {
  const notify = new Notify();
  let joined = notify.notified();
  notify.notified().poll({
    wake: () => {
      joined = notify.notified();
      joined.poll({ wake: () => {} });
    },
  });
  notify.notifyWaiters();
  expect(joined.poll({ wake: () => {} })).toBe(PENDING);
});
