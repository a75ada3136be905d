import {
  asyncFn,
  CancellationToken,
  CancelledError,
  fromPromise,
  mpsc,
  now,
  PENDING,
  pending,
  pollFn,
  ready,
  sleep,
  spawn,
  yieldNow,
} from "millrace";
import { step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

describe("a cancellation token", () => {
  test("wakes each waiter once; those not polled yet complete, too (CT-01)", () => {
    const token = new CancellationToken();
    const polled = [1, 2, 3].map(() => step(token.cancelled()));
    const unpolled = step(token.cancelled());
    for (const each of polled) expect(each.poll()).toBe(PENDING);
    expect(token.isCancelled).toBe(false);
    token.cancel();
    token.cancel();
    expect(token.isCancelled).toBe(true);
    expect(polled.map((each) => each.wakeCount)).toEqual([1, 1, 1]);
    expect(unpolled.wakeCount).toBe(0);
    for (const each of [...polled, unpolled]) expect(each.poll()).toBeUndefined();
    expect(step(token.cancelled()).poll()).toBeUndefined();
  });

  test("keeps its first reason", () => {
    const token = new CancellationToken();
    expect(token.reason).toBeUndefined();
    token.cancel("first");
    token.cancel("second");
    expect(token.reason).toBe("first");
    expect(token.signal.reason).toBe("first");
  });

  inBothStyles("ends the wait of whoever awaits it", function* ({ body }) {
    const token = new CancellationToken();
    const waiter = spawn(
      body(function* () {
        yield* get(token.cancelled());
        return token.reason;
      }),
    );
    yield* get(sleep(10));
    token.cancel("enough");
    expect(yield* get(waiter)).toBe("enough");
    yield* get(token.cancelled());
    expect(now()).toBe(10);
  });

  test("an abandoned wait leaves no trace", () => {
    const token = new CancellationToken();
    const wait = step(token.cancelled());
    wait.poll();
    wait.drop();
    token.cancel();
    expect(wait.wakeCount).toBe(0);
  });

  test("is cancelled when it is disposed", () => {
    let kept: CancellationToken;
    {
      using token = new CancellationToken();
      kept = token.childToken();
      expect(kept.isCancelled).toBe(false);
    }
    expect(kept.isCancelled).toBe(true);
  });

  test("is cancelled by its guard unless the guard was disarmed", () => {
    const guarded = new CancellationToken();
    {
      using _ = guarded.dropGuard();
    }
    expect(guarded.isCancelled).toBe(true);
    const disarmed = new CancellationToken();
    {
      using guard = disarmed.dropGuard();
      guard.disarm();
    }
    expect(disarmed.isCancelled).toBe(false);
  });

  test("stays consistent when a waker looks at it, cancels again or waits anew", () => {
    const token = new CancellationToken();
    const child = token.childToken();
    const log: unknown[] = [];
    const again = step(child.cancelled());
    token.cancelled().poll({
      wake: () => {
        log.push(token.isCancelled, child.isCancelled, child.reason);
        token.cancel("again");
        child.cancel("again");
        log.push(again.poll());
      },
    });
    step(child.cancelled()).poll();
    token.cancel("first");
    expect(log).toEqual([true, true, "first", undefined]);
    expect([token.reason, child.reason]).toEqual(["first", "first"]);
  });
});

describe("a tree of tokens", () => {
  test("a cancelled child leaves parent, siblings and later children alone (CT-03)", () => {
    const parent = new CancellationToken();
    const child = parent.childToken();
    const sibling = parent.childToken();
    const waits = [parent, sibling].map((token) => step(token.cancelled()));
    for (const wait of waits) wait.poll();
    child.cancel("mine");
    expect([parent, child, sibling].map((token) => token.isCancelled)).toEqual([false, true, false]);
    expect(waits.map((wait) => wait.wakeCount)).toEqual([0, 0]);
    const later = parent.childToken();
    const wait = step(later.cancelled());
    wait.poll();
    parent.cancel("all");
    expect(wait.wakeCount).toBe(1);
    expect([parent, child, sibling, later].map((token) => token.reason)).toEqual([
      "all",
      "mine",
      "all",
      "all",
    ]);
  });

  test("a child of a cancelled token is born cancelled, and no waker is bothered (CT-04)", () => {
    const parent = new CancellationToken();
    parent.cancel("early");
    const child = parent.childToken();
    const grandchild = child.childToken();
    for (const token of [child, grandchild]) {
      expect([token.isCancelled, token.reason]).toEqual([true, "early"]);
      const wait = step(token.cancelled());
      expect(wait.poll()).toBeUndefined();
      expect(wait.wakeCount).toBe(0);
      expect(token.signal.aborted).toBe(true);
      expect(token.signal.reason).toBe("early");
    }
    // In any order of disposal.
    child[Symbol.dispose]();
    parent[Symbol.dispose]();
    grandchild[Symbol.dispose]();
    expect(grandchild.reason).toBe("early");
  });

  test("cancelling one inner node cancels exactly its subtree (CT-05)", () => {
    const root = new CancellationToken();
    const [a, b] = [root.childToken(), root.childToken()];
    const [a1, a2] = [a.childToken(), a.childToken()];
    const all = [root, b, a, a1, a2, a1.childToken(), a2.childToken(), a2.childToken()];
    const waits = all.map((token) => step(token.cancelled()));
    for (const wait of waits) wait.poll();
    a.cancel();
    expect(all.filter((token) => token.isCancelled)).toHaveLength(6);
    expect(waits.map((wait) => wait.wakeCount)).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
    root.cancel();
    expect(waits.map((wait) => wait.wakeCount)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test("may be as deep as 100 000 tokens", () => {
    const root = new CancellationToken();
    let leaf = root;
    for (let i = 0; i < 100_000; i++) leaf = leaf.childToken();
    const wait = step(leaf.cancelled());
    wait.poll();
    expect(leaf.isCancelled).toBe(false);
    expect(leaf.reason).toBeUndefined();
    root.cancel("deep");
    expect(wait.wakeCount).toBe(1);
    expect(leaf.reason).toBe("deep");
    const dropped = step(leaf.childToken().cancelled());
    dropped.poll();
    dropped.drop();
  });
});

describe("tokens and abort signals", () => {
  test("a token's signal aborts with its reason", () => {
    const token = new CancellationToken();
    const { signal } = token;
    expect(token.signal).toBe(signal);
    expect(signal.aborted).toBe(false);
    const heard: unknown[] = [];
    signal.addEventListener("abort", () => heard.push(signal.reason));
    token.cancel("why");
    expect(heard).toEqual(["why"]);
  });

  test("a child's signal aborts with its parent", () => {
    const parent = new CancellationToken();
    const { signal } = parent.childToken().childToken();
    parent.cancel("above");
    expect([signal.aborted, signal.reason]).toEqual([true, "above"]);
  });

  test("a cancellation without a reason aborts a signal as AbortController does", () => {
    const token = new CancellationToken();
    const { signal } = token;
    token.cancel();
    expect(token.reason).toBeUndefined();
    expect(signal.reason).toMatchObject({ name: "AbortError" });
  });

  test("a token from a signal follows it, with its reason, children included", () => {
    const controller = new AbortController();
    const token = CancellationToken.from(controller.signal);
    const child = token.childToken();
    const waits = [token, child].map((each) => step(each.cancelled()));
    for (const wait of waits) wait.poll();
    controller.abort("stop");
    expect(waits.map((wait) => wait.wakeCount)).toEqual([1, 1]);
    expect([token.reason, child.reason]).toEqual(["stop", "stop"]);
    expect(CancellationToken.from(AbortSignal.abort("early")).childToken().reason).toBe("early");
  });

  test("a token from a signal may be cancelled first, and never touches the signal", () => {
    const controller = new AbortController();
    const token = CancellationToken.from(controller.signal);
    token.cancel("mine");
    controller.abort("theirs");
    expect(token.reason).toBe("mine");
    expect(controller.signal.reason).toBe("theirs");
  });

  test("a token from a signal listens only while somebody waits on it", () => {
    const controller = new AbortController();
    const counts = { add: 0, remove: 0 };
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (counts.add++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (counts.remove++, remove(...args));
    const token = CancellationToken.from(signal);
    expect(counts).toEqual({ add: 0, remove: 0 });
    const waits = [token, token.childToken()].map((each) => step(each.cancelled()));
    for (const wait of waits) wait.poll();
    expect(counts).toEqual({ add: 1, remove: 0 });
    for (const wait of waits) wait.drop();
    expect(counts).toEqual({ add: 1, remove: 1 });
    controller.abort();
    expect(token.isCancelled).toBe(true);
  });

  test("from wants a signal", () => {
    for (const bad of [undefined, null, {}, new CancellationToken()]) {
      expect(() => CancellationToken.from(bad as AbortSignal)).toThrow(
        /^CancellationToken.from expects an AbortSignal/,
      );
    }
  });
});

describe("runUntilCancelled", () => {
  inBothStyles("gives the value of a future that is done first", function* () {
    const token = new CancellationToken();
    expect(yield* get(token.runUntilCancelled(sleep(5).map(() => "done")))).toBe("done");
    expect(yield* get(token.runUntilCancelled("plain"))).toBe("plain");
    expect(yield* get(token.runUntilCancelled(Promise.resolve("promised")))).toBe("promised");
  });

  inBothStyles("gives undefined when the token is first, and abandons the future", function* ({ body }) {
    const token = new CancellationToken();
    const log: unknown[] = [];
    const work = asyncFn(
      body(function* () {
        try {
          yield* get(pending());
        } catch (error) {
          log.push(error instanceof CancelledError);
          throw error;
        }
      }),
    );
    spawn(sleep(10).map(() => token.cancel()));
    expect(yield* get(token.runUntilCancelled(work()))).toBeUndefined();
    expect(now()).toBe(10);
    expect(log).toEqual([true]);
  });

  test("of a cancelled token never polls, not even a ready future, and stores no waker (CT-09)", () => {
    const token = new CancellationToken();
    token.cancel();
    let polls = 0;
    let drops = 0;
    const run = step(
      token.runUntilCancelled(
        pollFn<string>(
          () => {
            polls++;
            return "ready";
          },
          () => void drops++,
        ),
      ),
    );
    expect(run.poll()).toBeUndefined();
    expect([polls, drops, run.wakeCount]).toEqual([0, 1, 0]);
    expect(step(token.runUntilCancelled(ready(1))).poll()).toBeUndefined();
  });

  test("prefers the value when both are there (CT-09)", () => {
    const token = new CancellationToken();
    const [tx, rx] = mpsc.channel<string>(1);
    const run = step(token.runUntilCancelled(rx.recv()));
    expect(run.poll()).toBe(PENDING);
    token.cancel();
    tx.trySend("value");
    expect(run.isWoken).toBe(true);
    expect(run.poll()).toBe("value");
  });

  inBothStyles("passes on a failure, and leaves no waiter on the token", function* () {
    const token = new CancellationToken();
    const boom = new Error("boom");
    const failed = yield* get(token.runUntilCancelled(fromPromise(Promise.reject(boom))).settled());
    expect(failed).toEqual({ status: "rejected", reason: boom });
  });

  test("abandoned, abandons the future and leaves no waiter", () => {
    const token = new CancellationToken();
    let drops = 0;
    const run = step(
      token.runUntilCancelled(
        pollFn(
          () => PENDING,
          () => void drops++,
        ),
      ),
    );
    run.poll();
    run.drop();
    expect(drops).toBe(1);
    token.cancel();
    expect(run.wakeCount).toBe(0);
  });
});

describe("until", () => {
  inBothStyles(
    "rejects with CancelledError and the reason when the token or signal fires first",
    function* () {
      const token = new CancellationToken();
      const controller = new AbortController();
      spawn(
        sleep(5).map(() => {
          token.cancel("why");
          controller.abort("why");
        }),
      );
      const waits = [pending().until(token), pending().until(controller.signal)];
      const tasks = waits.map((wait) => spawn(wait.settled()));
      for (const task of tasks) expect(yield* get(task)).toEqual({ status: "cancelled", reason: "why" });
      expect(now()).toBe(5);
    },
  );

  test("that has fired already never polls", () => {
    const token = new CancellationToken();
    token.cancel("early");
    for (const stop of [token, AbortSignal.abort("early")]) {
      const run = step(
        pollFn(() => {
          throw new Error("polled");
        }).until(stop),
      );
      expect(() => run.poll()).toThrow(CancelledError);
    }
  });

  inBothStyles(
    "a task that was spawned with a token is aborted by it, with its reason",
    function* ({ body }) {
      const token = new CancellationToken();
      const log: unknown[] = [];
      const task = spawn(
        body(function* () {
          try {
            yield* get(pending());
          } catch (error) {
            log.push((error as CancelledError).reason);
            throw error;
          }
        }),
        { signal: token },
      );
      yield* get(yieldNow());
      token.cancel("why");
      expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "why" });
      expect(log).toEqual(["why"]);
    },
  );
});
