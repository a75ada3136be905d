import { FutureConsumedError, Notify, OnceCell, PENDING, SetOnce, sleep, spawn, yieldNow } from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught, expectMisuse, now } from "./outcome.ts";

inBothStyles("ONC-01 only the first initialiser runs, and all get its value", function* ({ body }) {
  const cell = new OnceCell<string>();
  const ran: number[] = [];
  const tasks = [0, 1, 2].map((n) =>
    spawn(
      body(function* () {
        return yield* get(
          cell.getOrInit(
            body(function* () {
              ran.push(n);
              yield* get(sleep(5));
              return `made by ${n}`;
            }),
          ),
        );
      }),
    ),
  );
  yield* get(yieldNow());
  expect([cell.isInitialized, cell.get(), cell.set("x")]).toEqual([
    false,
    undefined,
    { ok: false, reason: "initializing" },
  ]);
  for (const task of tasks) expect(yield* get(task)).toBe("made by 0");
  expect([ran, cell.get(), cell.isInitialized]).toEqual([[0], "made by 0", true]);
  const never = () => {
    throw new Error("a second initialiser ran");
  };
  expect(yield* get(cell.getOrInit(never))).toBe("made by 0");
});

inBothStyles(
  "ONC-02 ONC-03 an initialiser that fails leaves the cell empty, and a waiter's own runs",
  function* ({ body }) {
    const cell = new OnceCell<string>();
    const failing = spawn(
      body(function* () {
        yield* get(
          cell.getOrInit(
            body(function* (): Generator<never, string> {
              yield* get(sleep(1)) as Generator<never, void>;
              throw new Error("no luck");
            }),
          ),
        );
      }),
    );
    yield* get(yieldNow());
    const waiting = spawn(
      body(function* () {
        return yield* get(cell.getOrInit(() => "second try"));
      }),
    );
    expect(yield* caught(failing)).toEqual(new Error("no luck"));
    expect(yield* get(waiting)).toBe("second try");
    expect(cell.get()).toBe("second try");
  },
);

inBothStyles(
  "ONC-02 an initialiser that is cancelled is unwound, cleanup included, before the next one runs",
  function* ({ body, clock }) {
    const cell = new OnceCell<number>();
    const cancelled = spawn(
      body(function* () {
        yield* get(
          cell.getOrInit(
            body(function* () {
              try {
                yield* get(sleep(1000));
              } finally {
                yield* get(sleep(3));
              }
              return -1;
            }),
          ),
        );
      }),
    );
    yield* get(yieldNow());
    const waiting = spawn(
      body(function* () {
        return yield* get(cell.getOrInit(() => clock.now()));
      }),
    );
    yield* get(sleep(2));
    cancelled.abort();
    expect(yield* get(waiting)).toBe(5);
    expect((yield* get(cancelled.settled())).status).toBe("cancelled");
  },
);

inBothStyles("a waiter that is cancelled leaves no trace, woken or not", function* ({ body }) {
  const cell = new OnceCell<string>();
  const first = spawn(
    body(function* () {
      yield* get(
        cell.getOrInit(
          body(function* (): Generator<never, string> {
            yield* get(sleep(1)) as Generator<never, void>;
            throw new Error("no luck");
          }),
        ),
      );
    }),
  );
  const waiters = [1, 2].map((n) =>
    spawn(
      body(function* () {
        return yield* get(cell.getOrInit(() => `made by ${n}`));
      }),
    ),
  );
  yield* get(yieldNow());
  waiters[0]!.abort();
  yield* get(first.settled());
  expect(yield* get(waiters[1]!)).toBe("made by 2");
});

test("ONC-04 set: on an empty cell, an initialised one, and one that is being initialised", () => {
  const cell = new OnceCell<string>();
  expect([cell.set("value"), cell.get(), cell.isInitialized]).toEqual([{ ok: true }, "value", true]);
  expect(cell.set("other")).toEqual({ ok: false, reason: "initialized" });
  const busy = new OnceCell<string>();
  const initialising = step(busy.getOrInit(() => new Promise(() => {})));
  initialising.poll();
  expect(busy.set("value")).toEqual({ ok: false, reason: "initializing" });
  expect(new OnceCell("from the start").set("other")).toEqual({ ok: false, reason: "initialized" });
  expect(now(new OnceCell("from the start").getOrInit(() => "other"))).toBe("from the start");
});

test("undefined can be what an initialiser makes", () => {
  const cell = new OnceCell<undefined>();
  expect([now(cell.getOrInit(() => undefined)), cell.isInitialized]).toEqual([undefined, true]);
  expectMisuse(TypeError, () => cell.getOrInit(1 as unknown as () => undefined));
});

test("all who wait are woken once by the value", () => {
  const cell = new OnceCell<number>();
  const waiting = [1, 2].map(() => cell.getOrInit(() => -1));
  let finish: (value: number) => void = () => {};
  const made = step(
    cell.getOrInit(() => ({ then: (ok: (value: number) => void) => void (finish = ok) }) as never),
  );
  made.poll();
  const steppers = waiting.map((future) => step(future));
  for (const stepper of steppers) expect(stepper.poll()).toBe(PENDING);
  finish(7);
  expect(made.poll()).toBe(7);
  expect(steppers.map(({ wakeCount }) => wakeCount)).toEqual([1, 1]);
  expect(steppers.map((stepper) => stepper.poll())).toEqual([7, 7]);
});

inBothStyles(
  "SetOnce gives its value to all who wait and all who come later, once set",
  function* ({ body }) {
    const once = new SetOnce<string>();
    const waiting = [1, 2].map(() =>
      spawn(
        body(function* () {
          return yield* get(once.wait());
        }),
      ),
    );
    yield* get(yieldNow());
    expect([once.get(), once.set("first"), once.set("second"), once.get()]).toEqual([
      undefined,
      true,
      false,
      "first",
    ]);
    for (const task of waiting) expect(yield* get(task)).toBe("first");
    expect(yield* get(once.wait())).toBe("first");
  },
);

test("an abandoned SetOnce.wait leaves no trace", () => {
  const once = new SetOnce<undefined>();
  const [gone, stays] = [step(once.wait()), step(once.wait())];
  gone.poll();
  stays.poll();
  gone.drop();
  once.set(undefined);
  expect([gone.wakeCount, stays.wakeCount, stays.poll(), once.set(undefined)]).toEqual([
    0,
    1,
    undefined,
    false,
  ]);
});

test("ONC-01 whoever is woken by the value finds it, even if its waker polls at once", () => {
  const cell = new OnceCell<string>();
  const gate = new Notify();
  const first = step(
    cell.getOrInit(function* () {
      yield* gate.notified();
      return "made by the first";
    }),
  );
  const second = cell.getOrInit(() => "made by the second");
  let seen: unknown;
  const eager = {
    wake() {
      seen = second.poll(eager);
    },
  };
  first.poll();
  expect(second.poll(eager)).toBe(PENDING);
  gate.notifyOne();
  expect([first.poll(), seen, cell.get()]).toEqual(Array(3).fill("made by the first"));
});

test("ONC-02 an initialiser that failed cannot be polled again, and gives its turn on once", () => {
  const cell = new OnceCell<string>();
  const failing = step(
    cell.getOrInit(() => {
      throw new Error("no value");
    }),
  );
  const [next, last] = [0, 1].map(() => step(cell.getOrInit(() => new Promise<string>(() => {}))));
  expect(() => failing.poll()).toThrow("no value");
  expect([next!.poll(), last!.poll()]).toEqual([PENDING, PENDING]);
  expect(() => failing.poll()).toThrow(FutureConsumedError);
  expect(last!.isWoken).toBe(false);
});
