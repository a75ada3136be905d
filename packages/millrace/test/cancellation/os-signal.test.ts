/** Deliveries are simulated with `process.emit`; real ones are in `test/main`. */
import { ClosedError, ctrlC, osSignal, PENDING, select, sleep, spawn, yieldNow } from "millrace";
import { paused, step } from "millrace/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { host } from "../../src/runtime/host.ts";
import { get, inBothStyles } from "../both-styles.ts";

const before = { SIGINT: 0, SIGHUP: 0 };
const listeners = (name: "SIGINT" | "SIGHUP"): number => process.listenerCount(name) - before[name];
/** As Ctrl-C does, for our listeners only. */
function deliver(name: "SIGINT" | "SIGHUP"): void {
  for (const listener of process.listeners(name).slice(before[name])) listener(name);
}

beforeEach(() => {
  before.SIGINT = process.listenerCount("SIGINT");
  before.SIGHUP = process.listenerCount("SIGHUP");
});
afterEach(() => {
  expect([listeners("SIGINT"), listeners("SIGHUP")]).toEqual([0, 0]);
});

describe("ctrlC", () => {
  inBothStyles("completes at the first SIGINT after it is first awaited (SIG-01)", function* () {
    const waiting = spawn(ctrlC());
    expect(listeners("SIGINT")).toBe(0);
    yield* get(yieldNow());
    expect(listeners("SIGINT")).toBe(1);
    deliver("SIGINT");
    // The default action is back before anybody has run.
    expect(listeners("SIGINT")).toBe(0);
    yield* get(waiting);
  });

  test("listens once for many, and until the last one goes (SIG-02)", () => {
    const [a, b, c] = [step(ctrlC()), step(ctrlC()), step(ctrlC())];
    for (const each of [a, b, c]) each.poll();
    expect(listeners("SIGINT")).toBe(1);
    a.drop();
    a.drop();
    b.drop();
    expect(listeners("SIGINT")).toBe(1);
    deliver("SIGINT");
    expect([a, b, c].map((each) => each.wakeCount)).toEqual([0, 0, 1]);
    expect(c.poll()).toBeUndefined();
  });

  test("that was dropped does not swallow a later one's signal (SIG-02)", () => {
    const first = step(ctrlC());
    first.poll();
    first.drop();
    expect(listeners("SIGINT")).toBe(0);
    using second = step(ctrlC());
    second.poll();
    deliver("SIGINT");
    expect(second.poll()).toBeUndefined();
  });

  test("abandoned before it was polled never listens", () => {
    const never = step(ctrlC());
    never.drop();
    expect(listeners("SIGINT")).toBe(0);
  });

  test("abandoned after it was woken takes nothing from anybody (SIG-03)", () => {
    const [woken, other] = [step(ctrlC()), step(ctrlC())];
    woken.poll();
    other.poll();
    deliver("SIGINT");
    woken.drop();
    expect(other.poll()).toBeUndefined();
  });

  inBothStyles("that loses a select stops listening", function* () {
    for (let i = 0; i < 3; i++) {
      expect((yield* get(select({ work: sleep(10), stop: ctrlC() }))).key).toBe("work");
    }
    expect(listeners("SIGINT")).toBe(0);
  });

  test("wakes only whoever polled it last", () => {
    const future = ctrlC();
    const [first, second] = [step(future.ref()), step(future.ref())];
    first.poll();
    second.poll();
    deliver("SIGINT");
    expect([first.wakeCount, second.wakeCount]).toEqual([0, 1]);
    expect(second.poll()).toBeUndefined();
  });
});

describe("a signal listener", () => {
  inBothStyles("receives every delivery, also those that came while nobody asked (SIG-03)", function* () {
    using listener = osSignal("SIGHUP");
    expect(listeners("SIGHUP")).toBe(1);
    deliver("SIGHUP");
    deliver("SIGHUP");
    yield* get(listener.recv());
    expect(yield* get(listener.recv())).toBeUndefined();
    const third = spawn(listener.recv());
    yield* get(yieldNow());
    expect(third.isFinished).toBe(false);
    deliver("SIGHUP");
    yield* get(third);
  });

  test("and another one both get one delivery (SIG-03)", () => {
    using a = osSignal("SIGHUP");
    using b = osSignal("SIGHUP");
    expect(listeners("SIGHUP")).toBe(1);
    const [fromA, fromB] = [step(a.recv()), step(b.recv())];
    fromA.poll();
    fromB.poll();
    deliver("SIGHUP");
    expect([fromA.poll(), fromB.poll()]).toEqual([undefined, undefined]);
  });

  test("loses nothing when a recv is abandoned, pending or woken", () => {
    using listener = osSignal("SIGHUP");
    const pendingOne = step(listener.recv());
    pendingOne.poll();
    pendingOne.drop();
    const woken = step(listener.recv());
    woken.poll();
    deliver("SIGHUP");
    expect(woken.isWoken).toBe(true);
    woken.drop();
    expect(step(listener.recv()).poll()).toBeUndefined();
    using next = step(listener.recv());
    expect(next.poll()).toBe(PENDING);
  });

  test("can be iterated; leaving the loop stops listening", () =>
    paused(async () => {
      let count = 0;
      setTimeout(() => {
        for (let i = 0; i < 3; i++) deliver("SIGHUP");
      }, 1);
      for await (const _ of osSignal("SIGHUP")) {
        expect(listeners("SIGHUP")).toBe(1);
        if (++count === 3) break;
      }
      expect(listeners("SIGHUP")).toBe(0);
    }));

  test("that is disposed ends its loop, and rejects who still asks", () =>
    paused(async () => {
      const listener = osSignal("SIGHUP");
      const loop = spawn(async () => {
        let count = 0;
        for await (const _ of listener) count++;
        return count;
      });
      const asking = spawn(listener.recv());
      await yieldNow();
      deliver("SIGHUP");
      await yieldNow();
      listener[Symbol.dispose]();
      listener[Symbol.dispose]();
      expect(await loop).toBe(1);
      await expect(asking).rejects.toBeInstanceOf(ClosedError);
      await expect(listener.recv()).rejects.toBeInstanceOf(ClosedError);
    }));

  test("of a signal that is none throws a RangeError", () => {
    expect(() => osSignal("SIGKILL" as "SIGINT")).toThrow(RangeError);
    expect(() => osSignal(undefined as unknown as "SIGINT")).toThrow(/^osSignal expects one of SIGINT/);
  });
});

test("whoever waits for a signal keeps the host's loop alive, as long as they wait", () => {
  const armed = new Set<unknown>();
  vi.spyOn(host, "timer").mockImplementation(() => {
    const handle = {};
    armed.add(handle);
    return handle;
  });
  vi.spyOn(host, "clearTimer").mockImplementation((handle) => void armed.delete(handle));
  try {
    using listener = osSignal("SIGHUP");
    expect(armed.size).toBe(0);
    const waits = [step(ctrlC()), step(listener.recv()), step(listener.recv())];
    for (const wait of waits) {
      wait.poll();
      wait.poll();
    }
    expect(armed.size).toBe(1);
    deliver("SIGINT");
    deliver("SIGHUP");
    waits[1]!.poll();
    expect(armed.size).toBe(1);
    waits[2]!.drop();
    expect(armed.size).toBe(0);
  } finally {
    vi.restoreAllMocks();
  }
});
