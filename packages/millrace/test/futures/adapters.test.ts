import {
  asyncFn,
  CancellationToken,
  CancelledError,
  DeadlockError,
  FutureConsumedError,
  join,
  mpsc,
  pending,
  ready,
  select,
  sleep,
  spawn,
  timeout,
  TimeoutError,
  type Future,
} from "millrace";
import { paused, step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Probe } from "../probe.ts";
import { nextTurn } from "../turn.ts";

const failing = asyncFn(async (error: unknown): Promise<number> => {
  await sleep(1);
  throw error;
});

describe("map", () => {
  inBothStyles("map gives f of the value", function* () {
    expect(yield* get(ready(2).map((n) => n * 2))).toBe(4);
    expect(yield* get(sleep(5).map(() => "later"))).toBe("later");
  });

  inBothStyles("map throws what the future or f throws", function* () {
    const error = new Error("no");
    const inner = failing(error).map(() => "never");
    expect(yield* get(inner.settled())).toEqual({ status: "rejected", reason: error });
    const outer = ready(1).map(() => {
      throw error;
    });
    expect(yield* get(outer.settled())).toEqual({ status: "rejected", reason: error });
  });

  // EAG-01 asks that the finished future be gone before the next step runs: here it is never dropped after it.
  inBothStyles("EAG-01: a finished future is neither polled nor dropped once f runs", function* () {
    const probe = new Probe<number>();
    probe.resolve(1);
    const seen: number[] = [];
    const mapped = probe.map(() => {
      seen.push(probe.polls, probe.drops);
      throw new Error("no");
    });
    yield* get(mapped.settled());
    expect([...seen, probe.polls, probe.drops]).toEqual([1, 0, 1, 0]);
  });
});

describe("settled", () => {
  inBothStyles("settled gives how it ended, and never rejects for the future's own failure", function* () {
    const error = new Error("no");
    expect(yield* get(ready(1).settled())).toEqual({ status: "fulfilled", value: 1 });
    expect(yield* get(failing(error).settled())).toEqual({ status: "rejected", reason: error });
    expect(yield* get(failing(undefined).settled())).toEqual({ status: "rejected", reason: undefined });
    const task = spawn(sleep(100));
    task.abort("why");
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "why" });
    const elapsed = yield* get(sleep(100).timeout(5).settled());
    expect(elapsed.status).toBe("rejected");
  });

  inBothStyles("the cancellation of the one who waits is not the outcome of settled", function* ({ body }) {
    let went = false;
    const task = spawn(
      body(function* () {
        yield* get(pending().settled());
        went = true;
      }),
    );
    yield* get(sleep(1));
    task.abort();
    expect((yield* get(task.settled())).status).toBe("cancelled");
    expect(went).toBe(false);
  });
});

describe("ref", () => {
  inBothStyles(
    "SEL-06: a future lent by ref stays usable when it loses, and keeps its value",
    function* ({ clock }) {
      const slow = sleep(50).map(() => "slow");
      for (const at of [10, 20, 30]) {
        const won = yield* get(select({ slow: slow.ref(), tick: sleep(10) }));
        expect(won.key).toBe("tick");
        expect(clock.now()).toBe(at);
      }
      expect(yield* get(slow)).toBe("slow");
      expect(clock.now()).toBe(50);
    },
  );

  inBothStyles(
    "SEL-06: losing by ref does not drop the future, which may complete by ref later",
    function* () {
      const probe = new Probe<number>();
      yield* get(select({ probe: probe.ref(), tick: sleep(1) }));
      yield* get(timeout(1, probe.ref()).settled());
      expect(probe.drops).toBe(0);
      probe.resolve(1);
      expect(yield* get(select({ probe: probe.ref(), tick: sleep(1) }))).toEqual({ key: "probe", value: 1 });
      expect([probe.polls, probe.drops]).toEqual([5, 0]);
    },
  );

  inBothStyles("a future that completed by ref has been used", function* () {
    const future = sleep(1);
    yield* get(future.ref());
    const again = yield* get(future.settled());
    expect(again).toMatchObject({ status: "rejected", reason: expect.any(FutureConsumedError) });
    const byRef = yield* get(future.ref().settled());
    expect(byRef).toMatchObject({ status: "rejected", reason: expect.any(FutureConsumedError) });
  });

  inBothStyles("of two refs polled together the first takes the result, the other is refused", function* () {
    const probe = new Probe<number>();
    const a = step(probe.ref());
    const b = step(probe.ref());
    a.poll();
    b.poll();
    probe.resolve(1);
    expect(a.poll()).toBe(1);
    expect(() => b.poll()).toThrow(FutureConsumedError);
    expect([probe.polls, probe.drops]).toEqual([3, 0]);
    yield* get(ready(0));
  });

  test("a lent future is still its maker's to drop", () => {
    const probe = new Probe();
    const lent = step(probe.ref());
    lent.poll();
    lent.drop();
    expect(probe.drops).toBe(0);
    probe[Symbol.dispose]();
    expect(probe.drops).toBe(1);
  });

  inBothStyles("ref of a handle and of an awaited future", function* () {
    const handle = spawn(sleep(10).map(() => 1));
    yield* get(select({ handle: handle.ref(), tick: sleep(1) }));
    expect(yield* get(handle.ref())).toBe(1);
    const future = ready(2).map((n) => n);
    void future.then();
    expect(yield* get(future.ref())).toBe(2);
    expect(yield* get(future.ref())).toBe(2);
  });

  inBothStyles("a message sent while only a ref waited is not lost", function* () {
    const [tx, rx] = mpsc.channel<number>(4);
    const next = rx.recv();
    yield* get(select({ next: next.ref(), tick: sleep(1) }));
    tx.trySend(1);
    tx.trySend(2);
    expect(yield* get(next)).toBe(1);
    expect(yield* get(rx.recv())).toBe(2);
  });
});

describe("timeout", () => {
  inBothStyles(
    "timeout counts from the first poll, drops what is late, and lets a ready one win",
    function* ({ clock }) {
      const limited = new Probe<number>();
      const late = limited.timeout(10);
      yield* get(sleep(100));
      const error = yield* get(late.settled());
      expect(error).toMatchObject({ reason: expect.any(TimeoutError) });
      expect([clock.now(), limited.drops]).toEqual([110, 1]);
      expect(yield* get(ready(1).timeout(0))).toBe(1);
      expect(
        yield* get(
          sleep(5)
            .map(() => 2)
            .timeout(Infinity),
        ),
      ).toBe(2);
    },
  );

  test("a bad limit is refused at once", () => {
    expect(() => ready(1).timeout(-1)).toThrow(RangeError);
    expect(() => ready(1).timeout(NaN)).toThrow(RangeError);
  });
});

interface Trigger {
  readonly stop: CancellationToken | AbortSignal;
  fire(reason?: unknown): void;
}
const triggers: Record<string, () => Trigger> = {
  "a token": () => {
    const stop = new CancellationToken();
    return { stop, fire: (reason) => stop.cancel(reason) };
  },
  "a child token": () => {
    const parent = new CancellationToken();
    return { stop: parent.childToken(), fire: (reason) => parent.cancel(reason) };
  },
  "a signal": () => {
    const controller = new AbortController();
    return { stop: controller.signal, fire: (reason) => controller.abort(reason) };
  },
};

for (const [name, make] of Object.entries(triggers)) {
  describe(`until ${name}`, () => {
    inBothStyles("it rejects with CancelledError, reason included, and drops the future", function* () {
      const { stop, fire } = make();
      const probe = new Probe();
      const waiting = spawn(probe.until(stop));
      yield* get(sleep(1));
      fire("enough");
      const error: unknown = yield* get(waiting.settled());
      expect(error).toEqual({ status: "cancelled", reason: "enough" });
      expect([probe.polls, probe.drops]).toEqual([2, 1]);
    });

    inBothStyles("CT-09: already fired, it never polls, not even a ready future", function* () {
      const { stop, fire } = make();
      fire("before");
      const probe = new Probe<number>();
      probe.resolve(1);
      expect(yield* get(probe.until(stop).settled())).toEqual({ status: "cancelled", reason: "before" });
      expect([probe.polls, probe.drops]).toEqual([0, 1]);
    });

    inBothStyles(
      "it also never polls when it fired after until was called, before the first poll",
      function* () {
        const { stop, fire } = make();
        const probe = new Probe<number>();
        const until = probe.until(stop);
        fire();
        expect((yield* get(until.settled())).status).toBe("cancelled");
        expect([probe.polls, probe.drops]).toEqual([0, 1]);
      },
    );

    inBothStyles("CT-09: fired later, when both are ready the future's value wins", function* () {
      const { stop, fire } = make();
      const probe = new Probe<number>();
      const waiting = spawn(probe.until(stop));
      yield* get(sleep(1));
      fire();
      probe.resolve(1);
      expect(yield* get(waiting)).toBe(1);
      expect(probe.drops).toBe(0);
    });

    inBothStyles("a failure of the future is its own", function* () {
      const { stop } = make();
      const error = new Error("own");
      expect(yield* get(failing(error).until(stop).settled())).toEqual({ status: "rejected", reason: error });
    });

    test("a program that waits until something outside fires is no deadlock; one that nobody can end is", () =>
      paused(async () => {
        const { stop, fire } = make();
        nextTurn(() => nextTurn(() => nextTurn(() => nextTurn(() => fire()))));
        const outcome = await pending().until(stop).settled();
        expect(outcome.status).toBe("cancelled");
      }).catch((error: unknown) => {
        // A token can only be cancelled by a task, unless it follows a signal.
        if (name === "a signal") throw error;
        expect(error).toBeInstanceOf(DeadlockError);
      }));
  });
}

test("until leaves no listener on a signal, however it ends", () =>
  paused(async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    }) as typeof add;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    }) as typeof remove;
    await ready(1).until(signal);
    expect(listeners).toBe(0);
    await sleep(5).until(signal);
    expect(listeners).toBe(0);
    await failing(new Error("no")).until(signal).settled();
    expect(listeners).toBe(0);
    const waiting = spawn(pending().until(signal));
    await sleep(1);
    expect(listeners).toBe(1);
    waiting.abort();
    await waiting.settled();
    expect(listeners).toBe(0);
  }));

inBothStyles(
  "CT-09: runUntilCancelled gives undefined, and polls nothing when already cancelled",
  function* () {
    const token = new CancellationToken();
    const probe = new Probe<number>();
    const waiting = spawn(token.runUntilCancelled(probe));
    yield* get(sleep(1));
    token.cancel();
    expect(yield* get(waiting)).toBe(undefined);
    expect(probe.drops).toBe(1);
    const other = new Probe<number>();
    other.resolve(1);
    const never = step(token.runUntilCancelled(other));
    expect(never.poll()).toBe(undefined);
    expect([other.polls, other.drops, never.wakeCount]).toEqual([0, 1, 0]);
  },
);

inBothStyles("adapters stack, and abandoning the outermost drops the innermost once", function* () {
  const probe = new Probe<number>();
  const stack: Future<unknown> = probe
    .map((n) => n + 1)
    .timeout(1000)
    .until(new CancellationToken())
    .settled();
  yield* get(select({ stack: join(stack), tick: sleep(1) }));
  expect(probe.drops).toBe(1);
  const ok = ready(1)
    .map((n) => n + 1)
    .timeout(1000)
    .until(new CancellationToken())
    .ref()
    .settled();
  expect(yield* get(ok)).toEqual({ status: "fulfilled", value: 2 });
});

test("a cancelled wait says what it was", () =>
  paused(async () => {
    const token = new CancellationToken();
    token.cancel(new Error("cause"));
    const error = await pending()
      .until(token)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CancelledError);
    expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", reason: { message: "cause" } });
  }));
