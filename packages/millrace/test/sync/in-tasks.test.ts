/** Behaviours of what waits, seen from tasks in both styles; the other tests of them poll by hand. */
import {
  broadcast,
  CancelledError,
  ClosedError,
  type Future,
  type JoinHandle,
  mpsc,
  Mutex,
  Notify,
  RwLock,
  Semaphore,
  SendError,
  spawn,
  type Notified,
  watch,
  yieldNow,
} from "millrace";
import { expect } from "vitest";
import { get, inBothStyles, type InStyle, type Steps } from "../both-styles.ts";
import { caught } from "./outcome.ts";

/** What waiters were given: a guard or permit that nobody keeps would be collected, and released. */
const kept: unknown[] = [];

/** A task that waits for `future` and then logs `name`, or the class of what it fails with. */
function waiter(style: InStyle, log: string[], name: string, future: Future<unknown>): JoinHandle<void> {
  return spawn(
    style.body(function* () {
      const error = yield* caught(future.map((given) => kept.push(given)));
      if (error instanceof CancelledError) throw error;
      log.push(error === undefined ? name : `${name} ${(error as Error).constructor.name}`);
    }),
  );
}
/** Lets all tasks run as far as they can. */
function* settled(style: InStyle): Steps<void> {
  yield* get(style.clock.settle());
}

inBothStyles(
  "MPSC-06 MPSC-27 a released permit goes to who waits longest; several slots are handed over at once",
  function* (style) {
    const log: string[] = [];
    const [tx, rx] = mpsc.channel<number>(2);
    kept.push(rx);
    const [first, second] = yield* get(tx.reserveMany(2));
    waiter(style, log, "two", tx.reserveMany(2));
    waiter(style, log, "one", tx.reserve());
    yield* settled(style);
    first!.release();
    yield* settled(style);
    expect(log).toEqual([]);
    second!.release();
    yield* settled(style);
    expect([log, tx.capacity]).toEqual([["two"], 0]);
  },
);

for (const end of ["used", "released", "closed over"] as const) {
  inBothStyles(
    `MPSC-17 MPSC-18 MPSC-19 a receiver that waits is told the end by the last permit, ${end}`,
    function* (style) {
      const log: string[] = [];
      const [tx, rx] = mpsc.channel<number>(1);
      const permit = yield* get(tx.reserve());
      if (end === "closed over") rx.close();
      else tx.close();
      waiter(style, log, "recv", rx.recv());
      yield* settled(style);
      expect(log).toEqual([]);
      if (end === "used") permit.send(1);
      else permit.release();
      yield* settled(style);
      expect([log, yield* get(rx.recv()), rx.isClosed]).toEqual([["recv"], undefined, true]);
    },
  );
}

inBothStyles(
  "MPSC-20 MPSC-22 MPSC-23 closing fails those who wait for slots, granted or not; aborted ones leave the end",
  function* (style) {
    const log: string[] = [];
    const [tx, rx] = mpsc.channel<number>(2);
    const held = yield* get(tx.reserve());
    const many = waiter(style, log, "many", tx.reserveMany(2));
    yield* settled(style);
    waiter(style, log, "one", tx.reserve());
    yield* settled(style);
    held.release();
    rx.close();
    many.abort();
    yield* settled(style);
    expect([log, yield* get(rx.recv())]).toEqual([["one ClosedError"], undefined]);
  },
);

inBothStyles("MPSC-29 disposing the receiver fails whoever waits to send", function* (style) {
  const log: string[] = [];
  const [tx, rx] = mpsc.channel<number>(1);
  yield* get(tx.send(1));
  waiter(style, log, "send", tx.send(2));
  waiter(style, log, "reserve", tx.reserve());
  waiter(style, log, "closed", tx.closed());
  yield* settled(style);
  rx[Symbol.dispose]();
  yield* settled(style);
  expect(log.sort()).toEqual(["closed", "reserve ClosedError", "send SendError"]);
  expect(yield* caught(tx.send(3))).toBeInstanceOf(SendError);
});

inBothStyles("MPSC-24 MPSC-25 too many slots are refused at once, none are given at once", function* () {
  const [tx, rx] = mpsc.channel<number>(1);
  yield* get(tx.send(1));
  expect(yield* caught(tx.reserveMany(2))).toBeInstanceOf(RangeError);
  expect(yield* get(tx.reserveMany(0))).toEqual([]);
  rx.close();
  expect(yield* caught(tx.reserveMany(0))).toBeInstanceOf(ClosedError);
});

inBothStyles("MPSC-10 MPSC-11 MPSC-12 recvMany: nothing, at most the limit, then 0 for ever", function* () {
  const [tx, rx] = mpsc.channel<number>(4);
  const into = [0];
  expect(yield* get(rx.recvMany(into, 0))).toBe(0);
  for (const value of [1, 2, 3]) yield* get(tx.send(value));
  tx.close();
  expect([yield* get(rx.recvMany(into, 2)), yield* get(rx.recvMany(into, 2)), into]).toEqual([
    2,
    1,
    [0, 1, 2, 3],
  ]);
  expect([yield* get(rx.recvMany(into, 2)), yield* get(rx.recvMany(into, 2))]).toEqual([0, 0]);
});

inBothStyles(
  "BRC-03 BRC-13 BRC-16 a message wakes all who wait; lagged, then what is kept, then the end",
  function* (style) {
    const log: string[] = [];
    const [tx, rx] = broadcast.channel<number>(1);
    const other = tx.subscribe();
    waiter(style, log, "rx", rx.recv());
    waiter(style, log, "other", other.recv());
    yield* settled(style);
    for (const value of [1, 2, 3]) tx.send(value);
    tx.close();
    yield* settled(style);
    expect(log).toEqual(["rx LaggedError", "other LaggedError"]);
    expect([yield* get(rx.recv()), yield* get(rx.recv())]).toEqual([3, undefined]);
  },
);

inBothStyles(
  "BRC-21 BRC-23 closed() completes with the last receiver, resubscribed ones included",
  function* (style) {
    const log: string[] = [];
    const [tx, rx] = broadcast.channel<number>(2);
    tx.send(1);
    const again = rx.resubscribe();
    waiter(style, log, "closed", tx.closed());
    yield* settled(style);
    rx.close();
    yield* settled(style);
    expect([log, again.size]).toEqual([[], 0]);
    again.close();
    yield* settled(style);
    expect(log).toEqual(["closed"]);
  },
);

inBothStyles(
  "WAT-04 WAT-10 WAT-15 all are told of a value, one of a mark, and of the end by the last sender",
  function* (style) {
    const log: string[] = [];
    const [tx, rx] = watch.channel(0);
    const [other, clone] = [rx.clone(), tx.clone()];
    waiter(style, log, "rx", rx.changed());
    waiter(style, log, "other", other.changed());
    yield* settled(style);
    clone.send(1);
    yield* settled(style);
    expect(log.splice(0)).toEqual(["rx", "other"]);
    waiter(style, log, "rx", rx.changed());
    waiter(style, log, "other", other.changed());
    yield* settled(style);
    rx.markChanged();
    clone.close();
    yield* settled(style);
    expect(log.splice(0)).toEqual(["rx"]);
    tx.close();
    yield* settled(style);
    expect(log).toEqual(["other RecvError"]);
  },
);

inBothStyles("MTX-02 MTX-05 a second lock waits for the release", function* (style) {
  const log: string[] = [];
  const mutex = new Mutex();
  const guard = yield* get(mutex.lock());
  waiter(style, log, "second", mutex.lock());
  yield* settled(style);
  expect([log, mutex.tryLock()]).toEqual([[], undefined]);
  guard.release();
  yield* settled(style);
  expect(log).toEqual(["second"]);
});

inBothStyles(
  "RWL-03 RWL-04 RWL-07 the last reader lets the writer in, which held back later readers",
  function* (style) {
    const log: string[] = [];
    const lock = new RwLock(0, { maxReaders: 2 });
    const readers = [yield* get(lock.read()), yield* get(lock.read())];
    const writing = lock.write();
    const done = spawn(
      style.body(function* () {
        const guard = yield* get(writing);
        log.push("write");
        yield* get(yieldNow());
        guard.release();
      }),
    );
    yield* settled(style);
    waiter(style, log, "third", lock.read());
    readers[0]!.release();
    yield* settled(style);
    expect([log, lock.tryRead()]).toEqual([[], undefined]);
    readers[1]!.release();
    yield* get(done);
    yield* settled(style);
    expect(log).toEqual(["write", "third"]);
  },
);

inBothStyles(
  "SEM-03 SEM-10 SEM-11 a large request collects what comes, and nobody overtakes it",
  function* (style) {
    const log: string[] = [];
    const semaphore = new Semaphore(42);
    const large = yield* get(semaphore.acquire(32));
    kept.push(yield* get(semaphore.acquire(10)));
    waiter(style, log, "large", semaphore.acquire(32));
    yield* settled(style);
    waiter(style, log, "small", semaphore.acquire(1));
    semaphore.addPermits(3);
    yield* settled(style);
    expect([log, semaphore.availablePermits]).toEqual([[], 0]);
    large.release();
    yield* settled(style);
    expect([log, semaphore.availablePermits]).toEqual([["large", "small"], 2]);
  },
);

inBothStyles(
  "NTF-06 NTF-10 NTF-11 a stored permit is one waiter's; notifyWaiters stores none",
  function* (style) {
    const log: string[] = [];
    const notify = new Notify();
    notify.notifyOne();
    waiter(style, log, "first", notify.notified());
    waiter(style, log, "second", notify.notified());
    yield* settled(style);
    expect(log).toEqual(["first"]);
    notify.notifyWaiters();
    notify.notifyOne();
    yield* settled(style);
    waiter(style, log, "third", notify.notified());
    waiter(style, log, "fourth", notify.notified());
    yield* settled(style);
    expect(log).toEqual(["first", "second", "third"]);
  },
);

inBothStyles(
  "NTF-09 the latest, aborted after it was notified, passes it to the next latest",
  function* (style) {
    const log: string[] = [];
    const notify = new Notify();
    waiter(style, log, "first", notify.notified());
    waiter(style, log, "second", notify.notified());
    const third = waiter(style, log, "third", notify.notified());
    yield* settled(style);
    notify.notifyLast();
    third.abort();
    yield* settled(style);
    expect(log).toEqual(["second"]);
  },
);

inBothStyles(
  "NTF-13 NTF-14 NTF-15 enable takes a place, or what is stored, before the task waits",
  function* (style) {
    const log: string[] = [];
    const notify = new Notify();
    const early: Notified = notify.notified();
    expect(early.enable()).toBe(false);
    waiter(style, log, "late", notify.notified());
    yield* settled(style);
    notify.notifyOne();
    yield* get(early);
    notify.notifyOne();
    yield* settled(style);
    expect(log).toEqual(["late"]);
    notify.notifyOne();
    const stored = notify.notified();
    expect([stored.enable(), notify.notified().enable()]).toEqual([true, false]);
    yield* get(stored);
  },
);
