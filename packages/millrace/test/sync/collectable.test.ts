/** Being watched by the collector keeps nothing alive: who is forgotten is collected, open or not. */
import { broadcast, type Future, mpsc, Mutex, oneshot, RwLock, Semaphore, watch } from "millrace";
import { step } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import { collect, now } from "./outcome.ts";

vi.spyOn(console, "error").mockImplementation(() => {});

interface Scene {
  /** What must be collected, and what holds it. */
  readonly handles: readonly object[];
  /** What waits for the handles to be closed. */
  readonly waits: readonly Future<unknown>[];
}

const scenes: Record<string, () => Scene> = {
  "an mpsc channel": () => {
    const [tx, rx] = mpsc.channel<object>(2);
    const message = {};
    tx.trySend(message);
    const permit = now(tx.reserve());
    const handles = [tx, tx.clone(), rx, permit, tx.downgrade(), message];
    return { handles, waits: [tx.send({}), tx.closed()] };
  },
  "an empty mpsc channel": () => {
    const [tx, rx] = mpsc.channel<object>(2);
    return { handles: [tx, tx.clone(), rx, now(tx.reserve())], waits: [rx.recv(), tx.closed()] };
  },
  "an unbounded channel": () => {
    const [tx, rx] = mpsc.unbounded<object>();
    const message = {};
    tx.send(message);
    return { handles: [tx, tx.clone(), rx, message], waits: [tx.closed()] };
  },
  "a oneshot channel": () => {
    const [tx, rx] = oneshot.channel<object>();
    return { handles: [tx, rx], waits: [rx, tx.closed()] };
  },
  "a broadcast channel": () => {
    const [tx, rx] = broadcast.channel<object>(2);
    const message = {};
    tx.send(message);
    const late = tx.subscribe();
    return { handles: [tx, tx.clone(), rx, late, message], waits: [late.recv(), tx.closed()] };
  },
  "a watch channel": () => {
    const value = {};
    const [tx, rx] = watch.channel(value);
    return { handles: [tx, tx.clone(), rx, rx.clone(), value], waits: [rx.changed(), tx.closed()] };
  },
  "a mutex": () => {
    const value = {};
    const mutex = new Mutex(value);
    return { handles: [mutex, now(mutex.lock()), value], waits: [mutex.lock()] };
  },
  "a written read-write lock": () => {
    const lock = new RwLock({});
    return { handles: [lock, now(lock.write())], waits: [lock.read(), lock.write()] };
  },
  "a read read-write lock": () => {
    const lock = new RwLock({});
    return { handles: [lock, now(lock.read()), now(lock.read())], waits: [lock.write()] };
  },
  "a semaphore": () => {
    const semaphore = new Semaphore(3);
    const permit = now(semaphore.acquire(3));
    return { handles: [semaphore, permit, permit.split(1)!], waits: [semaphore.acquire(2)] };
  },
};

describe.each(Object.entries(scenes))("%s", (_, make) => {
  const gone = async (use: (scene: Scene) => void): Promise<string[]> => {
    const refs = ((): WeakRef<object>[] => {
      const scene = make();
      use(scene);
      return scene.handles.map((handle) => new WeakRef(handle));
    })();
    await collect(() => refs.every((ref) => ref.deref() === undefined));
    return refs
      .map((ref) => ref.deref()?.constructor.name ?? "collected")
      .filter((what) => what !== "collected");
  };

  test("forgotten while nobody waits", async () => {
    expect(await gone(() => {})).toEqual([]);
  });
  test("forgotten after somebody has waited", async () => {
    expect(
      await gone(({ waits }) => {
        const steppers = waits.map((future) => step(future));
        for (const stepper of steppers) stepper.poll();
        for (const stepper of steppers) stepper.drop();
      }),
    ).toEqual([]);
  });
  test("forgotten together with those who wait", async () => {
    expect(
      await gone(({ waits }) => {
        for (const future of waits) step(future).poll();
      }),
    ).toEqual([]);
  });
});
