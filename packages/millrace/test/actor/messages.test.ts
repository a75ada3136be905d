/** Asking and telling: what runs, when, and what comes back. */
import { DeadlockError, ready, sleep, spawn, timeout, type Future } from "millrace";
import { startActor, type ActorContext, type ActorRef } from "millrace/actor";
import { paused } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught, expectMisuse } from "../sync/outcome.ts";
import { logger } from "./log.ts";

describe("a message", () => {
  inBothStyles(
    "is answered with what the method returns: a value, a promise, a future, a routine",
    function* () {
      using ref = startActor(() => ({
        plain: (n: number) => n + 1,
        promised: async (n: number) => n + 2,
        future: (n: number) => ready(n + 3),
        *routine(n: number) {
          yield* sleep(1);
          return n + 4;
        },
        nothing: () => {},
      }));
      const { ask } = ref;
      const plain: number = yield* get(ask.plain(0));
      const promised: number = yield* get(ask.promised(0));
      const future: number = yield* get(ask.future(0));
      const routine: number = yield* get(ask.routine(0));
      expect([plain, promised, future, routine]).toEqual([1, 2, 3, 4]);
      expect(yield* get(ask.nothing())).toBeUndefined();
    },
  );

  inBothStyles(
    "begins when the one before has ended, awaits included, in order of arrival",
    function* (style) {
      const log: string[] = [];
      using ref = startActor(() => logger(log, style));
      const asks = ["a", "b", "c"].map((name) => spawn(ref.ask.work(name, 10)));
      yield* get(style.clock.settle());
      yield* get(ref.tell.work("d", 5));
      expect(yield* get(ref.ask.work("e", 1))).toBe("e");
      for (const ask of asks) yield* get(ask);
      expect(log).toEqual(["a", "b", "c", "d", "e"].flatMap((name) => [`${name} begins`, `${name} ends`]));
      expect(style.clock.now()).toBe(36);
    },
  );

  inBothStyles("told is answered as soon as there is room for it", function* ({ clock, ...style }) {
    const log: string[] = [];
    using ref = startActor(() => logger(log, style));
    yield* get(ref.tell.work("a", 50));
    expect([clock.now(), log.includes("a ends")]).toEqual([0, false]);
    yield* get(sleep(1));
    expect([ref.queued, log]).toEqual([0, ["a begins"]]);
  });

  inBothStyles(
    "is not sent before its future is used, and its arguments are those of the call",
    function* () {
      const seen: unknown[] = [];
      using ref = startActor(() => ({ note: (...all: number[]) => void seen.push(...all) }));
      const tell = ref.tell.note(1, 2);
      void ref.ask.note(9);
      yield* get(sleep(1));
      expect([seen, ref.queued]).toEqual([[], 0]);
      yield* get(tell);
      yield* get(ref.ask.note());
      expect(seen).toEqual([1, 2]);
    },
  );

  inBothStyles("fails its asker with its own error, unchanged", function* (style) {
    using ref = startActor(() => logger([], style), { onFailure: "resume" });
    const error = new RangeError("mine");
    using other = startActor(
      () => ({
        boom(): never {
          throw error;
        },
      }),
      { onFailure: "resume" },
    );
    expect(yield* caught(other.ask.boom())).toBe(error);
    expect(yield* caught(ref.ask.failLater("late", 5))).toMatchObject({ message: "late" });
  });

  inBothStyles("waits until an asynchronous create has made the object", function* (style) {
    using ref = startActor(async () => {
      await sleep(20);
      return logger([], style);
    });
    yield* get(ref.tell.work("a", 0));
    expect([yield* get(ref.ask.work("b", 1)), style.clock.now()]).toEqual(["b", 21]);
  });

  inBothStyles("finds the object's own state, private members, inherited methods", function* () {
    class Base {
      protected count = 0;
      up(): number {
        return ++this.count;
      }
      toString(): string {
        return `count ${this.count}`;
      }
    }
    class Counter extends Base {
      #secret = 7;
      #reveal(): number {
        return this.#secret;
      }
      reveal(): number {
        return this.#reveal() + this.count;
      }
      get late(): () => string {
        return () => "from a getter";
      }
    }
    using ref = startActor(() => new Counter());
    yield* get(ref.ask.up());
    expect(yield* get(ref.ask.reveal())).toBe(8);
    expect(yield* get(ref.ask.toString())).toBe("count 1");
    expect(yield* get(ref.ask.late())).toBe("from a getter");
  });
});

describe("what is no message", () => {
  const start = (): ActorRef<{ known(): number }> =>
    startActor(() => ({ known: () => 1, value: 3 }), { name: "thing" });

  inBothStyles("is a TypeError at the caller's line once the object is there", function* () {
    using ref = start();
    yield* get(ref.ask.known());
    const ask = ref.ask as unknown as Record<string, () => Future<unknown>>;
    for (const name of ["unknown", "value", "constructor", "hasOwnProperty"]) {
      expectMisuse(TypeError, () => ask[name]!());
      expect(() => ask[name]!()).toThrow(`actor 'thing' has no message '${name}'; it has known`);
    }
    expectMisuse(TypeError, () => (ref.tell as unknown as Record<string, () => void>)["unknown"]!());
  });

  inBothStyles("rejects before that, and is nothing that the actor has failed at", function* () {
    using ref = start();
    const ask = ref.ask as unknown as Record<string, () => Future<unknown>>;
    expect(yield* caught(ask["unknown"]!())).toMatchObject({ name: "TypeError" });
    expect(yield* get(ref.ask.known())).toBe(1);
  });

  inBothStyles("makes nobody wait who awaits ask or tell themselves", function* () {
    using ref = start();
    const { ask, tell } = ref as { ask: object; tell: object };
    expect([
      Reflect.get(ask, "then"),
      Reflect.get(tell, Symbol.iterator),
      Reflect.set(ask, "known", 1),
    ]).toEqual([undefined, undefined, false]);
  });
});

describe("an actor that would wait for itself", () => {
  const selfish = (cx: ActorContext) => {
    const me = (): ActorRef<Selfish> => cx.self().upgrade<Selfish>()!;
    return {
      direct: async (): Promise<number> => {
        using self = me();
        return self.ask.value();
      },
      *withinCalls() {
        using self = me();
        return yield* timeout(1000, self.ask.value());
      },
      *fills() {
        using self = me();
        yield* self.tell.value();
        yield* self.tell.value();
      },
      *detached() {
        const self = me();
        const task = spawn(function* () {
          using mine = self;
          return yield* mine.ask.value();
        });
        return () => task;
      },
      async floating(): Promise<() => Promise<number>> {
        const self = me();
        const later = async (): Promise<number> => {
          await sleep(5);
          using mine = self;
          return mine.ask.value();
        };
        const promise = later();
        return () => promise;
      },
      value: () => 42,
    };
  };
  type Selfish = ReturnType<typeof selfish>;

  inBothStyles("is told so when it asks", function* () {
    using ref = startActor(selfish, { name: "me", onFailure: "resume" });
    const error = yield* caught(ref.ask.direct());
    expect(error).toBeInstanceOf(DeadlockError);
    expect((error as DeadlockError).message).toContain("actor 'me' would wait for itself");
    expect(yield* caught(ref.ask.withinCalls())).toBeInstanceOf(DeadlockError);
    expect([yield* get(ref.ask.value()), ref.queued]).toEqual([42, 0]);
  });

  inBothStyles("is told so when it tells and its mailbox is full", function* () {
    using ref = startActor(selfish, { mailbox: 1, onFailure: "resume" });
    const error = yield* caught(ref.ask.fills());
    expect((error as DeadlockError).waits).toEqual([expect.stringMatching(/waits for room for 'value'/)]);
    expect(yield* get(ref.ask.value())).toBe(42);
  });

  inBothStyles("is not taken for one by what it has started and does not wait for", function* () {
    using ref = startActor(selfish);
    const task = yield* get(ref.ask.detached());
    const later = yield* get(ref.ask.floating());
    expect(yield* get(task())).toBe(42);
    yield* get(sleep(10));
    expect(yield* get(spawn(later))).toBe(42);
  });
});

test("actors that wait for each other are named when nothing can go on", async () => {
  interface Peer {
    ask(): Promise<number>;
  }
  const peers = new Map<string, ActorRef<Peer>>();
  const peer = (name: string, other: string) =>
    startActor<Peer>(() => ({ ask: async () => peers.get(other)!.ask.ask() }), { name });
  const error: unknown = await paused(async () => {
    peers.set("a", peer("a", "b")).set("b", peer("b", "a"));
    await peers.get("a")!.ask.ask();
  }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeadlockError);
  expect((error as DeadlockError).waits.join("\n")).toMatch(
    /'a' waits for the reply of actor 'b' to 'ask'\n.*'b' waits for the reply of actor 'a' to 'ask'/,
  );
});

test("bad options are refused at the caller's line", () => {
  const start = (options: object): unknown => startActor(() => ({}), options);
  expectMisuse(TypeError, () => startActor(undefined as unknown as () => object));
  for (const mailbox of [0, -1, 1.5, NaN, Infinity, "8"]) expectMisuse(RangeError, () => start({ mailbox }));
  expect(() => start({ name: 5 as never })).toThrow("startActor expects name to be a string, got 5");
  expect(() => start({ mailbox: 0 })).toThrow(
    "startActor expects mailbox to be an integer of at least 1, got 0",
  );
  expectMisuse(RangeError, () => start({ onFailure: "retry" }));
  expectMisuse(RangeError, () => start({ restarts: { limit: -1, within: 1 } }));
  expectMisuse(RangeError, () => start({ restarts: { limit: 1, within: 0 } }));
  expectMisuse(RangeError, () => start({ restarts: { limit: 1, within: NaN } }));
});
