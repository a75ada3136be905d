/** What happens after a failing message, and that no failure is silent. */
import { CancelledError, ClosedError, sleep, spawn } from "millrace";
import { startActor, type ActorContext, type ActorRef } from "millrace/actor";
import { paused } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import { get, inBothStyles, type Steps } from "../both-styles.ts";
import { caught } from "../sync/outcome.ts";
import { collecting, messages } from "./log.ts";

class Counter {
  count: number = 0;
  add(n: number): number {
    if (n < 0) throw new Error(`boom ${n}`);
    return (this.count += n);
  }
  *later(n: number) {
    yield* sleep(10);
    return this.add(n);
  }
}

/** What `stopped()` says; it must be there within a second. */
function* end(ref: ActorRef<object>): Steps<unknown> {
  return yield* get(ref.stopped().timeout(1000));
}
const rejectedWith = (message: string): object => ({ status: "rejected", reason: { message } });

describe(`onFailure: "stop"`, () => {
  const collected = collecting();

  inBothStyles(
    "ends the actor with the failure of an ask, which its asker has as well, and refuses the rest",
    function* () {
      collected.failures.length = 0;
      using ref = startActor(() => new Counter(), { name: "counter" });
      const failing = spawn(ref.ask.later(-1));
      const queued = spawn(ref.ask.add(1));
      yield* get(ref.tell.add(2));
      expect(yield* caught(failing)).toMatchObject({ message: "boom -1" });
      const refused = yield* caught(queued);
      expect(refused).toBeInstanceOf(ClosedError);
      expect(refused).toMatchObject({
        message: "actor 'counter' has stopped because it failed",
        cause: { message: "boom -1" },
      });
      for (const late of [ref.ask.add(1), ref.tell.add(1)])
        expect(yield* caught(late)).toBeInstanceOf(ClosedError);
      expect(yield* end(ref)).toMatchObject(rejectedWith("boom -1"));
      expect(collected.failures).toEqual([]);
    },
    collected,
  );

  inBothStyles(
    "refuses what is queued, and what comes then, before the object is disposed",
    function* ({ clock }) {
      const create = () =>
        Object.assign(new Counter(), { [Symbol.asyncDispose]: async () => await sleep(1000) });
      using ref = startActor(create, { name: "slow" });
      const failing = spawn(ref.ask.later(-1));
      yield* get(clock.settle());
      const queued = spawn(ref.ask.add(1));
      for (const ask of [queued, failing]) yield* caught(ask);
      for (const refused of [queued, ref.ask.add(1), ref.tell.add(1)]) {
        expect(yield* caught(refused)).toMatchObject({
          message: "actor 'slow' has stopped because it failed",
          cause: { message: "boom -1" },
        });
      }
      expect(clock.now()).toBe(10);
      yield* get(ref.stopped());
      expect(clock.now()).toBe(1010);
    },
  );

  const runtime = collecting();
  test("a failure that only stopped() tells is not reported; one that nobody takes is, when the runtime ends", async () => {
    await paused(async () => {
      const observed = startActor(() => new Counter(), { name: "observed" });
      await observed.tell.add(-1);
      expect(await observed.stopped()).toMatchObject(rejectedWith("boom -1"));
      const asked = startActor(() => new Counter(), { name: "asked" });
      await asked.ask.add(-2).catch(() => {});
      const told = startActor(() => new Counter(), { name: "told" });
      await told.tell.add(-3);
      await sleep(1);
    }, runtime);
    expect(runtime.failures).toMatchObject([{ name: "told", error: { message: "boom -3" } }]);
  });

  const cancelled = collecting();
  inBothStyles(
    "takes the cancellation of something else for a failure like any other",
    function* () {
      cancelled.failures.length = 0;
      using ref = startActor(() => ({
        async join() {
          const task = spawn(sleep(1000));
          task.abort("not the actor");
          await task;
        },
      }));
      yield* get(ref.tell.join());
      expect(yield* end(ref)).toMatchObject({ status: "rejected", reason: expect.any(CancelledError) });
      expect(cancelled.failures).toHaveLength(1);
    },
    cancelled,
  );
});

describe(`onFailure: "resume"`, () => {
  const collected = collecting();
  inBothStyles(
    "keeps the state and the mailbox; the failure of a tell is reported, that of an ask is its asker's",
    function* () {
      collected.failures.length = 0;
      using ref = startActor(() => new Counter(), { name: "counter", onFailure: "resume" });
      yield* get(ref.tell.add(1));
      yield* get(ref.tell.later(-1));
      yield* get(ref.tell.add(10));
      expect(yield* caught(ref.ask.add(-2))).toMatchObject({ message: "boom -2" });
      expect(yield* get(ref.ask.add(100))).toBe(111);
      expect(messages(collected.failures)).toEqual(["boom -1"]);
      expect(collected.failures[0]!.name).toBe("counter");
      yield* get(ref.stop());
      expect(yield* end(ref)).toEqual({ status: "fulfilled", value: undefined });
    },
    collected,
  );
});

describe(`onFailure: "restart"`, () => {
  const collected = collecting();
  inBothStyles(
    "disposes the object and makes another; the mailbox is kept, the failing message is not tried again",
    function* () {
      collected.failures.length = 0;
      const log: string[] = [];
      let lives = 0;
      const create = async (cx: ActorContext) => {
        const life = ++lives;
        cx.signal.addEventListener("abort", () => log.push(`${life} signalled`));
        await sleep(5);
        log.push(`${life} created`);
        const counter = new Counter();
        return Object.assign(counter, {
          life: () => life,
          async [Symbol.asyncDispose]() {
            await sleep(5);
            log.push(`${life} disposed at ${counter.count}`);
          },
        });
      };
      using ref = startActor(create, { onFailure: "restart" });
      yield* get(ref.tell.add(1));
      yield* get(ref.tell.add(-1));
      yield* get(ref.tell.add(10));
      expect([yield* get(ref.ask.add(0)), yield* get(ref.ask.life())]).toEqual([10, 2]);
      expect(log).toEqual(["1 created", "1 signalled", "1 disposed at 1", "2 created"]);
      expect(messages(collected.failures)).toEqual(["boom -1"]);
      yield* get(ref.stop());
      expect(log.slice(4)).toEqual(["2 signalled", "2 disposed at 10"]);
    },
    collected,
  );

  inBothStyles(
    "more restarts than the limit within the window stop it with the last failure; older ones do not count",
    function* () {
      let lives = 0;
      const create = (): Counter => {
        lives++;
        return new Counter();
      };
      using ref = startActor(create, {
        onFailure: "restart",
        restarts: { limit: 2, within: { seconds: 1 } },
      });
      for (const n of [-1, -2]) yield* caught(ref.ask.add(n));
      yield* get(sleep(1000));
      for (const n of [-3, -4]) yield* caught(ref.ask.add(n));
      expect(yield* get(ref.ask.add(1))).toBe(1);
      yield* get(sleep(999));
      expect(yield* caught(ref.ask.add(-5))).toMatchObject({ message: "boom -5" });
      expect(yield* end(ref)).toMatchObject(rejectedWith("boom -5"));
      expect(lives).toBe(5);
    },
  );

  inBothStyles("by default three within five seconds are allowed, and with a limit of 0 none", function* () {
    using three = startActor(() => new Counter(), { onFailure: "restart" });
    for (const n of [-1, -2, -3]) yield* caught(three.ask.add(n));
    expect(yield* get(three.ask.add(1))).toBe(1);
    yield* get(sleep(4999));
    yield* caught(three.ask.add(-4));
    expect(yield* end(three)).toMatchObject(rejectedWith("boom -4"));
    using none = startActor(() => new Counter(), { onFailure: "restart", restarts: { limit: 0, within: 1 } });
    yield* caught(none.ask.add(-1));
    expect(yield* end(none)).toMatchObject(rejectedWith("boom -1"));
  });

  const failing = collecting();
  inBothStyles(
    "tries a create that fails during a restart again, up to the limit, and reports each failure",
    function* () {
      failing.failures.length = 0;
      let lives = 0;
      const create = async (): Promise<Counter> => {
        await sleep(1);
        if (++lives > 1 && lives < 4) throw new Error(`no life ${lives}`);
        return new Counter();
      };
      using ref = startActor(create, { onFailure: "restart" });
      yield* get(ref.tell.add(-1));
      expect(yield* get(ref.ask.add(5))).toBe(5);
      expect(messages(failing.failures)).toEqual(["boom -1", "no life 2", "no life 3"]);
      yield* caught(ref.ask.add(-2));
      expect(yield* end(ref)).toMatchObject(rejectedWith("boom -2"));
    },
    failing,
  );

  const disposal = collecting();
  inBothStyles(
    "goes on when the old object cannot be disposed, and reports it",
    function* () {
      disposal.failures.length = 0;
      let lives = 0;
      const create = () => {
        const life = ++lives;
        return Object.assign(new Counter(), {
          [Symbol.dispose]() {
            if (life === 1) throw new Error("cannot dispose");
          },
        });
      };
      using ref = startActor(create, { onFailure: "restart" });
      yield* caught(ref.ask.add(-1));
      expect(yield* get(ref.ask.add(5))).toBe(5);
      expect(messages(disposal.failures)).toEqual(["cannot dispose"]);
    },
    disposal,
  );
});

describe("a create that fails at the start", () => {
  for (const [how, create] of Object.entries({
    "by throwing": () => {
      throw new Error("no life");
    },
    "by rejecting": async (): Promise<Counter> => {
      await sleep(5);
      throw new Error("no life");
    },
  })) {
    inBothStyles(`${how} ends the actor, whatever its policy, and refuses what was sent`, function* () {
      using ref = startActor<Counter>(create, { onFailure: "restart" });
      const refused = yield* caught(ref.ask.add(1));
      expect(refused).toBeInstanceOf(ClosedError);
      expect(refused).toMatchObject({ cause: { message: "no life" } });
      expect(yield* end(ref)).toMatchObject(rejectedWith("no life"));
    });
  }

  inBothStyles("because it gives no object, is told so", function* () {
    using ref = startActor((() => 3) as unknown as () => object);
    expect(yield* end(ref)).toMatchObject(
      rejectedWith("startActor expects create to give the actor's object, got number"),
    );
  });
});

inBothStyles(
  "a disposal that fails at the end is how the actor ended; after a failure it is reported",
  function* () {
    const broken = (): Counter & AsyncDisposable =>
      Object.assign(new Counter(), {
        [Symbol.asyncDispose]: () => Promise.reject(new Error("cannot dispose")),
      });
    using ref = startActor(broken);
    yield* get(ref.stop());
    expect(yield* end(ref)).toMatchObject(rejectedWith("cannot dispose"));
    const reports = vi.spyOn(console, "error").mockImplementation(() => {});
    using failed = startActor(broken, { name: "broken" });
    yield* caught(failed.ask.add(-1));
    expect(yield* end(failed)).toMatchObject(rejectedWith("boom -1"));
    expect(reports.mock.calls.map(([line, error]) => [line, (error as Error).message])).toEqual([
      ["millrace: actor 'broken' failed when its object was disposed:", "cannot dispose"],
    ]);
    reports.mockRestore();
  },
);

test.each(["report", "shutdown", "ignore"] as const)(
  `a failure that the actor survives does not end the runtime under "%s"`,
  async (onTaskFailure) => {
    const reports = vi.spyOn(console, "error").mockImplementation(() => {});
    await paused(
      async () => {
        using ref = startActor(() => new Counter(), { name: "counter", onFailure: "resume" });
        await ref.tell.add(-1);
        expect(await ref.ask.add(1)).toBe(1);
      },
      { onTaskFailure },
    );
    const lines = reports.mock.calls.map(([line]) => String(line));
    reports.mockRestore();
    expect(lines).toEqual(
      onTaskFailure === "ignore" ? [] : ["millrace: actor 'counter' failed in 'add', and goes on:"],
    );
  },
);
