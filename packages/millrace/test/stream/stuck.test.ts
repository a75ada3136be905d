/** What is said of a task that waits for a stream for ever. */
import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { DeadlockError, type Future, mpsc, Notify, pending, spawn } from "millrace";
import { paused } from "millrace/testing";
import { Stream, StreamMap } from "millrace/stream";
import { expect, test } from "vitest";
import { get, styles } from "../both-styles.ts";

/** All wait for a message that never comes. */
const stuck: Record<string, (s: Stream<number>) => Future<unknown>> = {
  next: (s) => s.next(),
  collect: (s) => s.collect(),
  map: (s) => s.map((n) => n).count(),
  mapAsync: (s) => s.mapAsync(async (n) => n).count(),
  buffered: (s) => s.buffered(2).count(),
  bufferUnordered: (s) => s.bufferUnordered(2).count(),
  flatMap: (s) =>
    Stream.of(1)
      .flatMap(() => s)
      .count(),
  flatMapUnordered: (s) =>
    Stream.of(1)
      .flatMapUnordered(2, () => s)
      .count(),
  chain: (s) => Stream.of(1).chain(s).count(),
  merge: (s) => s.merge(Stream.empty()).count(),
  zip: (s) => Stream.of(1).zip(s).count(),
  share: (s) => s.share(1)().count(),
  chunks: (s) => s.chunks(2).count(),
  readyChunks: (s) => s.readyChunks(2).count(),
  chunksTimeout: (s) => s.chunksTimeout(2, 10).count(),
  throttle: (s) => s.throttle(10).count(),
  debounce: (s) => s.debounce(10).count(),
  peek: (s) => s.peekable().peek(),
  nextIf: (s) => s.peekable().nextIf(() => true),
  takeUntil: (s) => s.takeUntil(pending()).count(),
  forEach: (s) => s.forEach(() => {}),
  forEachConcurrent: (s) => s.forEachConcurrent(2, () => {}),
  StreamMap: (s) => {
    const map = new StreamMap<string, number>();
    map.insert("a", s);
    return map.next();
  },
};
test("a deadlock in a stream names what it waits for at its source", async () => {
  const open: mpsc.Sender<number>[] = [];
  for (const style of styles) {
    for (const [name, wait] of Object.entries(stuck)) {
      const end = await paused(
        style.body(function* () {
          const [tx, rx] = mpsc.channel<number>(1);
          open.push(tx);
          yield* get(spawn(wait(Stream.from(rx)), { name: "reader" }));
        }),
      ).catch((error: unknown) => error);
      expect(end, name).toBeInstanceOf(DeadlockError);
      const { waits } = end as DeadlockError;
      expect(waits.join("\n"), name).toMatch(/'reader' waits for .*recv on an mpsc channel/);
    }
  }
  for (const tx of open) tx.close();
});

test("and what the callbacks and items in flight wait for", async () => {
  const notify = new Notify();
  for (const wait of [
    () => Stream.of(1).forEach(() => notify.notified()),
    () => Stream.of(1).forEachConcurrent(2, () => notify.notified()),
    () =>
      Stream.of(1)
        .mapAsync(() => notify.notified())
        .count(),
    () =>
      Stream.of(1)
        .map(() => notify.notified())
        .buffered(2)
        .count(),
    () => Stream.once(notify.notified()).count(),
    () => Stream.repeat(() => notify.notified()).count(),
    () => Stream.unfold(0, () => notify.notified().map(() => undefined)).count(),
    () => Stream.of(1).fold(0, () => notify.notified().map(() => 0)),
    () => Stream.of(1).forward({ send: () => notify.notified() }),
  ]) {
    const end = await paused(async () => wait()).catch((error: unknown) => error);
    expect(end).toBeInstanceOf(DeadlockError);
    expect((end as Error).message).toMatch(/waits for .*notif/i);
  }
  const producer = await paused(async () =>
    Stream.produce<number>(1, async function maker() {
      await notify.notified();
    }).count(),
  ).catch((error: unknown) => error);
  expect((producer as Error).message).toMatch(/'maker' waits for .*notif/i);
});

test("what only the world outside can end is no deadlock", async () => {
  const emitter = new EventEmitter();
  const readable = new Readable({ read() {} });
  for (const wait of [
    () => Stream.fromEvents(emitter, "n", { capacity: 1, overflow: "error" }).first(),
    () =>
      Stream.fromEvents(emitter, "n", { capacity: 1, overflow: "error" })
        .merge(Stream.once(pending()))
        .map((n) => n)
        .first(),
    () => Stream.from<unknown>(readable).buffered(2).first(),
    () => Stream.from(new ReadableStream({ start: (c) => void setTimeout(() => c.enqueue(1), 5) })).first(),
    () => Stream.once(new Promise((resolve) => void setTimeout(resolve, 5, 1))).first(),
    () =>
      Stream.of(1)
        .mapAsync(() => new Promise((resolve) => void setTimeout(resolve, 5, 1)))
        .first(),
    () =>
      Stream.of(1)
        .map(() => new Promise((resolve) => void setTimeout(resolve, 5, 1)))
        .buffered(3)
        .first(),
  ]) {
    setTimeout(() => {
      emitter.emit("n", 1);
      readable.push("1");
    }, 5);
    expect(String(await paused(async () => wait()))).toMatch(/^1/);
  }
  expect(emitter.listenerCount("n")).toBe(0);
});
