/** Streams made of what other libraries read, and read by them. */
import { EventEmitter } from "node:events";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  broadcast,
  DelayQueue,
  fromPromise,
  interval,
  JoinSet,
  LaggedError,
  mpsc,
  osSignal,
  race,
  Runtime,
  sleep,
  spawn,
  watch,
} from "millrace";
import { step } from "millrace/testing";
import { Stream } from "millrace/stream";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { drained, glance, messageOf, Watched, WatchedIterable } from "./watched.ts";
import { nextTurn, turn } from "../turn.ts";

/** Other people's streams: their listeners have gone, and they are closed. */
async function expectClosed(readable: Readable): Promise<void> {
  await turn();
  await turn();
  expect(readable.destroyed).toBe(true);
  for (const event of ["readable", "end", "error", "close"])
    expect(readable.listenerCount(event)).toBe(leftBy(event));
}
/** Node itself listens for the end of a Readable. */
const leftBy = (event: string): number => new Readable({ read() {} }).listenerCount(event);

describe("a Node Readable", () => {
  test("gives objects, or bytes", async () => {
    const objects = Readable.from([{ n: 1 }, "two", 3]);
    expect(await Stream.from<unknown>(objects).collect()).toEqual([{ n: 1 }, "two", 3]);
    await expectClosed(objects);
    const bytes = new Readable({ read() {} });
    bytes.push("ab");
    bytes.push("cd");
    bytes.push(null);
    const whole = await Stream.from<Buffer>(bytes).fold("", (all, chunk) => all + chunk.toString());
    expect(whole).toBe("abcd");
    await expectClosed(bytes);
  });

  test("is not read before it is asked, and held back while nobody asks", async () => {
    let made = 0;
    const readable = new Readable({
      objectMode: true,
      highWaterMark: 2,
      read() {
        this.push(made++);
      },
    });
    const stream = Stream.from<number>(readable);
    await turn();
    expect(made).toBe(0);
    expect(await stream.next()).toEqual({ done: false, value: 0 });
    for (let i = 0; i < 5; i++) await turn();
    expect(made).toBeLessThanOrEqual(4);
    expect(await stream.take(3).collect()).toEqual([1, 2, 3]);
    await expectClosed(readable);
  });

  test("throws what it fails with, before, while and between the reads", async () => {
    const failing = new Readable({ objectMode: true, read() {} });
    const stream = Stream.from<unknown>(failing);
    const next = stream.next();
    nextTurn(() => failing.destroy(new Error("broken pipe")));
    await expect(next).rejects.toThrow("broken pipe");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await expectClosed(failing);

    const between = new Readable({ objectMode: true, read() {} });
    between.push(1);
    const items = Stream.from<unknown>(between);
    expect(await items.next()).toEqual({ done: false, value: 1 });
    between.destroy(new Error("meanwhile"));
    await turn();
    await expect(items.next()).rejects.toThrow("meanwhile");
    await expectClosed(between);

    const before = new Readable({ objectMode: true, read() {} });
    const late = Stream.from<unknown>(before);
    before.destroy(new Error("at once"));
    await expect(late.next()).rejects.toThrow("at once");
    await expectClosed(before);

    const cut = new Readable({ read() {} });
    const short = Stream.from<unknown>(cut);
    nextTurn(() => cut.destroy());
    await expect(short.next()).rejects.toThrow("destroyed before its end");
  });

  test("is destroyed when it is left, also while a read is pending; its late errors harm nobody", async () => {
    const left = new Readable({
      objectMode: true,
      read() {},
      destroy(_error, done) {
        setImmediate(done, new Error("late"));
      },
    });
    const stream = Stream.from<unknown>(left);
    const next = step(stream.next());
    next.poll();
    next.drop();
    await stream[Symbol.asyncDispose]();
    expect(left.destroyed).toBe(true);
    await expectClosed(left);
    const unread = new Readable({ read() {} });
    await Stream.from<unknown>(unread)[Symbol.asyncDispose]();
    await expectClosed(unread);
    for await (const item of Stream.from<unknown>(Readable.from([1, 2]))) {
      expect(item).toBe(1);
      break;
    }
  });

  test("can be made of a stream, and a pipeline writes it", async () => {
    const source = new WatchedIterable(5);
    expect(await Readable.from(source.stream()).toArray()).toEqual([0, 1, 2, 3, 4]);
    const written: unknown[] = [];
    const sink = (): Writable =>
      new Writable({
        objectMode: true,
        highWaterMark: 1,
        write(chunk, _encoding, done) {
          written.push(chunk);
          setImmediate(done);
        },
      });
    await pipeline(Stream.of("a", "b", "c"), sink());
    expect(written).toEqual(["a", "b", "c"]);
    const endless = new WatchedIterable();
    const broken = new Writable({
      objectMode: true,
      write(_chunk, _encoding, done) {
        done(new Error("disk full"));
      },
    });
    await expect(pipeline(endless.stream(), broken)).rejects.toThrow("disk full");
    await turn();
    expect(endless.returns).toBe(1);
  });
});

describe("a web stream", () => {
  /** Counts what is asked of it. */
  const web = (end: number): { pulls: number; cancelled: unknown; stream: ReadableStream<number> } => {
    const seen = {
      pulls: 0,
      cancelled: undefined as unknown,
      stream: new ReadableStream<number>(
        {
          pull(controller) {
            if (seen.pulls === end) controller.close();
            else controller.enqueue(seen.pulls++);
          },
          cancel(reason) {
            seen.cancelled = reason ?? "no reason";
          },
        },
        { highWaterMark: 0 },
      ),
    };
    return seen;
  };

  test("is read on demand, and unlocked at its end", async () => {
    const source = web(3);
    const stream = Stream.from(source.stream);
    expect([source.pulls, source.stream.locked]).toEqual([0, false]);
    await stream.next();
    await turn();
    expect(source.pulls).toBe(1);
    expect(await stream.collect()).toEqual([1, 2]);
    expect(source.stream.locked).toBe(false);
  });

  test("is cancelled when it is left, begun or not, and while a read is pending", async () => {
    const begun = web(3);
    expect(await Stream.from(begun.stream).first()).toBe(0);
    const unread = web(3);
    await Stream.from(unread.stream)[Symbol.asyncDispose]();
    expect([begun.cancelled, unread.cancelled]).toEqual(["no reason", "no reason"]);
    expect([begun.stream.locked, unread.stream.locked]).toEqual([false, false]);
    let isCancelled = false;
    const stuck = new ReadableStream({ cancel: () => void (isCancelled = true) });
    const stream = Stream.from<unknown>(stuck);
    const next = step(stream.next());
    next.poll();
    next.drop();
    await stream[Symbol.asyncDispose]();
    expect([isCancelled, stuck.locked]).toEqual([true, false]);
  });

  test("passes its error on, once, and is unlocked", async () => {
    const failing = new ReadableStream(
      { pull: () => Promise.reject(new Error("gone")) },
      { highWaterMark: 0 },
    );
    const stream = Stream.from<unknown>(failing);
    await expect(stream.next()).rejects.toThrow("gone");
    expect([await stream.next(), failing.locked]).toEqual([{ done: true, value: undefined }, false]);
    const refuses = new ReadableStream({ cancel: () => Promise.reject(new Error("no")) });
    await expect(Stream.from<unknown>(refuses)[Symbol.asyncDispose]()).rejects.toThrow("no");
  });

  test("made of a stream pulls when it is read, or as far ahead as asked", async () => {
    const source = new WatchedIterable(5);
    const readable = source.stream().toReadableStream();
    await turn();
    expect(source.pulls).toBe(0);
    const reader = readable.getReader();
    expect(await reader.read()).toEqual({ done: false, value: 0 });
    await turn();
    expect(source.pulls).toBe(1);
    reader.releaseLock();
    const rest: number[] = [];
    for await (const n of readable) rest.push(n);
    expect(rest).toEqual([1, 2, 3, 4]);
    const ahead = new WatchedIterable(5);
    ahead.stream().toReadableStream({ highWaterMark: 3 });
    for (let i = 0; i < 5; i++) await turn();
    expect(ahead.pulls).toBe(3);
  });

  test("made of a stream carries failures and cancelling across", async () => {
    const failing = Stream.of(1).map((): number => JSON.parse("{"));
    await expect(failing.toReadableStream().getReader().read()).rejects.toThrow(SyntaxError);
    const source = new Watched();
    const readable = source.stream().toReadableStream();
    const reader = readable.getReader();
    await reader.read();
    await reader.cancel("enough");
    expect(source.returns).toBe(1);
    const round = new Watched();
    expect(await Stream.from(round.stream().toReadableStream()).take(2).collect()).toEqual([0, 1]);
    expect(round.returns).toBe(1);
    expect(
      await new Response(Stream.of("a", "b").toReadableStream().pipeThrough(new TextEncoderStream())).text(),
    ).toBe("ab");
  });

  test("made of a stream is cancelled while it waits", async () => {
    const source = new Watched(Infinity, 100_000);
    const reader = source.stream().toReadableStream().getReader();
    const reading = reader.read();
    await turn();
    expect(source.isPulled).toBe(true);
    await reader.cancel();
    expect(await reading).toEqual({ done: true, value: undefined });
    expect([source.isPulled, source.returns]).toEqual([false, 1]);
  });
});

describe("events", () => {
  inBothStyles("of an EventTarget and an EventEmitter, from now on, until it is left", function* () {
    const target = new EventTarget();
    target.dispatchEvent(new Event("tick"));
    const events = Stream.fromEvents<Event>(target, "tick", { capacity: 9, overflow: "error" });
    for (let i = 0; i < 2; i++) target.dispatchEvent(new Event("tick"));
    expect((yield* get(events.take(2).collect())).map(({ type }) => type)).toEqual(["tick", "tick"]);
    const emitter = new EventEmitter();
    const numbers = Stream.fromEvents<number>(emitter, "n", { capacity: 9, overflow: "error" });
    expect([emitter.listenerCount("n"), emitter.listenerCount("error")]).toEqual([1, 1]);
    emitter.emit("n", 1, "ignored");
    expect(yield* get(numbers.first())).toBe(1);
    expect([emitter.listenerCount("n"), emitter.listenerCount("error")]).toEqual([0, 0]);
  });

  for (const [overflow, expected] of [
    ["dropOldest", [3, 4, "waits"]],
    ["dropNewest", [0, 1, "waits"]],
    ["error", [0, 1, expect.stringContaining("LaggedError"), "done"]],
  ] as const) {
    inBothStyles(`that are too many: ${overflow}`, function* () {
      const emitter = new EventEmitter();
      const stream = Stream.fromEvents<number>(emitter, "n", { capacity: 2, overflow });
      for (let n = 0; n < 5; n++) emitter.emit("n", n);
      const seen: unknown[] = [];
      while (seen.at(-1) !== "waits" && seen.at(-1) !== "done") {
        try {
          const next = glance(stream);
          if (next === "waits") seen.push("waits");
          else if (typeof next === "object") seen.push(next.done === true ? "done" : next.value);
        } catch (error) {
          seen.push(messageOf(error));
        }
      }
      expect(seen).toEqual(expected);
      yield* get(spawn(async () => stream[Symbol.asyncDispose]()));
      expect([emitter.listenerCount("n"), emitter.listenerCount("error")]).toEqual([0, 0]);
    });
  }

  inBothStyles(
    "of the name error are thrown after what came before, or are items if asked for",
    function* () {
      const emitter = new EventEmitter();
      const stream = Stream.fromEvents<number>(emitter, "n", { capacity: 2, overflow: "error" });
      emitter.emit("n", 1);
      emitter.emit("error", new Error("bad"));
      expect(yield* drained(stream)).toEqual([1, "Error: bad", "done"]);
      expect(emitter.eventNames()).toEqual([]);
      const errors = Stream.fromEvents<Error>(emitter, "error", { capacity: 2, overflow: "error" });
      emitter.emit("error", new Error("asked for"));
      expect((yield* get(errors.first()))?.message).toBe("asked for");
    },
  );

  inBothStyles("wake who waits", function* () {
    const emitter = new EventEmitter();
    const stream = Stream.fromEvents<number>(emitter, "n", { capacity: 1, overflow: "error" });
    spawn(sleep(5).map(() => emitter.emit("n", 7)));
    expect(yield* get(stream.first())).toBe(7);
  });
});

describe("what the library itself offers to loops", () => {
  inBothStyles("channels", function* () {
    const [tx, rx] = mpsc.channel<number>(2);
    spawn(
      Stream.range(0, 4)
        .forward(tx)
        .map(() => tx.close()),
    );
    expect(yield* get(Stream.from(rx).collect())).toEqual([0, 1, 2, 3]);
    const [utx, urx] = mpsc.unbounded<number>();
    utx.send(1);
    utx.close();
    expect(yield* drained(Stream.from(urx))).toEqual([1, "done"]);
    const [wtx, wrx] = watch.channel(1);
    spawn(sleep(5).map(() => (wtx.send(2), wtx.close())));
    expect(yield* get(Stream.from(wrx).last())).toBe(2);
  });

  inBothStyles("a broadcast receiver, which lags and goes on", function* () {
    const [tx, rx] = broadcast.channel<number>(2);
    for (let n = 0; n < 4; n++) tx.send(n);
    tx.close();
    const seen = yield* drained(Stream.from(rx).map((n) => n * 10));
    expect(seen[0]).toContain(LaggedError.name);
    expect(seen.at(-1)).toBe("done");
  });

  inBothStyles("intervals, sets of tasks, queues of delays, signals", function* ({ clock }) {
    expect(yield* get(Stream.from(interval(10)).take(3).count())).toBe(3);
    expect(clock.now()).toBe(20);
    const set = new JoinSet<number>();
    for (const ms of [20, 10]) set.spawn(sleep(ms).map(() => ms));
    const outcomes = yield* get(Stream.from(set).collect());
    expect(outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : outcome))).toEqual([
      10, 20,
    ]);
    const delays = new DelayQueue<string>();
    delays.insert("late", 20);
    delays.insert("soon", 10);
    expect(yield* get(Stream.from(delays).take(2).collect())).toEqual(["soon", "late"]);
    const before = process.listenerCount("SIGUSR2");
    const signals = osSignal("SIGUSR2");
    const first = Stream.from(signals as unknown as AsyncIterable<unknown>).first();
    yield* get(race(first, sleep(1)));
    (signals as unknown as Partial<Disposable>)[Symbol.dispose]?.();
    expect(process.listenerCount("SIGUSR2")).toBe(before);
    expect(Runtime.current().metrics().timers).toBe(0);
    yield* get(fromPromise(turn()));
  });

  inBothStyles("a receiver loses nothing when its stream is left", function* () {
    const [tx, rx] = mpsc.channel<number>(2);
    tx.trySend(1);
    tx.trySend(2);
    expect(yield* get(Stream.from(rx).first())).toBe(1);
    expect(rx.tryRecv()).toEqual({ ok: true, value: 2 });
    yield* get(race(Stream.from(rx).count(), sleep(1)));
    tx.trySend(3);
    expect(yield* get(rx.recv())).toBe(3);
  });
});
