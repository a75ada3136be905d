/** How actors end: stopped, aborted, given up, lost. */
import { ClosedError, pending, shield, sleep, spawn, timeout, TimeoutError } from "millrace";
import { startActor, type ActorContext, type ActorRef } from "millrace/actor";
import { paused, step } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { run } from "../main/program.ts";
import { caught, expectMisuse } from "../sync/outcome.ts";
import { logger, type Logger } from "./log.ts";
import { turn } from "../turn.ts";

describe("stop", () => {
  inBothStyles(
    "finishes what is queued, disposes the object, then completes; nothing new gets in",
    function* (style) {
      const log: string[] = [];
      using ref = startActor(() => logger(log, style), { mailbox: 2 });
      const asks = ["a", "b"].map((name) => spawn(ref.ask.work(name, 10)));
      yield* get(style.clock.settle());
      yield* get(ref.tell.work("c", 10));
      const waiting = spawn(ref.tell.work("no room", 1));
      yield* get(style.clock.settle());
      const stop = spawn(ref.stop());
      yield* get(style.clock.settle());
      expect(yield* caught(waiting)).toBeInstanceOf(ClosedError);
      expect(yield* caught(ref.ask.work("late", 1))).toMatchObject({
        message: expect.stringMatching(/is stopping/),
      });
      yield* get(stop);
      expect(style.clock.now()).toBe(31);
      expect(log).toEqual(
        ["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]).concat("disposed"),
      );
      expect([yield* get(asks[0]!), yield* get(asks[1]!)]).toEqual(["a", "b"]);
      expect(yield* get(ref.stopped())).toEqual({ status: "fulfilled", value: undefined });
      yield* get(ref.stop());
      expect(yield* caught(ref.tell.work("late", 1))).toMatchObject({
        message: expect.stringMatching(/has stopped$/),
      });
    },
  );

  inBothStyles("is asked for once it is polled: abandoned, the actor stops all the same", function* (style) {
    const log: string[] = [];
    using ref = startActor(() => logger(log, style));
    void ref.stop();
    yield* get(ref.tell.work("a", 10));
    expect(yield* caught(timeout(1, ref.stop()))).toBeInstanceOf(TimeoutError);
    yield* get(ref.stopped());
    expect(log).toEqual(["a begins", "a ends", "disposed"]);
  });

  inBothStyles("within a message of the actor does not wait", function* () {
    const create = (cx: ActorContext) => ({
      async last() {
        using self = cx.self().upgrade<{ last(): Promise<string> }>()!;
        await self.stop();
        return "last words";
      },
    });
    using ref = startActor(create);
    expect(yield* get(ref.ask.last())).toBe("last words");
    expect(yield* get(ref.stopped())).toMatchObject({ status: "fulfilled" });
  });

  inBothStyles(
    "of an actor whose object is not there yet waits for it, and runs what is queued",
    function* (style) {
      const log: string[] = [];
      using ref = startActor(async () => {
        await sleep(10);
        return logger(log, style);
      });
      yield* get(ref.tell.work("a", 1));
      yield* get(ref.stop());
      expect(log).toEqual(["a begins", "a ends", "disposed"]);
    },
  );
});

describe("abort", () => {
  inBothStyles("cancels the message that runs, refuses the queued, disposes the object", function* (style) {
    const log: string[] = [];
    using ref = startActor(() => logger(log, style), { name: "doomed" });
    const running = spawn(ref.ask.work("a", 1000));
    const queued = spawn(ref.ask.work("b", 1000));
    yield* get(sleep(10));
    ref.abort("enough");
    for (const ask of [running, queued]) {
      const error = yield* caught(ask);
      expect(error).toBeInstanceOf(ClosedError);
      expect(error).toMatchObject({ message: "actor 'doomed' was aborted", cause: { reason: "enough" } });
    }
    expect(yield* get(ref.stopped())).toEqual({ status: "cancelled", reason: "enough" });
    expect(log).toEqual(["a begins", "a is cancelled", "disposed"]);
    expect([style.clock.now(), ref.queued]).toEqual([11, 0]);
    ref.abort("again");
    yield* get(ref.stop());
  });

  inBothStyles("before it has started runs nothing", function* () {
    let isCreated = false;
    using ref = startActor(() => {
      isCreated = true;
      return { hello: () => 1 };
    });
    const ask = step(ref.ask.hello());
    ask.poll();
    ref.abort();
    expect(ask.isWoken).toBe(true);
    expect(() => ask.poll()).toThrow(ClosedError);
    expect(yield* get(ref.stopped())).toMatchObject({ status: "cancelled" });
    expect(isCreated).toBe(false);
  });

  inBothStyles("reaches create and the disposal as well", function* () {
    using creating = startActor(async () => {
      await pending();
      return {};
    });
    yield* get(sleep(1));
    creating.abort("creating");
    expect(yield* get(creating.stopped())).toEqual({ status: "cancelled", reason: "creating" });
    using disposing = startActor(() => ({ [Symbol.asyncDispose]: async () => await pending<void>() }));
    yield* get(sleep(1));
    const stop = spawn(disposing.stop());
    yield* get(sleep(1));
    disposing.abort("disposing");
    yield* get(stop);
    expect(yield* get(disposing.stopped())).toEqual({ status: "cancelled", reason: "disposing" });
  });

  inBothStyles("is not swallowed by a message that goes on, nor by a policy", function* ({ body }) {
    const log: string[] = [];
    const create = () => ({
      stubborn: body(function* () {
        try {
          yield* get(sleep(1000));
        } catch {
          log.push("swallowed");
        }
        return "done";
      }),
      shielded: body(function* () {
        yield* get(
          shield(
            body(function* () {
              yield* get(sleep(10));
              log.push("shielded");
            }),
          ),
        );
      }),
    });
    using ref = startActor(create, { onFailure: "restart" });
    yield* get(ref.tell.stubborn());
    yield* get(ref.tell.shielded());
    yield* get(sleep(1));
    ref.abort();
    expect(yield* get(ref.stopped())).toMatchObject({ status: "cancelled" });
    expect(log).toEqual(["swallowed"]);
    using other = startActor(create, { onFailure: "resume" });
    yield* get(other.tell.shielded());
    yield* get(sleep(1));
    other.abort();
    yield* get(other.stopped());
    expect(log).toEqual(["swallowed", "shielded"]);
  });

  inBothStyles("fires the context's signal at once, and stop after the last message", function* (style) {
    const { clock } = style;
    const fired: string[] = [];
    const create = (cx: ActorContext) => {
      cx.signal.addEventListener("abort", () =>
        fired.push(`${cx.name} at ${clock.now()}: ${cx.signal.reason}`),
      );
      return logger([], style);
    };
    using aborted = startActor(create, { name: "aborted" });
    using stopped = startActor(create, { name: "stopped" });
    for (const ref of [aborted, stopped]) yield* get(ref.tell.work("a", 10));
    yield* get(sleep(5));
    aborted.abort();
    yield* get(stopped.stop());
    expect(fired).toEqual([
      expect.stringMatching(/^aborted at 5: AbortError: task #\d+ 'aborted' was cancelled$/),
      "stopped at 10: AbortError: the actor's object has had its last message",
    ]);
  });
});

describe("references", () => {
  inBothStyles("the last one that is disposed stops the actor after its queue", function* (style) {
    const log: string[] = [];
    const ref = startActor(() => logger(log, style));
    const clone = ref.clone();
    yield* get(ref.tell.work("a", 10));
    ref[Symbol.dispose]();
    ref[Symbol.dispose]();
    yield* get(sleep(100));
    yield* get(clone.tell.work("b", 10));
    clone[Symbol.dispose]();
    expect(yield* get(clone.stopped())).toMatchObject({ status: "fulfilled" });
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "disposed"]);
  });

  inBothStyles("a disposed one refuses everything but to tell how it ended", function* (style) {
    using keeper = startActor(() => logger([], style));
    const ref = keeper.clone();
    const { ask, tell } = ref;
    ref[Symbol.dispose]();
    for (const refused of [ask.work("a", 1), tell.work("a", 1), ref.stop()]) {
      const error = yield* caught(refused);
      expect(error).toBeInstanceOf(ClosedError);
      expect((error as Error).message).toMatch(/reference to the actor of task #\d+.* was disposed/);
    }
    expectMisuse(ClosedError, () => ref.clone());
    expectMisuse(ClosedError, () => ref.abort());
    const end = spawn(ref.stopped());
    expect(yield* get(keeper.ask.work("b", 1))).toBe("b");
    yield* get(keeper.stop());
    expect(yield* get(end)).toMatchObject({ status: "fulfilled" });
    ref.abort();
    yield* get(ref.stop());
  });

  inBothStyles(
    "a weak one keeps nothing running, and gives nothing once the actor is closed",
    function* (style) {
      const weak: { upgrade<A extends object>(): ActorRef<A> | undefined }[] = [];
      const log: string[] = [];
      const create = (cx: ActorContext) => {
        weak.push(cx.self());
        return logger(log, style);
      };
      const ref = startActor(create);
      yield* get(ref.ask.work("a", 1));
      const upgraded = weak[0]!.upgrade<Logger>()!;
      ref[Symbol.dispose]();
      expect(yield* get(upgraded.ask.work("b", 1))).toBe("b");
      upgraded[Symbol.dispose]();
      expect(weak[0]!.upgrade()).toBeUndefined();
      yield* get(ref.stopped());
      expect([weak[0]!.upgrade(), log.at(-1)]).toEqual([undefined, "disposed"]);
    },
  );

  inBothStyles("queued counts what was sent and has not started", function* (style) {
    using ref = startActor(() => logger([], style));
    yield* get(ref.ask.work("a", 1));
    for (const name of ["b", "c", "d"]) yield* get(ref.tell.work(name, 1));
    yield* get(style.clock.settle());
    expect([ref.queued, ref.clone().queued]).toEqual([2, 2]);
  });
});

describe("a lost reference", () => {
  const collect = async (isDone: () => boolean): Promise<void> => {
    for (let round = 0; round < 20 && !isDone(); round++) {
      await turn();
      gc!();
      await turn();
    }
  };

  test("stops the actor once it has nothing to do, and is reported", async () => {
    const reports = vi.spyOn(console, "error").mockImplementation(() => {});
    const log: string[] = [];
    const lose = async (): Promise<void> => {
      const ref = startActor(() => ({
        note: (line: string) => void log.push(line),
        [Symbol.dispose]: () => void log.push("disposed"),
      }));
      await ref.tell.note("a");
    };
    await lose();
    await collect(() => log.includes("disposed"));
    const lines = reports.mock.calls.map(([line]) => String(line));
    reports.mockRestore();
    expect(log).toEqual(["a", "disposed"]);
    expect(lines).toEqual([
      expect.stringContaining("a reference to an actor was garbage-collected while open"),
    ]);
  });

  test("is none while somebody waits through it", async () => {
    const end = (() => {
      const ref = startActor(() => ({ nothing: () => {} }));
      return step(ref.stopped());
    })();
    end.poll();
    let rounds = 0;
    await collect(() => ++rounds > 5);
    expect(end.isWoken).toBe(false);
  });
});

test("an actor that main leaves running, or with something to do, is named, aborted and disposed", async () => {
  const { code, stdout, stderr } = await run("leaves-actor");
  expect([code, stdout]).toEqual([0, "asked: 301\ndisposed\ndisposed\n"]);
  expect(stderr).toMatch(
    /^millrace: 2 tasks were still running when main ended, and aborted:\n {2}task #\d+ 'forgotten' waits for a message to actor 'forgotten'\n {2}task #\d+ 'busy' waits for .*\n$/,
  );
});

test("what is started after the runtime was shut down is aborted at once", async () => {
  let late: ActorRef<{ hello(): number }> | undefined;
  await paused(async () => {
    spawn(async () => {
      try {
        await pending();
      } finally {
        late = startActor(() => ({ hello: () => 1 }));
      }
    });
    await sleep(1);
  });
  await expect(late!.ask.hello()).rejects.toThrow(ClosedError);
  expect(await late!.stopped()).toMatchObject({ status: "cancelled" });
});
