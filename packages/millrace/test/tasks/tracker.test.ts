import {
  CancelledError,
  type Future,
  PENDING,
  pending,
  pollFn,
  ready,
  sleep,
  spawn,
  TaskTracker,
} from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

inBothStyles(
  "wait ends when the tracker is closed and empty; nothing is aborted",
  function* ({ body, clock }) {
    const tracker = new TaskTracker();
    const ended: number[] = [];
    for (const ms of [10, 20]) {
      tracker
        .spawn(
          body(function* () {
            yield* get(sleep(ms));
            ended.push(ms);
          }),
        )
        .detach();
    }
    expect([tracker.size, tracker.isClosed]).toEqual([2, false]);
    expect([tracker.close(), tracker.close(), tracker.isClosed]).toEqual([true, false, true]);
    yield* get(tracker.wait());
    expect(ended).toEqual([10, 20]);
    expect([tracker.size, clock.now()]).toEqual([0, 20]);
    expect([tracker.reopen(), tracker.reopen()]).toEqual([true, false]);
  },
);

test("TT-02 a wait made while closed and empty completes, even if the tracker is reopened before it is polled", () =>
  paused(async () => {
    const tracker = new TaskTracker();
    tracker.close();
    const early = tracker.wait();
    tracker.reopen();
    expect(step(early).poll()).toBeUndefined();
    const momentary = step(tracker.wait());
    expect(momentary.poll()).toBe(PENDING);
    tracker.close();
    tracker.reopen();
    expect(momentary.isWoken).toBe(true);
    expect(momentary.poll()).toBeUndefined();
    // The same for a last task that is followed by another one.
    const task = tracker.spawn(ready(1));
    const later = step(tracker.wait());
    expect(later.poll()).toBe(PENDING);
    tracker.close();
    await task;
    tracker.spawn(pending()).detach();
    expect(later.poll()).toBeUndefined();
    expect(step(tracker.wait()).poll()).toBe(PENDING);
  }));

test("TT-03 while it is open, the last task leaving and another coming completes no wait", () =>
  paused(async () => {
    const tracker = new TaskTracker();
    const wait = step(tracker.wait());
    expect(wait.poll()).toBe(PENDING);
    await tracker.spawn(ready(1));
    tracker.spawn(pending()).detach();
    expect([wait.isWoken, wait.poll()]).toEqual([false, PENDING]);
  }));

test.each([0, 1, 2, 3, 4, 5])(
  "TT-04 closed after %i of 5 have left: the wait completes when both hold",
  (count) =>
    paused(async () => {
      const tracker = new TaskTracker();
      const tracked = Array.from({ length: 5 }, () => step(tracker.track(ready(1))));
      const wait = step(tracker.wait());
      for (const [i, each] of tracked.entries()) {
        if (i === count) tracker.close();
        expect(wait.poll()).toBe(PENDING);
        each.poll();
      }
      if (count === 5) {
        expect(wait.poll()).toBe(PENDING);
        tracker.close();
      }
      expect(wait.poll()).toBeUndefined();
    }),
);

test("TT-06 size counts tasks and futures; spawning after close is allowed and waited for", () =>
  paused(async (clock) => {
    const tracker = new TaskTracker();
    tracker.close();
    const task = tracker.spawn(sleep(5));
    const tracked = tracker.track(sleep(50));
    const dropped = tracker.track(pending());
    const failing = tracker.track(
      ready(0).map(() => {
        throw new Error("counted");
      }),
    );
    expect(tracker.size).toBe(4);
    dropped[Symbol.dispose]();
    expect(tracker.size).toBe(3);
    await expect(failing).rejects.toThrow("counted");
    expect(tracker.size).toBe(2);
    const follower = spawn(tracked);
    await tracker.wait();
    expect(clock.now()).toBe(50);
    await task;
    await follower;
  }));

test("a tracked future that is awaited and then disposed is counted once", () =>
  paused(async () => {
    const tracker = new TaskTracker();
    const tracked = tracker.track(sleep(1));
    await tracked;
    tracked[Symbol.dispose]();
    expect(tracker.size).toBe(0);
    const aborted = spawn(tracker.track(pending()));
    await sleep(1);
    aborted.abort();
    await expect(aborted).rejects.toBeInstanceOf(CancelledError);
    expect(tracker.size).toBe(0);
  }));

test("a tracked future that is dropped by hand, and then disposed, is counted once", () => {
  const tracker = new TaskTracker();
  {
    using tracked = tracker.track(pending());
    tracked.drop();
    expect(tracker.size).toBe(0);
  }
  expect(tracker.size).toBe(0);
});

inBothStyles("to wait for the world through a tracker is no deadlock", function* () {
  let hasCome = false;
  const outside = pollFn((waker) => {
    if (hasCome) return "came";
    setTimeout(() => {
      hasCome = true;
      waker.wake();
    }, 5);
    return PENDING;
  });
  expect(yield* get(new TaskTracker().track(outside))).toBe("came");
});

test("TT-07 letting the tracker go aborts nothing", () =>
  paused(async () => {
    const task = new TaskTracker().spawn(sleep(10).map(() => "ran"));
    expect(await task).toBe("ran");
  }));

test("an aborted task leaves the tracker only after its cleanup", () =>
  paused(async (clock) => {
    const tracker = new TaskTracker();
    const task = tracker.spawn(async () => {
      try {
        await pending();
      } finally {
        await sleep(10);
      }
    });
    tracker.close();
    await sleep(1);
    task.abort();
    await tracker.wait();
    expect(clock.now()).toBe(11);
  }));

test("tracking what is no future throws at the caller, and counts nothing", () => {
  const tracker = new TaskTracker();
  const track = (value: unknown) => (): unknown => tracker.track(value as Future<never>);
  expect(track(undefined)).toThrow(new TypeError("TaskTracker.track expects a future, got undefined"));
  expect(track(Promise.resolve())).toThrow(
    new TypeError("TaskTracker.track expects a future, got a promise; fromPromise makes it a future"),
  );
  expect(track(() => 1)).toThrow(new TypeError("TaskTracker.track expects a future, got a function"));
  expect(tracker.size).toBe(0);
});
