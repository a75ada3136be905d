/**
 * Abandoning leaves no trace: every waiting operation is dropped before it was polled, while it waits,
 * and after it was woken but before it ran; by hand, and by cancelling a task in both styles.
 */
import {
  broadcast,
  type Future,
  mpsc,
  Mutex,
  Notify,
  OnceCell,
  oneshot,
  PENDING,
  pending,
  RwLock,
  Semaphore,
  SetOnce,
  spawn,
  watch,
  yieldNow,
} from "millrace";
import { step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

/** A resource on which one operation has to wait. */
interface Scene {
  readonly start: () => Future<unknown>;
  /** Lets one operation complete. */
  readonly serve: () => void;
  /** That serving goes to all who wait, not to one of them. */
  readonly servesAll?: true | "but one takes it";
  /** Nobody holds, waits for or has lost anything: what is to be seen on the resource. */
  readonly rest: () => unknown;
  /** The operation itself is the resource, and ends with it. */
  readonly isUnique?: true;
}

function fullChannel() {
  const [tx, rx] = mpsc.channel<string>(2);
  tx.trySend("first");
  tx.trySend("second");
  return { tx, rx, rest: () => [tx.capacity, rx.size, rx.isClosed] };
}
function messages() {
  const [tx, rx] = mpsc.channel<string>(4);
  return { tx, rx, rest: () => [tx.capacity, rx.size, rx.isClosed] };
}

const scenes: Record<string, () => Scene> = {
  "mpsc send": () => {
    const { tx, rx, rest } = fullChannel();
    return { start: () => tx.send("mine"), serve: () => void rx.tryRecv(), rest };
  },
  "mpsc reserve": () => {
    const { tx, rx, rest } = fullChannel();
    return { start: () => tx.reserve(), serve: () => void rx.tryRecv(), rest };
  },
  "mpsc reserveMany": () => {
    const { tx, rx, rest } = fullChannel();
    // The first slot alone is collected while it waits.
    const serve = (): void => {
      rx.tryRecv();
      rx.tryRecv();
    };
    return { start: () => tx.reserveMany(2), serve, rest };
  },
  "mpsc recv": () => {
    const { tx, rx, rest } = messages();
    return { start: () => rx.recv(), serve: () => void tx.trySend("yours"), rest };
  },
  "mpsc recvMany": () => {
    const { tx, rx, rest } = messages();
    const into: string[] = [];
    return {
      start: () => rx.recvMany(into, 1),
      serve: () => void tx.trySend("yours"),
      rest: () => [...rest(), into.length],
    };
  },
  "unbounded recv": () => {
    const [tx, rx] = mpsc.unbounded<string>();
    return { start: () => rx.recv(), serve: () => tx.send("yours"), rest: () => [rx.size, rx.isClosed] };
  },
  "mpsc closed": () => {
    const { tx, rx } = messages();
    return { start: () => tx.closed(), serve: () => rx.close(), servesAll: true, rest: () => tx.capacity };
  },
  "oneshot receiver": () => {
    const [tx, rx] = oneshot.channel<string>();
    return { start: () => rx, serve: () => void tx.send("yours"), isUnique: true, rest: () => tx.isClosed };
  },
  "oneshot closed": () => {
    const [tx, rx] = oneshot.channel<string>();
    return { start: () => tx.closed(), serve: () => rx.close(), servesAll: true, rest: () => 0 };
  },
  "Semaphore acquire": () => {
    const semaphore = new Semaphore(0);
    return {
      start: () => semaphore.acquire(),
      serve: () => semaphore.addPermits(1),
      rest: () => semaphore.availablePermits,
    };
  },
  "Semaphore acquire of several": () => {
    const semaphore = new Semaphore(1);
    return {
      start: () => semaphore.acquire(3),
      serve: () => semaphore.addPermits(2),
      rest: () => semaphore.availablePermits,
    };
  },
  "Semaphore with": () => {
    const semaphore = new Semaphore(0);
    return {
      start: () => semaphore.with(() => "done"),
      serve: () => semaphore.addPermits(1),
      rest: () => semaphore.availablePermits,
    };
  },
  "Notify notified": () => {
    const notify = new Notify();
    return { start: () => notify.notified(), serve: () => notify.notifyOne(), rest: () => 0 };
  },
  "Notify notified, latest first": () => {
    const notify = new Notify();
    return { start: () => notify.notified(), serve: () => notify.notifyLast(), rest: () => 0 };
  },
  "Notify notified by notifyWaiters": () => {
    const notify = new Notify();
    return {
      start: () => notify.notified(),
      serve: () => notify.notifyWaiters(),
      servesAll: true,
      rest: () => step(notify.notified()).poll() === PENDING,
    };
  },
  "Mutex lock": () => {
    const mutex = new Mutex();
    const held = mutex.tryLock()!;
    return { start: () => mutex.lock(), serve: () => held.release(), rest: () => mutex.isLocked };
  },
  "Mutex with": () => {
    const mutex = new Mutex();
    const held = mutex.tryLock()!;
    return { start: () => mutex.with(() => 1), serve: () => held.release(), rest: () => mutex.isLocked };
  },
  "RwLock write": () => {
    const lock = new RwLock();
    const held = [lock.tryRead()!, lock.tryRead()!];
    const serve = (): void => held.forEach((guard) => guard.release());
    return { start: () => lock.write(), serve, rest: () => isFree(lock.tryWrite()) };
  },
  "RwLock read": () => {
    const lock = new RwLock();
    const held = lock.tryWrite()!;
    const serve = (): void => held.release();
    return { start: () => lock.read(), serve, servesAll: true, rest: () => isFree(lock.tryWrite()) };
  },
  "OnceCell getOrInit": () => {
    const cell = new OnceCell<string>();
    const running = step(
      cell.getOrInit(function* () {
        return yield* pending();
      }),
    );
    running.poll();
    return {
      start: () => cell.getOrInit(() => "mine"),
      serve: () => running.drop(),
      rest: () => cell.isInitialized,
    };
  },
  "SetOnce wait": () => {
    const once = new SetOnce<string>();
    const serve = (): void => void once.set("yours");
    return { start: () => once.wait(), serve, servesAll: true, rest: () => once.get() };
  },
  "watch changed": () => {
    const [tx, rx] = watch.channel(0);
    const other = rx.clone();
    return {
      start: () => rx.clone().changed(),
      serve: () => void tx.send(tx.borrow() + 1),
      servesAll: true,
      rest: () => other.borrow(),
    };
  },
  "watch waitFor": () => {
    const [tx, rx] = watch.channel(0);
    return {
      start: () => rx.clone().waitFor((n) => n > 0),
      serve: () => void tx.send(1),
      servesAll: true,
      rest: () => [tx.borrow(), rx.hasChanged()],
    };
  },
  "watch closed": () => {
    const [tx, rx] = watch.channel(0);
    return {
      start: () => tx.closed(),
      serve: () => rx.close(),
      servesAll: true,
      rest: () => tx.receiverCount,
    };
  },
  "broadcast recv": () => {
    const [tx, rx] = broadcast.channel<string>(2);
    return {
      start: () => rx.recv(),
      serve: () => void tx.send("yours"),
      rest: () => [rx.size, tx.size],
      servesAll: "but one takes it",
    };
  },
  "broadcast closed": () => {
    const [tx, rx] = broadcast.channel<string>(2);
    return {
      start: () => tx.closed(),
      serve: () => rx.close(),
      servesAll: true,
      rest: () => tx.receiverCount,
    };
  },
};

function isFree(guard: { release(): void } | undefined): boolean {
  guard?.release();
  return guard !== undefined;
}

/** What `rest` shows after one operation was served and nobody had it. */
function served(scene: Scene): unknown {
  scene.serve();
  return scene.rest();
}

describe.each(Object.entries(scenes))("%s", (_, make) => {
  test("dropped before it was polled, it has done nothing and is woken for nothing", () => {
    const scene = make();
    const before = scene.rest();
    const dropped = step(scene.start());
    dropped.drop();
    if (scene.isUnique === true) return;
    expect(scene.rest()).toEqual(before);
    scene.serve();
    expect(dropped.wakeCount).toBe(0);
  });

  test("dropped while it waits, it is not woken, and what comes is left for the next", () => {
    const scene = make();
    const before = scene.rest();
    const dropped = step(scene.start());
    expect(dropped.poll()).toBe(PENDING);
    dropped.drop();
    if (scene.isUnique === true) return;
    expect(scene.rest()).toEqual(before);
    expect(served(scene)).toEqual(served(make()));
    expect(dropped.wakeCount).toBe(0);
  });

  test("dropped after it was woken, what it was given is there again", () => {
    const scene = make();
    const dropped = step(scene.start());
    dropped.poll();
    scene.serve();
    expect(dropped.wakeCount).toBe(1);
    dropped.drop();
    if (scene.isUnique !== true) expect(scene.rest()).toEqual(served(make()));
  });

  test("dropped after it was woken, the next one who waits is woken in its stead, and completes", () => {
    const scene = make();
    if (scene.isUnique === true) return;
    const [first, second, third] = [step(scene.start()), step(scene.start()), step(scene.start())];
    for (const stepper of [first, second, third]) expect(stepper.poll()).toBe(PENDING);
    scene.serve();
    const all = [first, second, third];
    const woken = all.filter(({ isWoken }) => isWoken);
    expect(woken).toHaveLength(scene.servesAll !== undefined ? 3 : 1);
    woken[0]!.drop();
    const heirs = all.filter((stepper) => stepper.isWoken && stepper !== woken[0]);
    expect(heirs).toHaveLength(scene.servesAll !== undefined ? 2 : 1);
    expect(heirs[0]!.poll()).not.toBe(PENDING);
    expect(all.map(({ wakeCount }) => wakeCount).filter((count) => count > 1)).toEqual([]);
    for (const stepper of all) stepper.drop();
  });

  test("dropped from the middle of the queue, those around it are served in order", () => {
    const scene = make();
    if (scene.isUnique === true || scene.servesAll !== undefined) return;
    const all = [1, 2, 3, 4].map(() => step(scene.start()));
    for (const stepper of all) stepper.poll();
    all[1]!.drop();
    all[2]!.drop();
    scene.serve();
    expect(all.map(({ isWoken }) => isWoken).filter(Boolean)).toHaveLength(1);
    expect([all[1]!.wakeCount, all[2]!.wakeCount]).toEqual([0, 0]);
    for (const stepper of all) stepper.drop();
  });

  for (const moment of ["before it waits", "while it waits", "after it was woken"]) {
    inBothStyles(`a task cancelled ${moment} leaves no trace`, function* ({ body }) {
      const scene = make();
      const before = scene.rest();
      let isOver = false;
      const task = spawn(
        body(function* () {
          yield* get(scene.start());
          isOver = true;
        }),
      );
      if (moment !== "before it waits") yield* get(yieldNow());
      if (moment === "after it was woken") scene.serve();
      task.abort();
      expect((yield* get(task.settled())).status).toBe("cancelled");
      expect(isOver).toBe(false);
      if (scene.isUnique === true) return;
      expect(scene.rest()).toEqual(moment === "after it was woken" ? served(make()) : before);
    });
  }
});
