import {
  asyncFn,
  fromPromise,
  mpsc,
  now,
  PENDING,
  pending,
  pollFn,
  ready,
  Runtime,
  sleep,
  spawn,
  timeout,
  timeoutAt,
  TimeoutError,
  type Duration,
} from "millrace";
import { paused, step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

const stillPending: PromiseLike<never> = new Promise<never>(() => {});

describe("a timeout", () => {
  inBothStyles("of 0, or with its deadline past, lets a ready future win (TMO-01)", function* () {
    yield* get(sleep(10));
    expect(yield* get(timeout(0, ready("x")))).toBe("x");
    expect(yield* get(timeoutAt(10, ready("now")))).toBe("now");
    expect(yield* get(timeoutAt(3, ready("past")))).toBe("past");
    expect(yield* get(timeout(0, "a plain value"))).toBe("a plain value");
  });

  inBothStyles("of 0 lets a ready future win however many came before it in the same turn", function* () {
    const [tx, rx] = mpsc.channel<number>(1000);
    for (let i = 0; i < 1000; i++) tx.trySend(i);
    for (let i = 0; i < 500; i++) expect(yield* get(timeout(0, rx.recv()))).toBe(i);
    for (let i = 500; i < 1000; i++) expect(yield* get(timeoutAt(now(), rx.recv()))).toBe(i);
    expect((yield* get(timeout(0, rx.recv()).settled())).status).toBe("rejected");
  });

  inBothStyles("of 0 ends a pending future without moving time", function* () {
    for (const limited of [timeout(0, pending()), timeoutAt(0, pending()), pending().timeout(0)]) {
      expect((yield* get(limited.settled())).status).toBe("rejected");
    }
    expect(now()).toBe(0);
  });

  inBothStyles("lets a future through that takes 90 of its 100 ms (TMO-02)", function* () {
    expect(
      yield* get(
        timeout(
          100,
          sleep(90).map(() => "done"),
        ),
      ),
    ).toBe("done");
    expect(now()).toBe(90);
  });

  inBothStyles("throws TimeoutError once its time is over (TMO-02)", function* () {
    const outcome = yield* get(timeout(100, pending()).settled());
    expect(now()).toBe(100);
    const error = outcome.status === "rejected" ? outcome.reason : undefined;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ name: "TimeoutError", code: "ERR_TIMEOUT" });
    expect((error as Error).message).toContain("100 ms");
  });

  test("wakes its waiter when its time is over, and not before (TMO-02)", () =>
    paused(async (clock) => {
      using limited = step(timeout(100, pending()));
      expect(limited.poll()).toBe(PENDING);
      clock.jump(99);
      expect(limited.isWoken).toBe(false);
      clock.jump(1);
      expect(limited.isWoken).toBe(true);
      expect(() => limited.poll()).toThrow(TimeoutError);
    }));

  inBothStyles("of Infinity, or longer than time itself, is no limit (TMO-03)", function* () {
    for (const limit of [Infinity, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER]) {
      yield* get(timeout(limit, sleep({ days: 365 * 20 })));
    }
    expect(now()).toBe(3 * 365 * 20 * 86_400_000);
  });

  inBothStyles("prefers the value when both fall on the same instant", function* () {
    expect(
      yield* get(
        timeout(
          10,
          sleep(10).map(() => "value"),
        ),
      ),
    ).toBe("value");
    expect(
      yield* get(
        timeout(
          10,
          sleep(10).map(() => "value"),
        ).map((v) => v + "!"),
      ),
    ).toBe("value!");
  });

  inBothStyles("abandons the future when it elapses, and on no other occasion", function* () {
    let drops = 0;
    const forever = () =>
      pollFn<string>(
        () => PENDING,
        () => void drops++,
      );
    yield* get(timeout(5, forever()).settled());
    expect(drops).toBe(1);
    yield* get(
      timeout(
        5,
        pollFn(
          () => "x",
          () => void drops++,
        ),
      ),
    );
    expect(drops).toBe(1);
    const limited = step(timeout(5, forever()));
    limited.poll();
    limited.drop();
    expect(drops).toBe(2);
  });

  inBothStyles("gives the future's own error unchanged", function* () {
    const boom = new Error("boom");
    const fails = timeout(
      10,
      pollFn<never>(() => {
        throw boom;
      }),
    );
    expect(yield* get(fails.settled())).toEqual({ status: "rejected", reason: boom });
  });

  inBothStyles("inside a timeout: the tighter one speaks", function* () {
    const inner = yield* get(timeout(50, timeout(10, pending())).settled());
    expect(inner).toMatchObject({ reason: { message: expect.stringContaining("10 ms") } });
    const outer = yield* get(timeout(10, timeout(50, pending())).settled());
    expect(outer).toMatchObject({ reason: { message: expect.stringContaining("10 ms") } });
    expect(now()).toBe(20);
  });

  inBothStyles("of a promise that never settles elapses under virtual time", function* () {
    yield* get(timeout(50, stillPending).settled());
    expect(now()).toBe(50);
  });

  inBothStyles("loses no message when it elapses", function* () {
    const [tx, rx] = mpsc.channel<number>(1);
    expect((yield* get(rx.recv().timeout(5).settled())).status).toBe("rejected");
    tx.trySend(1);
    expect(yield* get(rx.recv().timeout(5))).toBe(1);
  });

  inBothStyles("does not abort the task whose handle it gives up", function* () {
    const task = spawn(sleep(20).map(() => "done"));
    expect((yield* get(timeout(5, task).settled())).status).toBe("rejected");
    expect(yield* get(task)).toBe("done");
  });

  inBothStyles("lets the cleanup of a call run before it throws on", function* ({ body }) {
    const steps: string[] = [];
    const work = asyncFn(
      body(function* () {
        try {
          yield* get(pending());
        } finally {
          steps.push("cleanup");
        }
      }),
    );
    yield* get(timeout(5, work()).settled());
    expect(steps).toEqual(["cleanup"]);
  });

  inBothStyles("is not outrun by an operation that is always ready", function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(1);
    const spin = asyncFn(
      body(function* () {
        for (;;) {
          yield* get(tx.send(1));
          yield* get(rx.recv());
        }
      }),
    );
    spawn(sleep(3)).detach();
    // Virtual time moves only when nothing can run, so it is moved from outside.
    expect((yield* get(timeoutAt(now(), spin()).settled())).status).toBe("rejected");
  });

  test("leaves no timer behind, however it ends", async () => {
    await using runtime = new Runtime({ clock: "paused" });
    await runtime.run(async () => {
      await timeout(1000, sleep(1));
      await timeout(1000, fromPromise(Promise.reject(new Error("x")))).settled();
      await timeout(1, pending()).settled();
      const limited = step(timeout(1000, pending()));
      limited.poll();
      limited.drop();
      expect(runtime.metrics().timers).toBe(0);
    });
  });

  const bad: unknown[] = [-1, NaN, "5", undefined, null, {}];
  test.each(bad)("of %s throws a RangeError at the caller's line", (limit) => {
    expect(() => timeout(limit as Duration, ready(1))).toThrow(RangeError);
    expect(() => ready(1).timeout(limit as Duration)).toThrow(RangeError);
    expect(() => timeout(limit as Duration, ready(1))).toThrow(/^timeout expects a duration/);
  });
  test("at a deadline that is none throws a RangeError at the caller's line", () => {
    expect(() => timeoutAt(NaN, ready(1))).toThrow(/^timeoutAt expects a deadline/);
  });

  inBothStyles("with a bad limit leaves the future unused", function* () {
    const future = sleep(1);
    expect(() => timeout(NaN, future)).toThrow(RangeError);
    yield* get(future);
    expect(now()).toBe(1);
  });
});
