import { EventEmitter, getEventListeners } from "node:events";
import { DeadlockError, fromEvent, select, sleep, spawn } from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { turn } from "../turn.ts";

inBothStyles("the next event of an EventTarget gives the event", function* ({ clock }) {
  const target = new EventTarget();
  const next = spawn(fromEvent<Event>(target, "open"));
  yield* get(clock.settle());
  const event = new Event("open");
  target.dispatchEvent(event);
  target.dispatchEvent(new Event("open"));
  expect(yield* get(next)).toBe(event);
  expect(getEventListeners(target, "open")).toEqual([]);
});

inBothStyles("the next event of an EventEmitter gives its first argument", function* ({ clock }) {
  const emitter = new EventEmitter();
  const next = spawn(fromEvent<string>(emitter, "data"));
  yield* get(clock.settle());
  emitter.emit("data", "first", "other");
  emitter.emit("data", "second");
  expect(yield* get(next)).toBe("first");
  expect([emitter.listenerCount("data"), emitter.listenerCount("error")]).toEqual([0, 0]);
});

inBothStyles("an error event of an emitter rejects it meanwhile", function* ({ clock }) {
  const emitter = new EventEmitter();
  const next = spawn(fromEvent(emitter, "data"));
  yield* get(clock.settle());
  const error = new Error("broken");
  emitter.emit("error", error);
  expect(yield* get(next.settled())).toEqual({ status: "rejected", reason: error });
  expect([emitter.listenerCount("data"), emitter.listenerCount("error")]).toEqual([0, 0]);
});

inBothStyles("an emitter's error event itself can be waited for", function* ({ clock }) {
  const emitter = new EventEmitter();
  const next = spawn(fromEvent(emitter, "error"));
  yield* get(clock.settle());
  const error = new Error("wanted");
  emitter.emit("error", error);
  expect(yield* get(next)).toBe(error);
});

inBothStyles("an error event of an EventTarget is an event like any other", function* ({ clock }) {
  const target = new EventTarget();
  const next = spawn(fromEvent<Event>(target, "open"));
  yield* get(clock.settle());
  target.dispatchEvent(new Event("error"));
  target.dispatchEvent(new Event("open"));
  expect((yield* get(next)).type).toBe("open");
});

inBothStyles("the listeners are removed when it is abandoned", function* () {
  const emitter = new EventEmitter();
  const target = new EventTarget();
  yield* get(
    select({ a: fromEvent(emitter, "data"), b: fromEvent(target, "open"), tick: sleep(1) }, { biased: true }),
  );
  expect([emitter.eventNames(), getEventListeners(target, "open")]).toEqual([[], []]);
});

test("it listens from the first poll on, once", () => {
  const emitter = new EventEmitter();
  const next = step(fromEvent(emitter, "data"));
  expect(emitter.listenerCount("data")).toBe(0);
  emitter.emit("data", "too early");
  next.poll();
  next.poll();
  expect(emitter.listenerCount("data")).toBe(1);
  emitter.emit("data", 2);
  expect([next.wakeCount, next.poll(), emitter.eventNames().length]).toEqual([1, 2, 0]);
});

test("waiting for an event is no deadlock", async () => {
  const emitter = new EventEmitter();
  const run = paused(async () => fromEvent(emitter, "data"));
  for (let i = 0; i < 20; i++) await turn();
  emitter.emit("data", 1);
  expect(await run).toBe(1);
  expect(DeadlockError.name).toBe("DeadlockError");
});
