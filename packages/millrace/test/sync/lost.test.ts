/**
 * Handles that are garbage-collected while open count as closed once they are missed: somebody waits for
 * what they hold, or is refused it. Guards and permits are reported then, the others if somebody waits.
 */
import {
  broadcast,
  mpsc,
  Mutex,
  oneshot,
  PENDING,
  type ReadGuard,
  RecvError,
  RwLock,
  Semaphore,
  SendError,
  watch,
} from "millrace";
import { step, type Stepper } from "millrace/testing";
import { describe, expect, test, vi } from "vitest";
import { collect, now } from "./outcome.ts";

const reports = vi.spyOn(console, "error").mockImplementation(() => {});

async function expectWoken(waiting: Stepper<unknown>, what: string): Promise<void> {
  await collect(() => waiting.isWoken);
  expect(waiting.isWoken).toBe(true);
  expect(reports.mock.calls.map(String)).toContainEqual(
    expect.stringContaining(`${what} was garbage-collected`),
  );
}
function reasonOf(tried: { readonly ok: boolean; readonly reason?: string }): string | undefined {
  return tried.reason;
}
/** The local variables of `make` are gone when it returns. */
function apart<T>(make: () => T): T {
  return make();
}

test("a lost mpsc sender ends the channel for the receiver that waits", async () => {
  const rx = apart(() => mpsc.channel<number>(1)[1]);
  const waiting = step(rx.recv());
  expect(waiting.poll()).toBe(PENDING);
  await expectWoken(waiting, "a sender of an mpsc channel");
  expect([waiting.poll(), rx.isClosed]).toEqual([undefined, true]);
});

test("a lost mpsc permit goes to the sender that waits", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  apart(() => void now(tx.reserve()));
  const waiting = step(tx.send(1));
  waiting.poll();
  await expectWoken(waiting, "a permit of an mpsc channel");
  expect([waiting.poll(), now(rx.recv())]).toEqual([undefined, 1]);
});

test("a lost mpsc receiver fails the sender that waits", async () => {
  const tx = apart(() => mpsc.channel<number>(1)[0]);
  tx.trySend(1);
  const waiting = step(tx.send(2));
  waiting.poll();
  await expectWoken(waiting, "the receiver of an mpsc channel");
  expect(() => waiting.poll()).toThrow(SendError);
});

test("a lost receiver of an unbounded channel makes sending throw, so that nothing piles up", async () => {
  const tx = apart(() => mpsc.unbounded<number>()[0]);
  tx.send(1);
  await collect(() => tx.isClosed);
  expect(() => tx.send(2)).toThrow(SendError);
});

test("a lost unbounded sender ends the channel for the receiver that waits", async () => {
  const rx = apart(() => mpsc.unbounded<number>()[1]);
  const waiting = step(rx.recv());
  waiting.poll();
  await collect(() => waiting.isWoken);
  expect([waiting.isWoken, waiting.poll(), rx.isClosed]).toEqual([true, undefined, true]);
});

test("a recv that waits keeps its receiver, and a waiting sender its channel", async () => {
  const [tx, waiting] = apart(() => {
    const [sender, rx] = mpsc.channel<number>(1);
    return [sender, step(rx.recv())] as const;
  });
  waiting.poll();
  const closed = step(tx.closed());
  closed.poll();
  let rounds = 0;
  await collect(() => ++rounds > 4);
  tx.trySend(1);
  expect([closed.isWoken, waiting.poll()]).toEqual([false, 1]);
});

test("a lost oneshot sender fails the receiver that waits, a lost receiver completes closed()", async () => {
  const rx = apart(() => oneshot.channel<number>()[1]);
  const waiting = step(rx);
  waiting.poll();
  await expectWoken(waiting, "the sender of a oneshot channel");
  expect(() => waiting.poll()).toThrow(RecvError);
  const tx = apart(() => oneshot.channel<number>()[0]);
  const closed = step(tx.closed());
  closed.poll();
  await expectWoken(closed, "the receiver of a oneshot channel");
  expect([closed.poll(), tx.send(1)]).toEqual([undefined, false]);
});

test("lost permits of a semaphore come back, as many as they were after splitting and merging", async () => {
  const semaphore = new Semaphore(5);
  apart(() => {
    const permit = now(semaphore.acquire(4));
    permit.merge(now(semaphore.acquire(1)));
    permit.split(2)!.forget();
  });
  const waiting = step(semaphore.acquire(3));
  waiting.poll();
  await expectWoken(waiting, "a permit of a semaphore");
  const permit = waiting.poll();
  expect([permit !== PENDING && permit.count, semaphore.availablePermits]).toEqual([3, 0]);
});

test("a lost guard releases its mutex, its read-write lock", async () => {
  const mutex = new Mutex();
  apart(() => void mutex.tryLock());
  // Nobody waits: somebody was refused it.
  await collect(() => !mutex.isLocked);
  expect(mutex.isLocked).toBe(false);
  expect(reports.mock.calls.map(String)).toContainEqual(expect.stringContaining("the guard of a mutex"));
  apart(() => void now(mutex.lock()));
  const waiting = step(mutex.lock());
  waiting.poll();
  await collect(() => waiting.isWoken);
  expect(waiting.isWoken).toBe(true);
  const lock = new RwLock();
  apart(() => void now(lock.write()));
  const reading = step(lock.read());
  reading.poll();
  await expectWoken(reading, "a write guard of an RwLock");
  (reading.poll() as ReadGuard<undefined>).release();
  apart(() => void now(lock.read()));
  const writing = step(lock.write());
  writing.poll();
  await expectWoken(writing, "a read guard of an RwLock");
});

test("lost halves of broadcast and watch channels count as closed for who waits", async () => {
  const rx = apart(() => broadcast.channel<number>(1)[1]);
  const receiving = step(rx.recv());
  receiving.poll();
  await expectWoken(receiving, "a sender of a broadcast channel");
  expect(receiving.poll()).toBeUndefined();
  const tx = apart(() => broadcast.channel<number>(1)[0]);
  const gone = step(tx.closed());
  gone.poll();
  await expectWoken(gone, "a receiver of a broadcast channel");
  expect([gone.poll(), tx.receiverCount]).toEqual([undefined, 0]);

  const watching = apart(() => watch.channel(0)[1]);
  const changed = step(watching.changed());
  changed.poll();
  await expectWoken(changed, "a sender of a watch channel");
  expect(() => changed.poll()).toThrow(RecvError);
  const setting = apart(() => watch.channel(0)[0]);
  const unwatched = step(setting.closed());
  unwatched.poll();
  await expectWoken(unwatched, "a receiver of a watch channel");
  expect([unwatched.poll(), setting.send(1)]).toEqual([undefined, false]);
});

test("what was closed or released before it is collected is not closed again", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const semaphore = new Semaphore(1);
  const permit = now(tx.reserve());
  apart(() => {
    const clone = tx.clone();
    const held = now(semaphore.acquire());
    const waiting = [step(semaphore.acquire()), step(rx.recv()), step(tx.send(1))];
    for (const stepper of waiting) stepper.poll();
    held.release();
    clone.close();
    for (const stepper of waiting) stepper.drop();
  });
  let rounds = 0;
  await collect(() => ++rounds > 5);
  expect([semaphore.availablePermits, tx.downgrade().strongCount, rx.isClosed]).toEqual([1, 1, false]);
  permit.release();
  expect(tx.capacity).toBe(1);
});

describe("with nobody who waits, a lost handle is missed by those who are refused", () => {
  const refusals: Record<string, () => () => boolean> = {
    "a permit, by tryAcquire": () => {
      const semaphore = new Semaphore(1);
      apart(() => void semaphore.tryAcquire());
      return () => semaphore.tryAcquire().ok;
    },
    "a guard, by tryLock": () => {
      const mutex = new Mutex();
      apart(() => void mutex.tryLock());
      return () => mutex.tryLock() !== undefined;
    },
    "a guard, by isLocked": () => {
      const mutex = new Mutex();
      apart(() => void mutex.tryLock());
      return () => !mutex.isLocked;
    },
    "a read guard, by tryWrite": () => {
      const lock = new RwLock();
      apart(() => void lock.tryRead());
      return () => lock.tryWrite() !== undefined;
    },
    "a write guard, by tryRead": () => {
      const lock = new RwLock();
      apart(() => void lock.tryWrite());
      return () => lock.tryRead() !== undefined;
    },
    "an mpsc permit, by trySend": () => {
      const [tx, rx] = mpsc.channel<number>(1);
      apart(() => void tx.tryReserve());
      return () => tx.trySend(1).ok && rx.size === 1;
    },
    "an mpsc receiver, by tryReserve": () => {
      const tx = apart(() => mpsc.channel<number>(1)[0]);
      tx.trySend(1);
      return () => reasonOf(tx.tryReserve()) === "closed";
    },
    "an mpsc receiver, by isClosed": () => {
      const tx = apart(() => mpsc.channel<number>(1)[0]);
      return () => tx.isClosed;
    },
    "an mpsc sender, by tryRecv": () => {
      const rx = apart(() => mpsc.channel<number>(1)[1]);
      return () => reasonOf(rx.tryRecv()) === "closed";
    },
    "an mpsc sender, by isClosed": () => {
      const rx = apart(() => mpsc.unbounded<number>()[1]);
      return () => rx.isClosed;
    },
    "a oneshot sender, by tryRecv": () => {
      const rx = apart(() => oneshot.channel<number>()[1]);
      return () => reasonOf(rx.tryRecv()) === "closed";
    },
    "a oneshot receiver, by isClosed": () => {
      const tx = apart(() => oneshot.channel<number>()[0]);
      return () => tx.isClosed;
    },
    "a broadcast sender, by tryRecv": () => {
      const rx = apart(() => broadcast.channel<number>(1)[1]);
      return () => reasonOf(rx.tryRecv()) === "closed";
    },
    "a broadcast receiver, by send": () => {
      const tx = apart(() => broadcast.channel<number>(1)[0]);
      return () => tx.send(1) === 0;
    },
    "a watch sender, by hasChanged": () => {
      const rx = apart(() => watch.channel(0)[1]);
      return () => {
        try {
          return rx.hasChanged();
        } catch {
          return true;
        }
      };
    },
    "a watch receiver, by send": () => {
      const tx = apart(() => watch.channel(0)[0]);
      return () => !tx.send(1);
    },
  };
  test.each(Object.entries(refusals))("%s", async (_, make) => {
    const asked = make();
    let isGone = false;
    await collect(() => (isGone = asked()));
    expect(isGone).toBe(true);
  });
});

test("lost handles that nobody misses do not pile up", async () => {
  const [events] = broadcast.channel<number>(1);
  const [state] = watch.channel(0);
  const [tx] = mpsc.channel<number>(1);
  const lock = new RwLock();
  const semaphore = new Semaphore(1000);
  const refs = apart(() =>
    Array.from({ length: 100 }, () => [
      events.subscribe(),
      events.clone(),
      state.subscribe(),
      state.clone(),
      tx.clone(),
      lock.tryRead()!,
      now(semaphore.acquire()),
    ])
      .flat()
      .map((handle) => new WeakRef<object>(handle)),
  );
  await collect(() => refs.every((ref) => ref.deref() === undefined));
  expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([]);
  expect([events.receiverCount, state.receiverCount]).toEqual([0, 0]);
  await collect(() => semaphore.availablePermits === 1000);
  expect([semaphore.availablePermits, tx.downgrade().strongCount]).toEqual([1000, 1]);
});
