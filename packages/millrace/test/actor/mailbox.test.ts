/** The bounded mailbox, and what an abandoned sender leaves behind: nothing. */
import { ClosedError, PENDING, sleep, spawn, timeout, TimeoutError } from "millrace";
import { startActor, type ActorRef } from "millrace/actor";
import { step } from "millrace/testing";
import { describe, expect } from "vitest";
import { get, inBothStyles, type InStyle, type Steps } from "../both-styles.ts";
import { caught } from "../sync/outcome.ts";
import { collecting, logger, messages, type Logger } from "./log.ts";

/** An actor that is busy until 100, with a mailbox for two. */
function* busy(log: string[], style: InStyle): Steps<ActorRef<Logger>> {
  const ref: ActorRef<Logger> = startActor(() => logger(log, style), { mailbox: 2 });
  yield* get(ref.tell.work("busy", 100));
  yield* get(style.clock.settle());
  return ref;
}

describe("a full mailbox", () => {
  inBothStyles("makes senders wait, in order, until a message starts", function* (style) {
    const log: string[] = [];
    using ref = yield* busy(log, style);
    yield* get(ref.tell.work("a", 10));
    yield* get(ref.tell.work("b", 10));
    expect(ref.queued).toBe(2);
    const times: string[] = [];
    const senders = ["c", "d"].map((name) =>
      spawn(
        style.body(function* () {
          yield* get(ref.tell.work(name, 10));
          times.push(`${name} sent at ${style.clock.now()}`);
        }),
      ),
    );
    expect(yield* get(ref.ask.work("e", 1))).toBe("e");
    for (const sender of senders) yield* get(sender);
    expect(times).toEqual(["c sent at 110", "d sent at 120"]);
    yield* get(ref.stop());
    const begun = log.filter((line) => line.endsWith("begins")).map((line) => line.split(" ")[0]);
    expect(begun).toEqual(["busy", "a", "b", "e", "c", "d"]);
  });

  inBothStyles("forgets a tell that was abandoned while it waited for room", function* (style) {
    const log: string[] = [];
    using ref = yield* busy(log, style);
    yield* get(ref.tell.work("a", 1));
    yield* get(ref.tell.work("b", 1));
    expect(yield* caught(timeout(10, ref.tell.work("late", 1)))).toBeInstanceOf(TimeoutError);
    yield* get(ref.stop());
    expect(log).not.toContain("late begins");
    expect(log).toContain("b ends");
  });

  inBothStyles("gives the room of an abandoned ask to the next at once", function* (style) {
    using ref = yield* busy([], style);
    const first = step(ref.ask.work("a", 1));
    const second = step(ref.ask.work("b", 1));
    const waiting = step(ref.tell.work("c", 1));
    for (const each of [first, second, waiting]) expect(each.poll()).toBe(PENDING);
    expect(ref.queued).toBe(2);
    first.drop();
    expect([waiting.isWoken, ref.queued]).toEqual([true, 1]);
    expect([waiting.poll(), ref.queued]).toEqual([undefined, 2]);
    second.drop();
    expect(ref.queued).toBe(1);
  });

  inBothStyles(
    "passes room on that was given to a sender who went away instead of taking it",
    function* (style) {
      using ref = yield* busy([], style);
      const first = step(ref.ask.work("a", 1));
      const second = step(ref.ask.work("b", 1));
      const gone = step(ref.ask.work("c", 1));
      const next = step(ref.tell.work("d", 1));
      for (const each of [first, second, gone, next]) each.poll();
      first.drop();
      expect([gone.isWoken, next.isWoken]).toEqual([true, false]);
      gone.drop();
      expect([next.isWoken, next.poll(), ref.queued]).toEqual([true, undefined, 2]);
      second.drop();
    },
  );
});

describe("an abandoned ask", () => {
  inBothStyles("that was never polled has sent nothing", function* (style) {
    using ref = yield* busy([], style);
    step(ref.ask.work("a", 1)).drop();
    ref.ask.work("b", 1)[Symbol.dispose]();
    expect(ref.queued).toBe(0);
  });

  inBothStyles("takes its message back while that is queued, wherever it is", function* (style) {
    const log: string[] = [];
    using ref = yield* busy(log, style);
    const asks = ["a", "b"].map((name) => step(ref.ask.work(name, 1)));
    for (const ask of asks) ask.poll();
    asks[0]!.drop();
    yield* get(ref.tell.work("c", 1));
    yield* get(sleep(200));
    expect(log).toEqual(["busy begins", "busy ends", "b begins", "b ends", "c begins", "c ends"]);
    expect(asks[1]!.poll()).toBe("b");
  });

  inBothStyles("takes it back when the actor was woken for it and has not run yet", function* (style) {
    const log: string[] = [];
    using ref = startActor(() => logger(log, style));
    yield* get(ref.ask.work("first", 1));
    const ask = step(ref.ask.work("a", 1));
    ask.poll();
    ask.drop();
    yield* get(sleep(10));
    expect(log).toEqual(["first begins", "first ends"]);
    expect(yield* get(ref.ask.work("b", 1))).toBe("b");
  });

  inBothStyles("lets a message that has started run to its end, and drops the reply", function* (style) {
    const log: string[] = [];
    using ref = startActor(() => logger(log, style));
    expect(yield* caught(timeout(5, ref.ask.work("a", 10)))).toBeInstanceOf(TimeoutError);
    expect(log).toEqual(["a begins"]);
    expect(yield* get(ref.ask.work("b", 1))).toBe("b");
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  });

  const reported = collecting();
  inBothStyles(
    "whose message fails later leaves the failure to be reported, once",
    function* (style) {
      reported.failures.length = 0;
      using ref = startActor(() => logger([], style), { name: "late", onFailure: "resume" });
      yield* caught(timeout(5, ref.ask.failLater("first", 10)));
      yield* get(ref.ask.work("a", 10));
      expect(messages(reported.failures)).toEqual(["first"]);
      expect(reported.failures[0]!.name).toBe("late");
      // It had the failure already, and was not polled again.
      const ask = step(ref.ask.fail("second"));
      ask.poll();
      yield* get(sleep(1));
      expect([ask.isWoken, reported.failures.length]).toEqual([true, 1]);
      ask.drop();
      expect(messages(reported.failures)).toEqual(["first", "second"]);
    },
    reported,
  );

  const stopped = collecting();
  inBothStyles(
    "whose failure has stopped the actor leaves it as the failure of the actor's task",
    function* (style) {
      stopped.failures.length = 0;
      let ref: ActorRef<Logger> | undefined = startActor(() => logger([], style));
      const ask = step(ref.ask.fail("last words"));
      ask.poll();
      yield* get(sleep(10));
      ask.drop();
      expect(yield* get(ref.stopped())).toMatchObject({
        status: "rejected",
        reason: { message: "last words" },
      });
      expect(stopped.failures).toEqual([]);
      ref = undefined;
    },
    stopped,
  );
});

inBothStyles("a reply is taken once, and an ask awaited twice gives it twice", function* (style) {
  using ref = startActor(() => logger([], style));
  const ask = step(ref.ask.work("a", 1));
  ask.poll();
  yield* get(sleep(5));
  expect(ask.poll()).toBe("a");
  expect(() => ask.poll()).toThrow(/already given its reply/);
  const shared = ref.ask.work("b", 1).shared();
  expect([yield* get(shared), yield* get(shared.clone())]).toEqual(["b", "b"]);
});

inBothStyles("a waiting sender keeps the actor open though its reference was disposed", function* (style) {
  const log: string[] = [];
  const ref = yield* busy(log, style);
  yield* get(ref.tell.work("a", 1));
  yield* get(ref.tell.work("b", 1));
  const waiting = spawn(ref.tell.work("c", 1));
  yield* get(style.clock.settle());
  ref[Symbol.dispose]();
  expect(yield* caught(ref.tell.work("d", 1))).toBeInstanceOf(ClosedError);
  yield* get(waiting);
  yield* get(ref.stopped());
  expect(log.slice(-3)).toEqual(["c begins", "c ends", "disposed"]);
});
