/** Guards and permits that a join or a stream was given, and that nobody will see, are released. */
import {
  asyncFn,
  CancellationToken,
  type Future,
  join,
  joinAll,
  joinSettled,
  mpsc,
  Mutex,
  pending,
  race,
  RwLock,
  select,
  Semaphore,
  sleep,
  spawn,
  TaskTracker,
  timeout,
  tryJoin,
  tryJoinAll,
  unconstrained,
} from "millrace";
import { Stream } from "millrace/stream";
import { describe, expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

interface Held {
  take(): Future<unknown>;
  isFree(): boolean;
}
const kinds: Record<string, () => Held> = {
  "a mutex": () => {
    const mutex = new Mutex();
    return { take: () => mutex.lock(), isFree: () => !mutex.isLocked };
  },
  "a read lock": () => {
    const lock = new RwLock();
    return { take: () => lock.read(), isFree: () => lock.tryWrite() !== undefined };
  },
  "a write lock": () => {
    const lock = new RwLock();
    return { take: () => lock.write(), isFree: () => lock.tryRead() !== undefined };
  },
  "a semaphore": () => {
    const semaphore = new Semaphore(2);
    return { take: () => semaphore.acquire(2), isFree: () => semaphore.availablePermits === 2 };
  },
  "a channel's slot": () => {
    const [tx] = mpsc.channel(1);
    return { take: () => tx.reserve(), isFree: () => tx.capacity === 1 };
  },
  "a channel's slots": () => {
    const [tx] = mpsc.channel(3);
    return { take: () => tx.reserveMany(3), isFree: () => tx.capacity === 3 };
  },
};
const fails = () =>
  sleep(5).map(() => {
    throw new Error("failed");
  });
/** Each is given what was taken, and comes to nothing. */
const losses: Record<string, (taken: Future<unknown>) => Future<unknown>> = {
  "a join that is abandoned": (taken) => timeout(5, join(taken, pending())),
  "a joinAll that is abandoned": (taken) => timeout(5, joinAll([taken, pending()])),
  "a joinSettled that is abandoned": (taken) => timeout(5, joinSettled(pending(), taken)),
  "a join in a join that is abandoned": (taken) => timeout(5, join(join(taken), pending())),
  "a select in a join that is abandoned": (taken) => timeout(5, join(select({ taken }), pending())),
  "a race in a join that is abandoned": (taken) => timeout(5, join(race(taken, pending()), pending())),
  "a join that fails": (taken) => join(taken, fails()),
  "a tryJoin that fails": (taken) => tryJoin(taken, fails()),
  "a tryJoinAll that fails": (taken) => tryJoinAll([taken, fails()]),
  "a join through others": (taken) => {
    const through = unconstrained(new TaskTracker().track(taken.timeout(50))).until(new CancellationToken());
    return join(through.ref(), fails());
  },
  "a stream that is left": (taken) =>
    timeout(5, Stream.from([pending(), taken]).buffered(2).collect()) as Future<unknown>,
};

for (const [kind, make] of Object.entries(kinds)) {
  describe(kind, () => {
    for (const [loss, lose] of Object.entries(losses)) {
      inBothStyles(`is given back by ${loss}`, function* () {
        const { take, isFree } = make();
        expect((yield* get(lose(take()).settled())).status).toBe("rejected");
        expect(isFree()).toBe(true);
      });
    }
  });
}

inBothStyles("two that wait for each other's lock are free again after their timeouts", function* ({ body }) {
  const [a, b] = [new Mutex(), new Mutex()];
  const both = (first: Mutex, second: Mutex) =>
    spawn(
      body(function* () {
        const [one, other] = yield* get(join(first.lock(), sleep(1)).timeout(10));
        expect(other).toBe(undefined);
        using _ = one;
        yield* get(joinAll([second.lock(), pending()]).timeout(10));
      }),
    );
  for (const task of [both(a, b), both(b, a)]) expect((yield* get(task.settled())).status).toBe("rejected");
  expect([a.isLocked, b.isLocked]).toEqual([false, false]);
});

inBothStyles("a join that succeeds releases nothing, also when it is dropped later", function* ({ body }) {
  const semaphore = new Semaphore(3);
  const joined = join(
    semaphore.acquire(),
    asyncFn(
      body(function* () {
        yield* get(sleep(1));
      }),
    )(),
  );
  const [permit] = yield* get(joined);
  joined.drop();
  joined[Symbol.dispose]();
  expect(semaphore.availablePermits).toBe(2);
  permit.release();
  const { value } = yield* get(select({ all: joinAll([semaphore.acquire(2)]), never: pending() }));
  expect([semaphore.availablePermits, value[0]!.count]).toEqual([1, 2]);
});

inBothStyles("what others may see as well is not released", function* () {
  const mutex = new Mutex();
  const shared = mutex.lock().shared();
  yield* get(join(shared, fails()).settled());
  expect(mutex.isLocked).toBe(true);
  (yield* get(shared)).release();
  const task = spawn(mutex.lock());
  yield* get(join(task, fails()).settled());
  expect(mutex.isLocked).toBe(true);
  (yield* get(task)).release();
});
