import {
  CancelledError,
  fromPromise,
  now,
  pending,
  Runtime,
  select,
  sleep,
  sleepUntil,
  spawn,
  timeout,
  TimeoutError,
  yieldNow,
  type Body,
  type RuntimeOptions,
} from "millrace";
import { paused, type TestClock } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import { host } from "../../src/runtime/host.ts";
import { get, inBothStyles, styles, type Steps } from "../both-styles.ts";
import { turn } from "../turn.ts";

describe("paused", () => {
  test("gives what its body returns, in every style", async () => {
    expect(await paused(() => 1)).toBe(1);
    expect(await paused(async () => 2)).toBe(2);
    expect(
      await paused(function* () {
        yield* sleep(1);
        return 3;
      }),
    ).toBe(3);
  });

  test("passes an error on unchanged", async () => {
    const boom = new Error("boom");
    for (const style of styles) {
      const body = style.body(function* () {
        yield* get(sleep(1));
        throw boom;
      });
      await expect(paused(body)).rejects.toBe(boom);
    }
    await expect(
      paused(() => {
        throw boom;
      }),
    ).rejects.toBe(boom);
  });

  test("wants a body, and options that are some", async () => {
    await expect(paused(undefined as unknown as Body<void>)).rejects.toThrow(/^paused expects a function/);
    await expect(paused(() => {}, { seed: NaN })).rejects.toThrow(RangeError);
  });

  inBothStyles("starts at 0, and time takes no time", function* ({ clock }) {
    expect([now(), clock.now()]).toEqual([0, 0]);
    yield* get(sleep({ days: 365 }));
    expect([now(), clock.now()]).toEqual([365 * 86_400_000, 365 * 86_400_000]);
  });

  test("is a runtime of its own, also inside another one", async () => {
    await paused(async () => {
      await sleep(10);
      const outer = Runtime.current();
      await paused(async () => {
        expect(Runtime.current()).not.toBe(outer);
        expect(now()).toBe(0);
        await sleep(1000);
      });
      expect(now()).toBe(10);
      expect(Runtime.current()).toBe(outer);
    });
  });

  test("is paused whatever its options say, and takes the others", async () => {
    const failures: string[] = [];
    const options = {
      clock: "system",
      name: "mine",
      onTaskFailure: ({ name }) => failures.push(String(name)),
    } as RuntimeOptions | undefined;
    await paused(async () => {
      await sleep(1e9);
      spawn(
        async () => {
          throw new Error("x");
        },
        { name: "unlucky" },
      ).detach();
      await yieldNow();
    }, options);
    expect(failures).toEqual(["unlucky"]);
  });

  test("aborts the tasks that are left, and waits for their cleanup", async () => {
    const log: unknown[] = [];
    await paused(async () => {
      for (const style of styles) {
        spawn(
          style.body(function* () {
            try {
              yield* get(pending());
            } catch (error) {
              log.push(error instanceof CancelledError);
            } finally {
              yield* get(sleep(100));
              log.push(style.name);
            }
          }),
        );
      }
      await sleep(1);
    });
    expect(new Set(log)).toEqual(new Set([true, "await", "yield*"]));
  });

  test("reports the failure of a task that nobody observed", async () => {
    const report = vi.spyOn(host, "report").mockImplementation(() => {});
    try {
      await paused(async () => {
        spawn(async () => {
          throw new Error("nobody saw this");
        });
        await sleep(1);
      });
      expect(report).toHaveBeenCalledTimes(1);
    } finally {
      report.mockRestore();
    }
  });

  test("gives the same instants in two runs of 10 000 random sleeps (PAU-02)", async () => {
    const run = (seed: number): Promise<number[]> =>
      paused(
        async () => {
          const instants: number[] = [];
          let state = seed;
          const random = (): number =>
            (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) % 1000;
          const worker = function* () {
            for (let i = 0; i < 100; i++) {
              yield* sleep(random());
              instants.push(now());
            }
          };
          await Promise.all(Array.from({ length: 100 }, () => spawn(worker)));
          return instants;
        },
        { seed },
      );
    const first = await run(7);
    expect(first).toHaveLength(10_000);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
  });

  test("makes the same random choices for the same seed, and others for another", async () => {
    const run = (seed?: number): Promise<string> =>
      paused(
        async () => {
          let choices = "";
          for (let i = 0; i < 64; i++) choices += (await select({ a: sleep(0), b: sleep(0) })).key;
          return choices;
        },
        seed === undefined ? {} : { seed },
      );
    expect(await run()).toBe(await run());
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });

  test("is not moved by real time that passes (PAU-08)", () =>
    paused(async () => {
      const sleeper = spawn(sleep(1));
      await fromPromise(new Promise((resolve) => setTimeout(resolve, 15)));
      expect(now()).toBe(0);
      expect(sleeper.isFinished).toBe(false);
      await sleeper;
      expect(now()).toBe(1);
    }));

  // PAU-06 and PAU-07 are about pausing and resuming a running clock: a runtime's clock is paused from
  // its birth or never, so there is nothing to throw and nothing to go back to.
});

describe("a clock that advances by itself", () => {
  inBothStyles("stands still while anything can run", function* ({ body }) {
    const busy = spawn(
      body(function* () {
        for (let i = 0; i < 50; i++) yield* get(yieldNow());
        return now();
      }),
    );
    const sleeper = spawn(sleep(1));
    expect(yield* get(busy)).toBe(0);
    yield* get(sleeper);
    expect(now()).toBe(1);
  });

  inBothStyles("stands still while a promise given to fromPromise is pending", function* () {
    const sleeper = spawn(sleep(5).map(() => now()));
    const real = new Promise<string>((resolve) => setTimeout(() => resolve("real"), 10));
    expect(yield* get(fromPromise(real))).toBe("real");
    expect(now()).toBe(0);
    expect(yield* get(sleeper)).toBe(5);
  });

  inBothStyles("moves on when that promise is abandoned or fails", function* () {
    expect((yield* get(fromPromise(Promise.reject(new Error("x"))).settled())).status).toBe("rejected");
    yield* get(sleep(5));
    const forever = spawn(fromPromise(new Promise(() => {})));
    yield* get(yieldNow());
    forever.abort();
    yield* get(sleep(5));
    expect(now()).toBe(10);
  });

  inBothStyles("moves on for a timeout of a promise that never settles", function* () {
    const outcome = yield* get(timeout(50, new Promise(() => {})).settled());
    expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(TimeoutError) });
    expect(now()).toBe(50);
  });

  test("lets chains of plain promises settle first", () =>
    paused(async () => {
      const sleeper = spawn(sleep(1));
      for (let i = 0; i < 100; i++) await Promise.resolve();
      expect(now()).toBe(0);
      await sleeper;
    }));

  test("can be switched off and on", () =>
    paused(async (clock) => {
      expect(clock.autoAdvance).toBe(true);
      clock.autoAdvance = false;
      expect(clock.autoAdvance).toBe(false);
      const sleeper = spawn(sleep(10));
      await clock.settle();
      await fromPromise(new Promise((resolve) => setTimeout(resolve, 5)));
      expect(sleeper.isFinished).toBe(false);
      expect(now()).toBe(0);
      clock.autoAdvance = true;
      await sleeper;
      expect(now()).toBe(10);
    }));

  test("may be off from the beginning", () =>
    paused(
      async (clock) => {
        expect(clock.autoAdvance).toBe(false);
        const sleeper = spawn(sleep(10));
        await clock.settle();
        expect(sleeper.isFinished).toBe(false);
        await clock.advance(10);
        expect(sleeper.isFinished).toBe(true);
      },
      { autoAdvance: false },
    ));

  test("can be told to move from outside the runtime", async () => {
    let clock: TestClock;
    const run = paused(
      async (given) => {
        clock = given;
        await sleep(10);
        return now();
      },
      { autoAdvance: false },
    );
    await turn();
    clock!.jump(4);
    clock!.jump(6);
    expect(await run).toBe(10);
    const another = paused(
      async (given) => {
        clock = given;
        await sleep(10);
        return now();
      },
      { autoAdvance: false },
    );
    await turn();
    await clock!.advance(10);
    expect(await another).toBe(10);
  });
});

describe.each([{ autoAdvance: true }, { autoAdvance: false }])("a test clock, %o,", (options) => {
  inBothStyles(
    "advance moves timer by timer, and tasks settle in between",
    function* ({ clock, body }) {
      const log: string[] = [];
      const worker = spawn(
        body(function* () {
          for (const ms of [10, 10, 10]) {
            yield* get(sleep(ms));
            yield* get(yieldNow());
            log.push(`${now()}`);
          }
        }),
      );
      yield* get(clock.settle());
      yield* get(clock.advance(25));
      expect(now()).toBe(25);
      expect(log).toEqual(["10", "20"]);
      yield* get(clock.advance(5));
      expect(log).toEqual(["10", "20", "30"]);
      yield* get(worker);
    },
    options,
  );

  inBothStyles(
    "jump fires everything due together, and tasks run afterwards",
    function* ({ clock, body }) {
      const log: string[] = [];
      for (const ms of [5, 10]) {
        spawn(
          body(function* () {
            yield* get(sleep(ms));
            log.push(`${ms} at ${now()}`);
            yield* get(sleep(5));
            log.push(`${ms} again at ${now()}`);
          }),
        );
      }
      yield* get(clock.settle());
      clock.jump(15);
      expect(log).toEqual([]);
      expect(now()).toBe(15);
      yield* get(clock.settle());
      expect(log).toEqual(["5 at 15", "10 at 15"]);
      yield* get(clock.advance(5));
      expect(log.slice(2)).toEqual(["5 again at 20", "10 again at 20"]);
    },
    options,
  );

  inBothStyles(
    "jump does not wait for the timers it passed (DOC-05)",
    function* ({ clock }) {
      const sleeper = spawn(sleep(10));
      yield* get(clock.settle());
      clock.jump(10);
      expect(sleeper.isFinished).toBe(false);
      yield* get(clock.settle());
      expect(sleeper.isFinished).toBe(true);
    },
    options,
  );

  inBothStyles(
    "four times 250 µs, or once 1.5 ms, fires a sleep of 1 ms; 250 µs does not (PAU-04)",
    function* ({ clock }) {
      const first = spawn(sleep(1));
      yield* get(clock.settle());
      for (let i = 1; i <= 4; i++) {
        expect(first.isFinished).toBe(false);
        yield* get(clock.advance(0.25));
        expect(now()).toBe(i * 0.25);
      }
      expect(first.isFinished).toBe(true);
      const second = spawn(sleep(1));
      yield* get(clock.settle());
      yield* get(clock.advance(1.5));
      expect(second.isFinished).toBe(true);
      const third = spawn(sleep(1));
      yield* get(clock.settle());
      clock.jump(1.5);
      yield* get(clock.settle());
      expect(third.isFinished).toBe(true);
      expect(now()).toBe(4);
    },
    options,
  );

  inBothStyles(
    "settle runs what is ready, however long the chain, and moves no time",
    function* ({ clock, body }) {
      let hops = 0;
      const hop = body(function* (): Steps<void> {
        for (let i = 0; i < 5; i++) yield* get(yieldNow());
        if (++hops < 20) spawn(hop);
      });
      spawn(hop);
      const sleeper = spawn(sleep(1));
      yield* get(clock.settle());
      expect(hops).toBe(20);
      expect(now()).toBe(0);
      expect(sleeper.isFinished).toBe(false);
      yield* get(clock.settle());
      yield* get(clock.settle());
      expect(now()).toBe(0);
      yield* get(clock.advance(1));
      expect(sleeper.isFinished).toBe(true);
    },
    options,
  );

  inBothStyles(
    "may be settled and advanced by several tasks at once",
    function* ({ clock, body }) {
      const both = [1, 2].map((i) =>
        spawn(
          body(function* () {
            yield* get(clock.settle());
            yield* get(clock.advance(10 * i));
            return now();
          }),
        ),
      );
      const ends: number[] = [];
      for (const each of both) ends.push(yield* get(each));
      expect(ends[0]).toBeGreaterThanOrEqual(10);
      expect(ends[1]).toBe(20);
    },
    options,
  );

  inBothStyles(
    "an abandoned settle or advance moves nothing any more",
    function* ({ clock }) {
      const advance = spawn(clock.advance(1000));
      const settle = spawn(clock.settle());
      advance.abort();
      settle.abort();
      yield* get(clock.settle());
      expect(now()).toBe(0);
    },
    options,
  );

  test("advance and jump want a duration that is finite", () =>
    paused((clock) => {
      for (const bad of [Infinity, -1, NaN]) {
        expect(() => clock.advance(bad)).toThrow(RangeError);
        expect(() => clock.jump(bad)).toThrow(RangeError);
      }
      clock.jump({ seconds: 1 });
      expect(clock.now()).toBe(1000);
    }, options));

  inBothStyles(
    "advance goes past timers that were dropped, and over empty years",
    function* ({ clock }) {
      const dropped = spawn(sleep(10));
      yield* get(clock.settle());
      dropped.abort();
      yield* get(clock.advance({ days: 3650 }));
      expect(now()).toBe(3650 * 86_400_000);
      yield* get(clock.advance(0));
      expect(now()).toBe(3650 * 86_400_000);
    },
    options,
  );
});

test("sleepUntil under a clock that is moved by hand keeps to it", () =>
  paused(
    async (clock) => {
      const sleeper = spawn(sleepUntil(1000));
      await clock.settle();
      clock.jump(999.5);
      await clock.settle();
      expect(sleeper.isFinished).toBe(false);
      clock.jump(0.5);
      await sleeper;
    },
    { autoAdvance: false },
  ));
