/** Locks and their kin under every order of their users, and with any of them cancelled: nothing is lost, nobody stuck. */
import {
  Barrier,
  CancellationToken,
  Mutex,
  Notify,
  OnceCell,
  RateLimiter,
  RwLock,
  Semaphore,
  SetOnce,
  type Notified,
  now,
  spawn,
  timeout,
  yieldNow,
} from "millrace";
import { describe } from "vitest";
import { get } from "../both-styles.ts";
import { check, explored, finish } from "./explored.ts";

const names = ["a", "b", "c"];

describe("Mutex", () => {
  explored("one at a time, and free in the end", function* ({ body }) {
    const mutex = new Mutex(0);
    let inside = 0;
    const work = body(function* () {
      const guard = yield* get(mutex.lock());
      try {
        check(++inside === 1, "two at once");
        yield* get(yieldNow());
        inside--;
        inside++;
      } finally {
        inside--;
        guard.release();
      }
    });
    yield* finish(names.map((name) => spawn(work, { name })));
    check(!mutex.isLocked && mutex.tryLock() !== undefined, "it is still locked");
  });

  explored("with() releases however its body ends", function* ({ body }) {
    const mutex = new Mutex(0);
    const work = body(function* () {
      yield* get(
        mutex.with(
          body(function* (guard: { value: number }) {
            const seen = guard.value;
            yield* get(yieldNow());
            guard.value = seen + 1;
          }) as (guard: { value: number }) => Promise<void>,
        ),
      );
    });
    const ended = yield* finish(names.slice(1).map((name) => spawn(work, { name })));
    const guard = mutex.tryLock();
    check(guard !== undefined && guard.value >= ended.length, "an addition is lost");
  });
});

describe("RwLock", () => {
  explored("readers together, a writer alone", function* ({ body }) {
    const lock = new RwLock(0);
    let [reading, writing] = [0, 0];
    const read = body(function* () {
      const guard = yield* get(lock.read());
      reading++;
      try {
        check(writing === 0, "reading while somebody writes");
        yield* get(yieldNow());
      } finally {
        reading--;
        guard.release();
      }
    });
    const write = body(function* () {
      const guard = yield* get(lock.write());
      writing++;
      try {
        check(reading === 0 && writing === 1, "writing while somebody is there");
        yield* get(yieldNow());
      } finally {
        writing--;
        guard.release();
      }
    });
    const tasks = [spawn(write, { name: "w" }), spawn(read, { name: "r" }), spawn(write, { name: "x" })];
    yield* finish(tasks);
    check(lock.tryWrite() !== undefined, "it is still held");
  });

  explored("a downgraded writer lets readers in, and no writer", function* ({ body }) {
    const lock = new RwLock(0);
    const write = body(function* () {
      const guard = yield* get(lock.write());
      guard.value++;
      const reader = guard.downgrade();
      try {
        const seen = reader.value;
        yield* get(yieldNow());
        check(reader.value === seen, "somebody wrote");
      } finally {
        reader.release();
      }
    });
    yield* finish([spawn(write, { name: "a" }), spawn(write, { name: "b" })]);
    check(lock.tryWrite() !== undefined, "it is still held");
  });
});

describe("Semaphore", () => {
  explored("no permit is lost or made up, however many are asked for", function* ({ body }) {
    const semaphore = new Semaphore(2);
    const take = (count: number) =>
      body(function* () {
        const permit = yield* get(semaphore.acquire(count));
        try {
          yield* get(yieldNow());
        } finally {
          permit.release();
        }
      });
    yield* finish([1, 2, 1].map((count, i) => spawn(take(count), { name: names[i]! })));
    check(semaphore.availablePermits === 2, `${semaphore.availablePermits} of 2`);
  });

  explored("closing it lets everybody go", function* ({ body }) {
    const semaphore = new Semaphore(0);
    const take = body(function* () {
      yield* get(semaphore.acquire().settled());
    });
    const tasks = [spawn(take, { name: "a" }), spawn(take, { name: "b" })];
    yield* get(yieldNow());
    semaphore.addPermits(1);
    semaphore.close();
    yield* finish(tasks);
  });
});

describe("Notify", () => {
  explored("one notification wakes one, also when the one it was for goes away", function* ({ body }) {
    const notify = new Notify();
    let woken = 0;
    const wait = (notified: Notified) =>
      body(function* () {
        yield* get(notified);
        woken++;
      });
    // They wait from here on, whenever their tasks begin.
    const places = [notify.notified(), notify.notified()];
    for (const place of places) place.enable();
    const tasks = places.map((place, i) => spawn(wait(place), { name: names[i]! }));
    notify.notifyOne();
    yield* get(yieldNow());
    notify.notifyOne();
    const ended = yield* finish(tasks);
    check(woken === ended.length, `${woken} woken`);
  });

  explored("the latest one is told, and all the others together", function* ({ body }) {
    const notify = new Notify();
    const wait = body(function* () {
      yield* get(timeout(5, notify.notified()).settled());
    });
    const tasks = names.map((name) => spawn(wait, { name }));
    yield* get(yieldNow());
    notify.notifyLast();
    yield* get(yieldNow());
    notify.notifyWaiters();
    yield* finish(tasks);
  });
});

describe("Barrier", () => {
  explored("all pass together, and one leads", function* ({ body }) {
    const barrier = new Barrier(2);
    const meet = body(function* () {
      return (yield* get(timeout(5, barrier.wait()).settled())).status === "fulfilled" ? 1 : 0;
    });
    const passed = yield* finish([spawn(meet, { name: "a" }), spawn(meet, { name: "b" })]);
    const count = passed.reduce<number>((sum, each) => sum + each, 0);
    check(passed.length < 2 || count === 2, `${count} of 2 have passed`);
  });
});

describe("OnceCell", () => {
  explored("it is filled once, by another if the first is stopped", function* ({ body }) {
    const cell = new OnceCell<number>();
    let [running, filled] = [0, 0];
    const init = body(function* () {
      check(++running === 1, "two at once");
      try {
        yield* get(yieldNow());
      } finally {
        running--;
      }
      return ++filled;
    }) as () => Promise<number>;
    const use = body(function* () {
      return yield* get(cell.getOrInit(init));
    });
    const values = yield* finish(names.map((name) => spawn(use, { name })));
    // One that had done its work when it was cancelled may have done it in vain.
    check(
      values.every((value) => value === cell.get()),
      `${values.join()} instead of ${cell.get()}`,
    );
  });
});

describe("SetOnce", () => {
  explored("whoever waits gets the value that was set first", function* ({ body }) {
    const cell = new SetOnce<number>();
    const wait = body(function* () {
      check((yield* get(cell.wait())) === cell.get(), "not the value");
    });
    const set = (value: number) =>
      body(function* () {
        try {
          yield* get(yieldNow());
        } finally {
          cell.set(value);
        }
      });
    yield* finish([spawn(wait, { name: "w" }), spawn(set(1), { name: "a" }), spawn(set(2), { name: "b" })]);
  });
});

describe("RateLimiter", () => {
  explored("no more than it allows, and each gets its turn", function* ({ body }) {
    const limiter = new RateLimiter({ rate: 1, per: 10, burst: 1 });
    const times: number[] = [];
    const take = body(function* () {
      yield* get(limiter.acquire());
      times.push(now());
    });
    yield* finish(names.map((name) => spawn(take, { name })));
    times.forEach((time, i) => check(time >= i * 10, `number ${i + 1} at ${time} ms`));
  });
});

describe("CancellationToken", () => {
  explored("wakes everybody who waits, here and in its children", function* ({ body }) {
    const token = new CancellationToken();
    const child = token.childToken();
    const wait = (which: CancellationToken) =>
      body(function* () {
        yield* get(which.cancelled());
      });
    const tasks = [spawn(wait(token), { name: "a" }), spawn(wait(child), { name: "b" })];
    const cancel = spawn(
      body(function* () {
        try {
          yield* get(yieldNow());
        } finally {
          token.cancel();
        }
      }),
      { name: "c" },
    );
    yield* finish([cancel, ...tasks]);
    check(child.isCancelled, "the child does not know");
  });
});
