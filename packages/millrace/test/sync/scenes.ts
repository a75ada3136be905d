/** Every operation that waits, with what it waits for. */
import {
  Barrier,
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
  watch,
} from "millrace";
import { step } from "millrace/testing";

/** A resource on which one operation has to wait. */
export interface Scene {
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

/** Everything that waits, each time anew. */
export const scenes: Readonly<Record<string, () => Scene>> = {
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
  "Barrier wait": () => {
    const barrier = new Barrier(10);
    // How many have to come until one leads: ten, if nobody is there.
    const fill = (): number => {
      for (let came = 1; ; came++) {
        const party = step(barrier.wait()).poll();
        if (party !== PENDING && party.isLeader) return came;
      }
    };
    return { start: () => barrier.wait(), serve: () => void fill(), servesAll: true, rest: fill };
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
