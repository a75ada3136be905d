import { fromPromise, join, ready, select, sleep, spawn } from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Probe } from "../probe.ts";
import { nextTurn, turn } from "../turn.ts";

inBothStyles("a promise's value and error come through", function* () {
  const error = new Error("no");
  expect(yield* get(fromPromise(Promise.resolve(1)))).toBe(1);
  const failed = Promise.reject(error);
  expect(yield* get(fromPromise(failed).settled())).toEqual({ status: "rejected", reason: error });
});

inBothStyles("the function form is called when it is first polled, once", function* () {
  let calls = 0;
  const future = fromPromise(async () => ++calls);
  yield* get(sleep(1));
  expect(calls).toBe(0);
  expect(yield* get(future)).toBe(1);
  expect(calls).toBe(1);
});

inBothStyles("the signal fires when the future is abandoned, and only then", function* () {
  const signals: AbortSignal[] = [];
  const hanging = () =>
    fromPromise((signal) => {
      signals.push(signal);
      return new Promise<number>(() => {});
    });
  const stepper = step(hanging());
  stepper.poll();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  stepper.drop();
  expect(signals[0]!.aborted).toBe(true);
  expect(signals[0]!.reason).toMatchObject({ name: "AbortError" });
  let signal: AbortSignal | undefined;
  const done = fromPromise(async (given) => {
    signal = given;
    return 1;
  });
  expect(yield* get(done)).toBe(1);
  expect(signal!.aborted).toBe(false);
});

inBothStyles("aborting a task fires the signal of what it waits for", function* ({ body, clock }) {
  let signal: AbortSignal | undefined;
  const task = spawn(
    body(function* () {
      yield* get(
        fromPromise((given) => {
          signal = given;
          return new Promise<void>(() => {});
        }),
      );
    }),
  );
  yield* get(clock.settle());
  task.abort("why");
  expect((yield* get(task.settled())).status).toBe("cancelled");
  expect(signal!.aborted).toBe(true);
});

inBothStyles("a function that throws at once rejects the future", function* ({ clock }) {
  const error = new Error("sync");
  const broken = fromPromise(() => {
    throw error;
  });
  expect(yield* get(broken.settled())).toEqual({ status: "rejected", reason: error });
  // Nothing of it holds the paused clock.
  yield* get(sleep(10));
  expect(clock.now()).toBe(10);
});

inBothStyles(
  "other people's thenables may throw, call back twice, or resolve with a thenable",
  function* ({ clock }) {
    const error = new Error("then");
    const throwing = {
      then: () => {
        throw error;
      },
    } as unknown as PromiseLike<number>;
    expect(yield* get(fromPromise(throwing).settled())).toEqual({ status: "rejected", reason: error });
    const twice: PromiseLike<number> = {
      then: ((ok: (n: number) => void, err: (reason: unknown) => void) => {
        ok(1);
        ok(2);
        err(error);
      }) as never,
    };
    expect(yield* get(fromPromise(twice))).toBe(1);
    const nested: PromiseLike<unknown> = {
      then: ((ok: (value: unknown) => void) => ok(Promise.resolve("inner"))) as never,
    };
    expect(yield* get(fromPromise(nested))).toBe("inner");
    expect(yield* get(join(twice, nested))).toEqual([1, "inner"]);
    yield* get(sleep(10));
    expect(clock.now()).toBe(10);
  },
);

inBothStyles(
  "a future is its own future, and a function may return one, which is dropped with it",
  function* () {
    const future = sleep(1).map(() => 5);
    expect(fromPromise(future)).toBe(future);
    expect(yield* get(fromPromise(future))).toBe(5);
    const probe = new Probe<number>();
    yield* get(
      fromPromise(() => probe)
        .timeout(1)
        .settled(),
    );
    expect([probe.polls, probe.drops]).toEqual([2, 1]);
    expect(yield* get(fromPromise(() => sleep(10).map(() => 6)))).toBe(6);
  },
);

inBothStyles(
  "a paused clock stands still while a promise given to fromPromise is pending",
  function* ({ clock }) {
    const slow = fromPromise(() => new Promise((resolve) => nextTurn(() => nextTurn(resolve as () => void))));
    const sleeper = spawn(sleep(10).map(() => clock.now()));
    yield* get(slow);
    expect(clock.now()).toBe(0);
    expect(yield* get(sleeper)).toBe(10);
  },
);

inBothStyles("a combinator that is given a promise does not hold the clock", function* ({ clock }) {
  const never = new Promise(() => {});
  expect((yield* get(select({ never, tick: sleep(10) }))).key).toBe("tick");
  expect(clock.now()).toBe(10);
});

test("a rejection that comes after the future was abandoned, or was never polled, is ignored", () =>
  paused(async (clock) => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listener);
    try {
      let reject!: (reason: unknown) => void;
      const stepper = step(fromPromise(new Promise((_, no) => (reject = no))));
      stepper.poll();
      stepper.drop();
      reject(new Error("late"));
      const biased = { won: ready(1), never: Promise.reject(new Error("never polled")) };
      expect(await select(biased, { biased: true })).toEqual({ key: "won", value: 1 });
      await clock.settle();
      await turn();
    } finally {
      process.off("unhandledRejection", listener);
    }
    expect(unhandled).toEqual([]);
  }));

test("abandoning a lazy thenable does not start it", () => {
  let isStarted = false;
  const lazy = {
    then: () => {
      isStarted = true;
    },
  } as unknown as PromiseLike<number>;
  step(fromPromise(lazy)).drop();
  expect(isStarted).toBe(false);
});

test("a promise that a loop selects on again and again is subscribed to once", () =>
  paused(async () => {
    let finish!: (value: string) => void;
    const stop = new Promise<string>((resolve) => (finish = resolve));
    let subscriptions = 0;
    const { then } = stop;
    stop.then = ((...args: Parameters<typeof then>) => {
      subscriptions++;
      return then.apply(stop, args);
    }) as typeof then;
    for (let i = 0; i < 50; i++) expect((await select({ stop, tick: sleep(1) })).key).toBe("tick");
    nextTurn(() => finish("stopped"));
    const late = spawn(join(stop, stop));
    expect(await select({ stop, tick: fromPromise(new Promise(() => {})) })).toEqual({
      key: "stop",
      value: "stopped",
    });
    expect(await late).toEqual(["stopped", "stopped"]);
    expect(await select({ stop })).toEqual({ key: "stop", value: "stopped" });
    expect(subscriptions).toBe(1);
  }));
