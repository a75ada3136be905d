import {
  asyncFn,
  CancellationToken,
  ctrlC,
  DeadlockError,
  fromEvent,
  fromPromise,
  Future,
  join,
  type JoinHandle,
  mpsc,
  Mutex,
  osSignal,
  PENDING,
  pending,
  type Poll,
  pollFn,
  race,
  Runtime,
  RwLock,
  scope,
  select,
  Semaphore,
  shield,
  sleep,
  spawn,
  unconstrained,
  type Waker,
} from "millrace";
import { paused } from "millrace/testing";
import { afterAll, describe, expect, test } from "vitest";
import { get, styles, type Steps, type Style } from "../both-styles.ts";

/** How a body ends under virtual time. */
async function endOf(body: (style: Style) => Steps<unknown>): Promise<unknown[]> {
  const ends: unknown[] = [];
  for (const style of styles)
    ends.push(await paused(style.body(() => body(style))).catch((error: unknown) => error));
  return ends;
}
async function deadlockOf(body: (style: Style) => Steps<unknown>): Promise<DeadlockError[]> {
  const ends = await endOf(body);
  for (const end of ends) expect(end).toBeInstanceOf(DeadlockError);
  return ends as DeadlockError[];
}

/** Written by a user: driven by a timer of the host. */
class HostTimer extends Future<string> {
  #done: boolean = false;
  #timer: NodeJS.Timeout | undefined;
  poll(waker: Waker): Poll<string> {
    if (this.#done) return "real";
    this.#timer ??= setTimeout(() => {
      this.#done = true;
      waker.wake();
    }, 3);
    return PENDING;
  }
  override drop(): void {
    clearTimeout(this.#timer);
  }
}
const realPromise = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 3, "real"));

/** While the sender lives. */
const [tx, rx] = mpsc.channel<number>(1);
afterAll(() => tx.close());
const recv = (): Future<number | undefined> => rx.recv();

describe("under virtual time a deadlock is found", () => {
  test("when the body waits for something that nothing can provide", async () => {
    for (const wait of [
      () => pending(),
      () => new Semaphore(0).acquire(),
      () => recv(),
      () => new CancellationToken().cancelled(),
      () => sleep(Infinity),
      () => join(pending(), sleep(1)),
      () => select({ a: pending(), b: sleep(Infinity) }),
      () => asyncFn(async () => pending())(),
      () => scope(async (tasks) => tasks.spawn(pending())),
      () => shield(async () => pending()),
      () => unconstrained(pending()),
      () => spawn(pending()),
      () => pending().until(new CancellationToken()),
      () => new CancellationToken().runUntilCancelled(pending()),
      () => pending().shared(),
      () => pending().map(() => 1),
    ]) {
      for (const error of await deadlockOf(() => get<unknown>(wait()))) {
        expect(error.code).toBe("ERR_DEADLOCK");
        expect(error.message).toMatch(/^deadlock: nothing can ever run again\n/);
        expect(error.waits.length).toBeGreaterThan(0);
      }
    }
  });

  test("only after every timer has fired", async () => {
    const log: number[] = [];
    await deadlockOf(function* () {
      spawn(sleep(1000).map(() => log.push(1)));
      yield* get(pending());
    });
    expect(log).toEqual([1, 1]);
  });

  test("and told with what every task waits for, and the cycle of joins", async () => {
    for (const error of await deadlockOf(function* () {
      const handles: JoinHandle<unknown>[] = [];
      handles.push(
        spawn(
          async () => {
            await handles[1];
          },
          { name: "chicken" },
        ),
        spawn(
          function* () {
            yield* handles[0]!;
          },
          { name: "egg" },
        ),
      );
      yield* get(handles[0]!);
    })) {
      expect(error.waits[0]).toMatch(
        /^cycle: task #\d+ '(chicken|egg)' → task #\d+ '(chicken|egg)' → task #\d+ '/,
      );
      expect(error.waits).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^task #\d+ 'chicken' waits for the end of task #\d+ 'egg'$/),
          expect.stringMatching(/^task #\d+ 'egg' waits for the end of task #\d+ 'chicken'$/),
          expect.stringMatching(/^task #\d+ waits for the end of task #\d+ 'chicken'$/),
        ]),
      );
      for (const wait of error.waits) expect(error.message).toContain(wait);
    }
  });

  test("with the cycle of those who hold what the other waits for", async () => {
    const locks: [string, () => (() => Future<unknown>)[]][] = [
      ["mutexes", () => [new Mutex(), new Mutex()].map((lock) => () => lock.lock())],
      ["read-write locks", () => [new RwLock(), new RwLock()].map((lock) => () => lock.write())],
      ["semaphores", () => [new Semaphore(1), new Semaphore(1)].map((lock) => () => lock.acquire())],
    ];
    for (const [name, make] of locks) {
      for (const error of await deadlockOf(function* ({ body }) {
        const [first, second] = make();
        const both = (a: () => Future<unknown>, b: () => Future<unknown>) =>
          body(function* (): Steps<unknown> {
            const guard = yield* get(a());
            yield* get(sleep(10));
            return [guard, yield* get(b())];
          });
        const one = spawn(both(first!, second!), { name: "one" });
        spawn(both(second!, first!), { name: "two" });
        yield* get(sleep(5));
        spawn(first!(), { name: "three" });
        yield* get(one);
      })) {
        expect(error.waits[0], name).toMatch(
          /^cycle: task #\d+ '(one|two)' → task #\d+ '(one|two)' → task #\d+ '(one|two)'$/,
        );
        expect(
          error.waits.filter((wait) => wait.startsWith("cycle")),
          name,
        ).toHaveLength(1);
      }
    }
  });

  test("with the task that locks again what it holds", async () => {
    for (const error of await deadlockOf(function* () {
      const lock = new Mutex();
      const held = lock.tryLock();
      yield* get(lock.lock());
      held!.release();
    }))
      expect(error.waits[0]).toMatch(/^cycle: task #(\d+) → task #\1$/);
  });

  test("without a cycle, when it is not known who would give the lock back", async () => {
    const lock = new Mutex();
    const outside = lock.tryLock()!;
    for (const error of await deadlockOf(() => get(lock.lock()))) expect(error.waits).toHaveLength(1);
    outside.release();
    for (const error of await deadlockOf(function* () {
      const given = new Mutex();
      // Whoever took it has ended.
      const guard = yield* get(spawn(given.lock()));
      yield* get(given.lock());
      return guard;
    }))
      expect(error.message).not.toContain("cycle");
    for (const error of await deadlockOf(function* () {
      const two = new Semaphore(2);
      const mine = two.tryAcquire();
      const ended = yield* get(spawn(two.acquire()));
      yield* get(two.acquire());
      return [mine, ended];
    }))
      expect(error.message).not.toContain("cycle");
  });

  test("with the cycle that others wait for, among thousands of tasks", async () => {
    const [error] = await deadlockOf(function* () {
      const loop: JoinHandle<unknown>[] = [];
      for (const [i, name] of ["a", "b", "c"].entries()) {
        loop.push(spawn(async () => loop[(i + 1) % 3], { name }));
      }
      let last = loop[0]!;
      for (let i = 0; i < 5000; i++) {
        const next = last;
        last = spawn(async () => next);
      }
      yield* get(last);
    });
    expect(error!.waits[0]).toMatch(/^cycle: (task #\d+ '[abc]' → ){3}task #\d+ '[abc]'$/);
  });

  test("and tells of abandoned calls, too", async () => {
    for (const error of await deadlockOf(function* () {
      const stuck = shield(() => pending());
      yield* get(select({ stuck, quick: sleep(1) }));
      yield* get(pending());
    })) {
      expect(error.waits).toEqual([
        expect.stringMatching(/^task #\d+ waits for something that never comes/),
        expect.stringMatching(/^a call of shield in task #\d+ waits for something that never comes/),
      ]);
    }
  });

  test("and unwinds the body", async () => {
    for (const style of styles) {
      let isUnwound = false;
      const body = style.body(function* () {
        try {
          yield* get(pending());
        } finally {
          isUnwound = true;
        }
      });
      await expect(paused(body)).rejects.toBeInstanceOf(DeadlockError);
      expect(isUnwound).toBe(true);
    }
  });

  test("and the runtime goes on", async () => {
    await using runtime = new Runtime({ clock: "paused" });
    await expect(runtime.run(pending())).rejects.toBeInstanceOf(DeadlockError);
    expect(await runtime.run(sleep(5).map(() => "on"))).toBe("on");
  });

  test("in its message, without writing a book when there are many tasks", async () => {
    const [error] = await deadlockOf(function* () {
      for (let i = 0; i < 1000; i++) spawn(pending());
      yield* get(pending());
    });
    expect(error!.waits).toHaveLength(1001);
    expect(error!.message.split("\n").length).toBeLessThan(110);
    expect(error!.message).toContain("more");
  });
});

describe("under virtual time nothing is called a deadlock", () => {
  const waits: [string, () => unknown][] = [
    ["a plain promise", realPromise],
    ["a promise given to fromPromise", () => fromPromise(realPromise())],
    ["a function given to fromPromise", () => fromPromise(() => realPromise())],
    ["an event", () => fromEvent(eventTarget(), "real").map(() => "real")],
    ["a future of the user's", () => new HostTimer()],
    [
      "a poll function of the user's",
      () => {
        const timer = new HostTimer();
        return pollFn((waker) => timer.poll(waker));
      },
    ],
    ["a combinator around one", () => race(pending(), new HostTimer())],
    ["select around one", () => select({ a: pending(), b: new HostTimer() }).map(({ value }) => value)],
    ["a view of one", () => new HostTimer().ref()],
    ["a shared one", () => new HostTimer().shared()],
    ["one without a budget", () => unconstrained(new HostTimer())],
    ["one with a token", () => new HostTimer().until(new CancellationToken())],
    ["a call whose body awaits a plain promise", () => asyncFn(async () => realPromise())()],
    [
      "a nested call whose body awaits a plain promise",
      () => asyncFn(() => asyncFn(async () => realPromise())())(),
    ],
    ["a shielded body that awaits a plain promise", () => shield(async () => realPromise())],
    ["a task that awaits a plain promise", () => spawn(async () => realPromise())],
    [
      "a scope whose child awaits a plain promise",
      () => scope(async (tasks) => tasks.spawn(async () => realPromise())),
    ],
    ["a scope whose body awaits a plain promise", () => scope(async () => realPromise())],
    [
      "an abort signal",
      () =>
        pending()
          .until(AbortSignal.timeout(3))
          .settled()
          .map(() => "real"),
    ],
    [
      "a token that follows a signal",
      () =>
        CancellationToken.from(AbortSignal.timeout(3))
          .childToken()
          .cancelled()
          .map(() => "real"),
    ],
    [
      "a task that a signal stops",
      () =>
        spawn(pending(), { signal: AbortSignal.timeout(3) })
          .settled()
          .map(() => "real"),
    ],
    [
      "a task that a token stops which follows a signal",
      () =>
        spawn(pending(), { signal: CancellationToken.from(AbortSignal.timeout(3)) })
          .settled()
          .map(() => "real"),
    ],
  ];
  // `AbortSignal.timeout` alone does not keep a process alive.
  test.each(waits)("that waits for %s", async (_, wait) => {
    const alive = setInterval(() => {}, 1000);
    const ends = await endOf(function* () {
      const value = wait();
      return yield* get(value instanceof Future ? value : asyncFn(async () => value)());
    });
    clearInterval(alive);
    expect(ends).toEqual(["real", "real"]);
  });

  test("that waits for the cleanup of an abandoned call, which awaits a plain promise", async () => {
    for (const kind of ["shield", "call"]) {
      const log: string[] = [];
      // Given once the other branch has won, however slow the machine is.
      let answer!: PromiseWithResolvers<string>;
      const shielded = (): Future<unknown> =>
        shield(async () => {
          log.push(await answer.promise);
        });
      const call = asyncFn(function* () {
        try {
          yield* pending();
        } finally {
          yield* shielded();
        }
      });
      const ends = await endOf(function* () {
        answer = Promise.withResolvers();
        const branch = kind === "shield" ? shielded() : call();
        const { key } = yield* get(select({ branch, quick: sleep(1) }));
        setTimeout(answer.resolve, 3, "real");
        return key;
      });
      expect(ends).toEqual(["quick", "quick"]);
      expect(log).toEqual(["real", "real"]);
    }
  });

  test("that waits for a task of another runtime", async () => {
    await using other = new Runtime();
    const ends = await endOf(function* () {
      return yield* get(other.spawn(sleep(3).map(() => "real")));
    });
    expect(ends).toEqual(["real", "real"]);
  });

  test("that waits for a lock that a task of another runtime holds", async () => {
    await using other = new Runtime();
    for (const lock of [new Mutex(), new Semaphore(1)]) {
      const take = (): Future<Disposable> => (lock instanceof Mutex ? lock.lock() : lock.acquire());
      const ends = await endOf(function* () {
        const held = Promise.withResolvers<void>();
        const holder = other.spawn(async () => {
          using _ = await take();
          held.resolve();
          await sleep(3);
        });
        yield* get(fromPromise(held.promise));
        (yield* get(take()))[Symbol.dispose]();
        yield* get(holder);
        return "real";
      });
      expect(ends).toEqual(["real", "real"]);
    }
  });

  test("that waits for a signal", async () => {
    const ends = await endOf(function* () {
      setTimeout(() => process.emit("SIGHUP"), 3);
      using hangups = osSignal("SIGHUP");
      return yield* get(select({ hangup: hangups.recv(), ctrlC: ctrlC() }).map(({ key }) => key));
    });
    expect(ends).toEqual(["hangup", "hangup"]);
    const loop = paused(async () => {
      setTimeout(() => process.emit("SIGHUP"), 3);
      for await (const _ of osSignal("SIGHUP")) return "heard";
    });
    expect(await loop).toBe("heard");
  });
});

/** Each waits for the other's lock. */
test("two paused runtimes that wait for each other's lock are deadlocked", async () => {
  const [a, b] = [new Mutex(), new Mutex()];
  const [hasA, hasB] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const both = await Promise.allSettled([
    paused(async () => {
      using _ = await a.lock();
      hasA.resolve();
      await fromPromise(hasB.promise);
      await b.lock();
    }),
    paused(async () => {
      using _ = await b.lock();
      hasB.resolve();
      await fromPromise(hasA.promise);
      using _a = await a.lock();
    }),
  ]);
  expect(both.map(({ status }) => status)).toContain("rejected");
  const [failed] = both.filter((each) => each.status === "rejected");
  expect(failed!.reason).toBeInstanceOf(DeadlockError);
});

test("a lock that a task of another runtime has left held, which has ended, is a deadlock", async () => {
  await using other = new Runtime();
  const lock = new Mutex();
  const left = await other.run(async () => lock.lock());
  await expect(paused(() => lock.lock())).rejects.toBeInstanceOf(DeadlockError);
  left.release();
});

function eventTarget(): EventTarget {
  const target = new EventTarget();
  setTimeout(() => target.dispatchEvent(new Event("real")), 3);
  return target;
}
