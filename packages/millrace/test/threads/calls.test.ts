/** Calls on threads in both styles: values, errors, bodies of every kind, handles. */
import { Buffer } from "node:buffer";
import { joinAll, JoinSet, select, sleep, spawn, timeout, type Future } from "millrace";
import {
  cx,
  parMap,
  sharedChannel,
  spawnBlocking,
  spawnInline,
  threaded,
  ThreadPool,
  type SharedSender,
} from "millrace/threads";
import { paused } from "millrace/testing";
import { afterAll, describe, expect, test } from "vitest";
import { get, styles } from "../both-styles.ts";
import * as work from "./fixtures/work.ts";

const pool = new ThreadPool({ threads: 2, name: "calls" });
afterAll(() => pool.shutdown());
const on = { pool };

describe.each(styles)("in $name style", ({ body }) => {
  test("a call gives the result of a plain, an async and a generator body", async () => {
    const results = spawn(
      body(function* () {
        const plain = yield* get(work.double.with(on)(21));
        const later = yield* get(work.later.with(on)(1, "a"));
        const yielding = yield* get(work.laterYielding.with(on)(1, "g"));
        return [plain, later, yielding];
      }),
    );
    expect(await results).toEqual([42, "a", "g"]);
  });

  test("an error keeps its class, code, cause, properties and both stacks", async () => {
    const failing = spawn(
      body(function* () {
        // A stack is kept only so often (remote-call.ts).
        yield* get(sleep(10));
        yield* get(work.fail.with(on)("bad"));
      }),
    );
    const error: unknown = await failing.then(undefined, (thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ParseError", code: "ERR_PARSE", line: 7, message: "bad" });
    expect((error as Error).cause).toBeInstanceOf(RangeError);
    expect((error as Error).stack).toContain("fixtures/work.ts");
    expect((error as Error).stack).toContain("calls.test.ts");
  });

  test("calls apart from each other all keep their caller's stack, however they are sent", async () => {
    const ways = {
      plain: () => work.fail.with(on)("bad"),
      pinned: () => work.fail.with({ ...on, pin: true })("bad"),
      moved: () => work.fail.with({ ...on, transfer: [new ArrayBuffer(1)] })("bad"),
    };
    const lost: string[] = [];
    await spawn(
      body(function* () {
        // A stack is kept only so often, oftener of a function that has failed (remote-call.ts).
        yield* get(sleep(10));
        for (const [way, call] of Object.entries(ways)) {
          for (let i = 0; i < 4; i++) {
            try {
              yield* get(call());
            } catch (error) {
              if (!(error as Error).stack!.includes("<called from>")) lost.push(way);
            }
            yield* get(sleep(1));
          }
        }
      }),
    );
    expect(lost).toEqual([]);
  });
});

test("values come back as structured clone would give them", async () => {
  const cyclic: Record<string, unknown> = { name: "a" };
  cyclic["self"] = cyclic;
  const values: unknown[] = [
    undefined,
    null,
    true,
    0,
    -0,
    1.5,
    NaN,
    2 ** 40,
    -(2 ** 31),
    12n,
    "",
    "latin ü",
    "wide €",
    "x".repeat(1000),
    "€".repeat(1000),
    [1, 2, 3, 4, 5, 6],
    [1, "a", [null]],
    { a: 1, b: { c: "d" } },
    new Uint8Array([1, 2, 3]),
    new Uint8Array(5000).fill(7),
    new Float64Array([1.5, 2.5]),
    new Uint8Array([1, 2, 3, 4]).buffer,
    new Map([[1, new Set([2])]]),
    new Date(5),
    /x/g,
    "y".repeat(200_000),
    Array.from({ length: 50_000 }, (_, i) => ({ i })),
    cyclic,
  ];
  for (const value of values) expect(await work.echo.with(on)(value)).toEqual(value);
  expect(Object.keys((await work.echo.with(on)(JSON.parse('{"__proto__":1}'))) as object)).toEqual([
    "__proto__",
  ]);
});

test("what refers to itself again and again is looked through once, with handles or without", async () => {
  const value: Record<string, unknown> = { bytes: new Uint8Array(200_000) };
  for (const key of ["a", "b", "c", "d"]) value[key] = value;
  const back = (await work.echo.with(on)(value)) as typeof value;
  // The matchers would look through it again and again.
  expect(back["a"] === back && back["d"] === back).toBe(true);
  const [tx, rx] = sharedChannel<number>(1);
  value["tx"] = [tx, tx];
  const again = (await work.echo.with(on)(value)) as typeof value;
  expect(again["a"] === again).toBe(true);
  const [one, other] = again["tx"] as SharedSender<number>[];
  expect(one === other).toBe(true);
  await one!.send(1);
  expect(await rx.recv()).toBe(1);
});

test("a Buffer arrives as the Uint8Array that it is, whatever its size", async () => {
  for (const size of [3, 5000, 200_000]) {
    const back = (await work.echo.with(on)(Buffer.alloc(size, 7))) as Uint8Array;
    expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype);
    expect([back.length, back.at(-1)]).toEqual([size, 7]);
  }
});

describe.each(styles)("what is cloned, in $name style", ({ body }) => {
  test("bytes within a Map or a Set, and those of a DataView, are a copy of their own", () =>
    spawn(
      body(function* () {
        const one = work.echo.with({ ...on, pin: true });
        const values: [unknown, (value: never) => ArrayBufferView][] = [
          [
            new Map([["bytes", new Uint8Array(16).fill(7)]]),
            (map: Map<string, Uint8Array>) => map.get("bytes")!,
          ],
          [new Set([Buffer.alloc(16, 7)]), (set: Set<Uint8Array>) => [...set][0]!],
          [new DataView(new Uint8Array(16).fill(7).buffer), (view: DataView) => view],
        ];
        for (const [value, bytesIn] of values) {
          const view = bytesIn((yield* get(one(value))) as never);
          for (let i = 0; i < 5; i++) yield* get(one(new Map([["others", new Uint8Array(64).fill(99)]])));
          expect(Object.prototype.toString.call(view.buffer)).toBe("[object ArrayBuffer]");
          expect([view.byteOffset, view.buffer.byteLength]).toEqual([0, 16]);
          expect(new Uint8Array(view.buffer)).toEqual(new Uint8Array(16).fill(7));
        }
      }),
    ));

  test("what only a message can carry goes by message, or is refused there", () =>
    spawn(
      body(function* () {
        const echo = work.echo.with(on);
        const blob = (yield* get(echo([new Blob(["abc"])]))) as [Blob];
        expect(blob[0]).toBeInstanceOf(Blob);
        expect(blob[0].size).toBe(3);
        expect(yield* get(echo({ from: new ReadableStream() }).settled())).toMatchObject({
          reason: { name: "DataCloneError" },
        });
      }),
    ));
});

describe.each(styles)("a getter among the arguments, in $name style", ({ body }) => {
  test("may make calls of its own, and send on the channel that it is sent on", () =>
    spawn(
      body(function* () {
        const made: Future<unknown>[] = [];
        const argument = {
          get inner(): number {
            return made.push(pool.spawn(work.echo, "of the getter"));
          },
          rest: "c".repeat(60),
        };
        expect(yield* get(work.echo.with(on)(argument))).toMatchObject({ rest: argument.rest });
        for (const each of made) expect(yield* get(each)).toBe("of the getter");
        const [tx, rx] = sharedChannel<unknown>(4);
        expect(tx.trySend("before").ok).toBe(true);
        const message = {
          get taken(): unknown {
            return rx.tryRecv();
          },
          rest: "c".repeat(60),
        };
        expect(tx.trySend(message).ok).toBe(true);
        expect(yield* get(rx.recv())).toEqual({ taken: { ok: true, value: "before" }, rest: message.rest });
      }),
    ));
});

test("an object that is in the arguments twice arrives in both places, and a cycle as a cycle", async () => {
  const twice = { id: 1 };
  expect(await work.echo.with(on)([twice, { again: twice }])).toEqual([{ id: 1 }, { again: { id: 1 } }]);
  const cycle: { id: number; self?: unknown } = { id: 2 };
  cycle.self = cycle;
  const back = (await work.echo.with(on)([cycle])) as [typeof cycle];
  expect(back[0].self).toBe(back[0]);
});

test("errors travel as values, too", async () => {
  const back = (await work.echo.with(on)({ error: new RangeError("far") })) as { error: Error };
  expect(back.error).toBeInstanceOf(RangeError);
});

test("what cannot be cloned is refused at the call, and as a result", async () => {
  await expect(work.echo.with(on)(() => {})).rejects.toMatchObject({ name: "DataCloneError" });
  await expect(work.unsendable.with(on)()).rejects.toMatchObject({ name: "DataCloneError" });
  await expect(work.hugeUnsendable.with(on)()).rejects.toMatchObject({ name: "DataCloneError" });
  expect(await work.double.with(on)(1)).toBe(2);
});

describe("what cannot be copied is refused at the caller's line", () => {
  const aFunction =
    "^DataCloneError: a function could not be cloned for a thread, which only values can be: import it";
  const refused: readonly [where: string, make: () => Future<unknown>, says: string][] = [
    ["as an argument", () => work.echo.with(on)(() => {}), aFunction],
    [
      "within one",
      () => work.echo.with(on)([{ deep: Symbol("s") }]),
      "^DataCloneError: Symbol\\(s\\) could not be cloned for a thread: use a string",
    ],
    ["within what is cloned", () => work.echo.with(on)(new Map([[1, () => {}]])), aFunction],
    [
      "beside what is moved",
      () => work.echo.with({ pool, transfer: [new ArrayBuffer(1)] })(() => {}),
      aFunction,
    ],
    ["as a result", () => work.unsendable.with(on)(), aFunction],
    ["as an item", () => parMap([() => {}], work.echo, on), aFunction],
    ["as the result of one", () => parMap([[]], work.unsendable as never, on), aFunction],
    ["as the failure of one", () => parMap(["bad"], work.fail, on), "^ParseError: bad"],
    ["among others", () => joinAll([work.double.with(on)(1), work.echo.with(on)(() => {})]), aFunction],
    ["in a message", () => sharedChannel<unknown>(1)[0].send([() => {}]), aFunction],
    [
      "in a message, because of its size",
      () => sharedChannel<unknown>(1, { bytes: 64 })[0].send("long ".repeat(100)),
      "^RangeError: send expects a message that fits",
    ],
  ];
  /** A stack is kept only so often (remote-call.ts): not of what follows these. */
  const useUpStacks = () => joinAll(Array.from({ length: 9 }, () => work.double.with(on)(1)));

  test.each(refused)("%s, in await style", async (_, make, says) => {
    const { stack } = await spawn(async () => {
      await useUpStacks();
      try {
        await make();
      } catch (error) {
        return error as Error;
      }
      throw new Error("not refused");
    });
    expect(stack).toMatch(new RegExp(says));
    expect(stack).toContain("calls.test.ts");
  });
  test.each(refused)("%s, in yield* style", async (_, make, says) => {
    const { stack } = await spawn(function* () {
      yield* useUpStacks();
      try {
        yield* make();
      } catch (error) {
        return error as Error;
      }
      throw new Error("not refused");
    });
    expect(stack).toMatch(new RegExp(says));
    expect(stack).toContain("calls.test.ts");
  });

  test("by a handle, and at once by what never waits", async () => {
    const handles = [
      () => spawnBlocking(work.echo, () => {}),
      () => pool.spawn(work.echo, () => {}),
      () =>
        spawnInline(
          (value: unknown) => value,
          () => {},
        ),
    ];
    for (const make of handles) {
      const error = await make().then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error?.stack).toMatch(new RegExp(aFunction));
      expect(error?.stack).toContain("calls.test.ts");
    }
    const [tx] = sharedChannel<unknown>(1);
    let thrown: unknown;
    try {
      tx.trySend([() => {}]);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as Error).stack).toMatch(/^DataCloneError: .*\n\s+at .*calls\.test\.ts/);
  });
});

test("shared memory stays shared, wherever it stands in the arguments", async () => {
  const memory = new SharedArrayBuffer(4);
  for (const value of [memory, new Uint8Array(memory), { deep: [new Int32Array(memory)] }]) {
    await work.writeOne.with(on)(value);
    expect(new Int32Array(memory)[0]).toBe(1);
    new Int32Array(memory)[0] = 0;
  }
});

test("shared memory within a Map stays shared", async () => {
  const memory = new SharedArrayBuffer(4);
  await work.writeOne.with(on)(new Map([["deep", new Int32Array(memory)]]));
  expect(new Int32Array(memory)[0]).toBe(1);
});

test("what is transferred is moved", async () => {
  const buffer = new ArrayBuffer(100_000);
  const call = work.byteLengthOf.with({ ...on, transfer: [buffer] });
  expect(await call(buffer)).toBe(100_000);
  expect(buffer.byteLength).toBe(0);
});

test("a call is lazy, and an unused one never runs", async () => {
  const before = pool.metrics().completed;
  using _ = work.double.with(on)(1);
  await sleep(5);
  expect(pool.metrics().completed).toBe(before);
});

test("local is the function itself", () => {
  expect(work.double.local(4)).toBe(8);
  expect(work.whoAmI.local()).toBe(0);
  expect(cx().isCancelled).toBe(false);
});

test("a handle is a task: sets, select, names and timeouts take it", async () => {
  const set = new JoinSet<unknown>();
  set.spawn(work.double.with(on)(1));
  set.spawn(work.later.with(on)(1, 5));
  expect(new Set(await set.joinAll())).toEqual(new Set([2, 5]));
  const slow = pool.spawn(work.later, 10_000, "slow");
  const won = await select({ slow: slow.ref(), quick: work.double.with(on)(3) });
  expect(won).toEqual({ key: "quick", value: 6 });
  await expect(timeout(5, slow as Future<unknown>)).rejects.toMatchObject({ name: "TimeoutError" });
  slow.abort("enough");
  expect(await slow.settled()).toEqual({ status: "cancelled", reason: "enough" });
});

test("threads call each other, and results find their way back", async () => {
  expect(await pool.spawn(work.nested, 6)).toBe(64);
});

test("a thousand calls at once all come back, in their own places", async () => {
  const calls = Array.from({ length: 5000 }, (_, i) => work.double.with(on)(i));
  expect(await joinAll(calls)).toEqual(Array.from({ length: 5000 }, (_, i) => i * 2));
});

test("on a thread the default pool is its own: it tells the figures, and cannot be ended there", async () => {
  const { transport } = pool.metrics();
  const there = await pool.spawn(work.poolFigures);
  // By message, a thread knows of nothing but what it has called.
  const running = transport === "messages" ? 0 : 1;
  expect(there).toMatchObject({ running, transport });
  expect(there.threads).toBeGreaterThan(0);
  expect(there.completed).toBeLessThanOrEqual(pool.metrics().completed);
  await expect(pool.spawn(work.endOwnPool)).rejects.toThrow("expects to be called by who made the pool");
});

test("what a busy thread submitted is stolen from it", async () => {
  const before = pool.metrics().stolen;
  const shared = new SharedArrayBuffer(8);
  const submitter = pool.spawn(work.submitAndHold, shared, 20);
  while (pool.metrics().stolen === before) await sleep(1);
  const words = new Int32Array(shared);
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  expect(await submitter).toEqual(Array.from({ length: 20 }, (_, i) => i * 2));
});

test("tasks of the main thread are run by both", async () => {
  const shared = new SharedArrayBuffer(4);
  const threads = await joinAll([0, 1].map(() => work.meet.with(on)(shared, 2)));
  expect(new Set(threads)).toEqual(new Set([1, 2]));
});

test("a paused clock is held back while a thread works", async () => {
  await paused(async (clock) => {
    const timer = spawn(async () => {
      await sleep(1000);
      return "timer";
    });
    const first = await select(
      { timer: timer.ref(), thread: work.later.with(on)(30, "thread") },
      { biased: true },
    );
    expect(first.key).toBe("thread");
    expect(clock.now()).toBe(0);
    timer.abort();
  });
});

describe("spawnInline", () => {
  test("runs a closure that captures nothing", async () => {
    expect(await spawnInline((a: number, b: number) => a + b, 2, 3)).toBe(5);
    expect(
      await spawnInline(
        async (words: string[]) => {
          const { length } = words.filter((word) => /^[a-z}]+$/.test(word));
          const label = { count: length, text: `${length} of ${words.length}` };
          await Promise.resolve();
          for (const [key, value] of Object.entries(label)) if (key === "text") return value;
          return "";
        },
        ["a", "1", "b"],
      ),
    ).toBe("2 of 3");
  });

  test("names what a closure captures, at the call", () => {
    const captured = 1;
    const another = { deep: 2 };
    expect(() => spawnInline((n: number) => n + captured + another.deep, 1)).toThrow(
      /captures captured, another/,
    );
  });
});

describe("parMap", () => {
  test("keeps the order, whatever the sizes", async () => {
    for (const length of [0, 1, 7, 5000]) {
      const items = Array.from({ length }, (_, i) => i);
      expect(await parMap(items, work.double, on)).toEqual(items.map((n) => n * 2));
    }
  });
  test("takes async functions, any iterable and a bound", async () => {
    const items = new Set([1, 2, 3]);
    const wait = threaded(import.meta, () => 0);
    expect(wait.local()).toBe(0);
    expect(await parMap(items, work.double, { ...on, maxInFlight: 1 })).toEqual([2, 4, 6]);
    expect(() => parMap([1], work.double, { maxInFlight: 0 })).toThrow(RangeError);
  });
  test("throws the first failure", async () => {
    await expect(parMap(["a", "b"], work.fail, on)).rejects.toMatchObject({ name: "ParseError" });
  });
});

test("a call with options of its own is spawned; what `with` gives is refused where a function is expected", async () => {
  const chosen = work.double.with(on);
  expect(await spawn(chosen(4))).toBe(8);
  for (const [caller, start] of [
    ["spawnBlocking", () => spawnBlocking(chosen as never, 4 as never)],
    ["ThreadPool.spawn", () => pool.spawn(chosen as never, 4 as never)],
  ] as const) {
    expect(start).toThrow(
      new TypeError(
        `${caller} expects a threaded function, got what the \`with\` of ${work.double.name} gave; call that, and spawn the call: spawn(fn.with({ … })(…)), whose options may name the pool`,
      ),
    );
  }
  expect(() => parMap([1], chosen as never)).toThrow(
    /^parMap expects a threaded function, got what the `with` of .+ gave; pass the function itself, and the pool in the options of parMap$/,
  );
});

test("misuse is refused at the call", () => {
  expect(() => threaded(import.meta, 5 as never)).toThrow(/threaded expects a function/);
  expect(() => spawnBlocking((() => 1) as never)).toThrow(/made with threaded/);
  expect(() => new ThreadPool({ threads: 0 })).toThrow(RangeError);
  expect(() => new ThreadPool({ queue: 0 })).toThrow(RangeError);
  expect(() => new ThreadPool({ name: 5 as never })).toThrow("ThreadPool expects name to be a string, got 5");
  for (const heap of [-1, 0, NaN, "64" as never])
    expect(() => new ThreadPool({ resourceLimits: { maxOldGenerationSizeMb: heap } })).toThrow(RangeError);
});
