/** Guards and permits that a join or a stream was given, and that nobody will see, are released. */
import {
  asyncFn,
  CancellationToken,
  type Future,
  join,
  joinAll,
  JoinMap,
  JoinSet,
  joinSettled,
  mpsc,
  Mutex,
  pending,
  race,
  RwLock,
  scope,
  select,
  Semaphore,
  shield,
  sleep,
  spawn,
  type TaskScope,
  TaskTracker,
  timeout,
  tryJoin,
  tryJoinAll,
  unconstrained,
} from "millrace";
import { Stream } from "millrace/stream";
import { SharedMutex } from "millrace/threads";
import { describe, expect } from "vitest";
import { get, inBothStyles, type InStyle } from "../both-styles.ts";

interface Held {
  take(): Future<unknown>;
  isFree(): boolean;
}
const wasThere = (guard: { release(): void } | undefined): boolean => {
  guard?.release();
  return guard !== undefined;
};
const kinds: Record<string, () => Held> = {
  "a mutex": () => {
    const mutex = new Mutex();
    return { take: () => mutex.lock(), isFree: () => !mutex.isLocked };
  },
  "a read lock": () => {
    const lock = new RwLock();
    return { take: () => lock.read(), isFree: () => wasThere(lock.tryWrite()) };
  },
  "a write lock": () => {
    const lock = new RwLock();
    return { take: () => lock.write(), isFree: () => wasThere(lock.tryRead()) };
  },
  "a semaphore": () => {
    const semaphore = new Semaphore(2);
    return { take: () => semaphore.acquire(2), isFree: () => semaphore.availablePermits === 2 };
  },
  "a channel's slot": () => {
    const [tx] = mpsc.channel(1);
    return { take: () => tx.reserve(), isFree: () => tx.capacity === 1 };
  },
  "a shared mutex": () => {
    const mutex = new SharedMutex();
    return { take: () => mutex.lock(), isFree: () => wasThere(mutex.tryLock()) };
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
/** A call that takes it, and ends with it or with something that it is in. */
const within: Record<string, (taken: Future<unknown>, style: InStyle) => () => Future<unknown>> = {
  "as the result of a call": (taken, { body }) =>
    asyncFn(
      body(function* () {
        return yield* get(taken);
      }),
    ),
  "in the result of a call": (taken, { body }) =>
    asyncFn(
      body(function* () {
        return { name: "it", parts: [yield* get(taken)] };
      }),
    ),
  "as the result of a call in a call": (taken, { body }) => {
    const inner = asyncFn(
      body(function* () {
        return yield* get(taken);
      }),
    );
    return asyncFn(
      body(function* () {
        return yield* get(inner());
      }),
    );
  },
  "as the result of a scope": (taken, { body }) => {
    const inside = body(function* () {
      return yield* get(taken);
    });
    return () => scope(inside);
  },
  "as the result of a body that holds another lock": (taken, { body }) => {
    const inside = body(function* () {
      return yield* get(taken);
    });
    return () => new Mutex().with(inside);
  },
};

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

for (const [kind, make] of Object.entries(kinds)) {
  describe(kind, () => {
    for (const [how, wrap] of Object.entries(within)) {
      inBothStyles(`that comes ${how} is given back by a join that fails or is abandoned`, function* (style) {
        const { take, isFree } = make();
        for (const lose of [
          losses["a join that fails"]!,
          losses["a tryJoin that fails"]!,
          losses["a joinAll that is abandoned"]!,
          losses["a join through others"]!,
        ]) {
          expect((yield* get(lose(wrap(take(), style)()).settled())).status).toBe("rejected");
          expect(isFree()).toBe(true);
        }
      });
    }

    inBothStyles("is given back by a shielded call whose result comes too late", function* ({ body }) {
      const { take, isFree } = make();
      const late = body(function* () {
        yield* get(sleep(10));
        return yield* get(take());
      });
      expect((yield* get(timeout(5, shield(late)).settled())).status).toBe("rejected");
      yield* get(sleep(10));
      expect(isFree()).toBe(true);
    });

    inBothStyles("is given back by a call that returns it although it was cancelled", function* ({ body }) {
      const { take, isFree } = make();
      const stubborn = asyncFn(
        body(function* () {
          const taken = yield* get(take());
          try {
            yield* get(pending());
          } catch {}
          return taken;
        }),
      );
      expect((yield* get(timeout(5, stubborn()).settled())).status).toBe("rejected");
      yield* get(sleep(10));
      expect(isFree()).toBe(true);
    });

    inBothStyles("is given back by a scope that ends with it and fails", function* ({ body }) {
      const { take, isFree } = make();
      const failing = scope(
        body(function* (s: TaskScope) {
          s.spawn(fails());
          return yield* get(take());
        }),
      );
      expect((yield* get(failing.settled())).status).toBe("rejected");
      expect(isFree()).toBe(true);
    });

    inBothStyles("is given back by a set of tasks that fails, or ends unread", function* ({ body }) {
      const { take, isFree } = make();
      const filled = (): JoinSet<unknown> => {
        const set = new JoinSet<unknown>();
        set.spawn(
          body(function* () {
            return [yield* get(take())];
          }),
        );
        return set;
      };
      const failing = filled();
      failing.spawn(fails());
      expect((yield* get(failing.joinAll().settled())).status).toBe("rejected");
      expect(isFree()).toBe(true);

      const abandoned = filled();
      abandoned.spawn(pending());
      expect((yield* get(timeout(5, abandoned.joinAll()).settled())).status).toBe("rejected");
      expect(isFree()).toBe(true);
      yield* get(abandoned.shutdown());

      const shutDown = filled();
      yield* get(sleep(1));
      yield* get(shutDown.shutdown());
      expect(isFree()).toBe(true);

      const disposed = filled();
      yield* get(sleep(1));
      disposed[Symbol.dispose]();
      expect(isFree()).toBe(true);

      const replaced = new JoinMap<string, unknown>();
      replaced.spawn("a", take());
      yield* get(sleep(1));
      replaced.spawn("a", () => 1);
      expect(isFree()).toBe(true);
      replaced[Symbol.dispose]();
    });
  });
}

inBothStyles(
  "a call's result that is taken stays held, also when the call is dropped later",
  function* ({ body }) {
    const mutex = new Mutex();
    const call = asyncFn(
      body(function* () {
        yield* get(sleep(1));
        return yield* get(mutex.lock());
      }),
    )();
    const guard = yield* get(call);
    call.drop();
    call[Symbol.dispose]();
    expect(mutex.isLocked).toBe(true);
    guard.release();
  },
);

inBothStyles("what a call was given stays its caller's, though the call returns it", function* ({ body }) {
  const mutex = new Mutex();
  const guard = yield* get(mutex.lock());
  const use = asyncFn(
    body(function* (given: typeof guard) {
      yield* get(sleep(1));
      return given;
    }),
  );
  yield* get(join(use(guard), fails()).settled());
  expect(mutex.isLocked).toBe(true);
  yield* get(timeout(5, join(use(guard), pending())).settled());
  expect(mutex.isLocked).toBe(true);
  guard.release();
});

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
