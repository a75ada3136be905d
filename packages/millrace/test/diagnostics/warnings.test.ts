/** Each warning, and what must not be one. */
import {
  asyncFn,
  CancellationToken,
  Future,
  join,
  mpsc,
  Mutex,
  Notify,
  oneshot,
  PENDING,
  Runtime,
  RwLock,
  Semaphore,
  select,
  sleep,
  spawn,
  timeout,
  yieldNow,
  type JoinHandle,
  type Poll,
  type Waker,
} from "millrace";
import { dump, enable, snapshot, subscribe, type Warning } from "millrace/diagnostics";
import { paused } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { host } from "../../src/runtime/host.ts";
import { get, inBothStyles } from "../both-styles.ts";

function told(lint: Warning["lint"]): Warning[] {
  return snapshot().warnings.filter((each) => each.lint === lint);
}

describe("deadlock", () => {
  inBothStyles("two locks taken in opposite order are told while the program lives", function* ({ body }) {
    using _ = enable();
    const [left, right] = [new Mutex(0, { name: "left" }), new RwLock(0, { name: "right" })];
    const tasks = [
      spawn(
        body(function* () {
          using _held = yield* get(left.lock());
          yield* get(sleep(1));
          yield* get(right.write());
        }),
        { name: "one" },
      ),
      spawn(
        body(function* () {
          using _held = yield* get(right.write());
          yield* get(sleep(1));
          yield* get(left.lock());
        }),
        { name: "two" },
      ),
    ];
    yield* get(sleep(5));
    const warnings = told("deadlock");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.message).toMatch(/^2 tasks wait for each other, for ever: task #\d+ '\w+' → task/);
    expect(warnings[0]!.message).toMatch(/'one' waits for write on read-write lock #\d+ 'right'/);
    expect(dump()).toMatch(
      /^cycles:\n {2}task #\d+ '(one|two)' → task #\d+ '(one|two)' → task #\d+ '(one|two)'$/m,
    );
    expect(dump()).toMatch(
      /^ {2}mutex #\d+ 'left' is held by task #\d+ 'one'; task #\d+ 'two' waits for it$/m,
    );
    for (const task of tasks) task.abort();
    for (const task of tasks) yield* get(task.settled());
    expect(dump()).not.toContain("cycles:");
  });

  inBothStyles("a task that locks twice waits for itself", function* ({ body }) {
    using _ = enable();
    const mutex = new Mutex();
    const task = spawn(
      body(function* () {
        using _held = yield* get(mutex.lock());
        yield* get(mutex.lock());
      }),
    );
    yield* get(sleep(1));
    expect(told("deadlock")[0]!.message).toMatch(/^a task waits for itself, for ever/);
    task.abort();
    yield* get(task.settled());
  });

  inBothStyles("joins and locks make cycles together, also through combinators", function* ({ body }) {
    using _ = enable();
    const mutex = new Mutex();
    const handles: JoinHandle<unknown>[] = [];
    handles.push(
      spawn(
        body(function* () {
          using _held = yield* get(mutex.lock());
          yield* get(join(handles[1]!, sleep(1)));
        }),
      ),
      spawn(
        body(function* () {
          yield* get(sleep(1));
          yield* get(mutex.lock().map(() => 1));
        }),
      ),
    );
    yield* get(sleep(5));
    expect(told("deadlock")).toHaveLength(1);
    for (const handle of handles) handle.abort();
    for (const handle of handles) yield* get(handle.settled());
  });

  inBothStyles("a wait that gives up, or that another branch can end, is none", function* ({ body }) {
    using _ = enable();
    const [left, right] = [new Mutex(), new Mutex()];
    const token = new CancellationToken();
    const tasks = [
      spawn(
        body(function* () {
          using _held = yield* get(left.lock());
          yield* get(sleep(1));
          yield* get(timeout(50, right.lock()).settled());
        }),
      ),
      spawn(
        body(function* () {
          using _held = yield* get(right.lock());
          yield* get(sleep(1));
          yield* get(select({ lock: left.lock(), stop: token.cancelled() }));
        }),
      ),
    ];
    for (const task of tasks) yield* get(task);
    expect(told("deadlock")).toEqual([]);
  });

  inBothStyles("waiting for permits that one free task can give back is none", function* ({ body }) {
    using _ = enable();
    const semaphore = new Semaphore(2);
    const tasks = [1, 2].map((n) =>
      spawn(
        body(function* () {
          using _held = yield* get(semaphore.acquire());
          yield* get(sleep(n));
          if (n === 1) yield* get(semaphore.acquire());
        }),
      ),
    );
    for (const task of tasks) yield* get(task);
    expect(told("deadlock")).toEqual([]);
  });

  test("the report of a deadlock has the cycle through locks first", async () => {
    using _ = enable();
    const deadlock = paused(async () => {
      const mutex = new Mutex(0, { name: "self" });
      using _held = await mutex.lock();
      await mutex.lock();
    });
    await expect(deadlock).rejects.toThrow(
      /can ever run again\n {2}cycle: task #\d+ → task #\d+\n {2}task #\d+ waits for lock on mutex #\d+ 'self' for .* at .*warnings\.test\.ts:\d+:\d+/,
    );
  });
});

describe("lock-across-slow-await", () => {
  inBothStyles("a lock held while its task waits for a second is told, with who waits", function* ({ body }) {
    using _ = enable();
    const mutex = new Mutex(0, { name: "accounts" });
    const slow = spawn(
      body(function* () {
        using _held = yield* get(mutex.lock());
        yield* get(sleep(1500));
      }),
      { name: "slow" },
    );
    const behind = spawn(
      body(function* () {
        using _held = yield* get(mutex.lock());
      }),
    );
    yield* get(slow);
    yield* get(behind);
    const warnings = told("lock-across-slow-await");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ task: slow.id, resource: expect.any(Number) as number });
    expect(warnings[0]!.message).toMatch(
      /^task #\d+ 'slow' \(spawned at .*\) held mutex #\d+ 'accounts' \(locked at .*\) while it waited 1\.5 s for a sleep until \d+ ms; 1 other waited for the lock\./,
    );
  });

  inBothStyles("is told also while the task still waits", function* ({ body }) {
    using _ = enable();
    const mutex = new Mutex();
    const task = spawn(
      body(function* () {
        using _held = yield* get(mutex.lock());
        yield* get(sleep(60_000));
      }),
    );
    yield* get(sleep(2000));
    expect(told("lock-across-slow-await")).toHaveLength(1);
    task.abort();
    yield* get(task.settled());
  });

  inBothStyles(
    "short waits with a lock, and long ones with a permit or without the lock, are none",
    function* ({ body }) {
      using _ = enable();
      const [mutex, semaphore] = [new Mutex(), new Semaphore(1)];
      const task = spawn(
        body(function* () {
          using _permit = yield* get(semaphore.acquire());
          for (let i = 0; i < 20; i++) {
            using _held = yield* get(mutex.lock());
            yield* get(sleep(100));
          }
          yield* get(sleep(5000));
        }),
      );
      yield* get(task);
      expect(told("lock-across-slow-await")).toEqual([]);
    },
  );
});

/** Garbage is collected until something holds, or so many times. */
async function collected(holds: () => boolean, most = 50): Promise<void> {
  for (let i = 0; i < most && !holds(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    (globalThis as { gc?: () => void }).gc!();
  }
}

describe("never-awaited", () => {
  inBothStyles(
    "a future that its task made and left is told with its line, in the end",
    function* ({ body }) {
      const messages: string[] = [];
      using _subscription = subscribe((event) => {
        if (event.type === "warning" && event.warning.lint === "never-awaited") {
          messages.push(event.warning.message);
        }
      });
      {
        using _ = enable();
        const makes = body(function* () {
          sleep(5);
          yield* get(sleep(5));
        });
        yield* get(spawn(makes));
        yield* get(asyncFn(makes)());
        yield* get(sleep(5000));
        expect(messages).toEqual([]);
      }
      expect(messages).toHaveLength(1);
      expect(messages[0]).toMatch(
        /^a future \(Sleep\) was created at .*warnings\.test\.ts:\d+:\d+ and never awaited: it is lazy/,
      );
    },
  );

  test("one that nobody has any more is told while the program goes on", async () => {
    using _ = enable();
    await new Runtime().run(async () => {
      await spawn(async () => void sleep(5));
    });
    await collected(() => told("never-awaited").length > 0);
    expect(told("never-awaited")).toHaveLength(1);
  });

  test("one that is kept is none however long, and whatever is collected", async () => {
    using _ = enable();
    const kept: Future<void>[] = [];
    await paused(async () => {
      await spawn(async () => void kept.push(sleep(1)));
      await sleep(60_000);
    });
    await collected(() => false, 5);
    expect(told("never-awaited")).toEqual([]);
    expect(kept).toHaveLength(1);
  });

  test("what is collected of those that failed or were cancelled is none", async () => {
    using _ = enable();
    await new Runtime().run(async () => {
      const fails = async (): Promise<void> => {
        const later = [sleep(5), asyncFn(async () => await sleep(5))()];
        await yieldNow();
        if (later.length > 0) throw new Error("boom");
        await Promise.all(later);
      };
      const waits = async (): Promise<void> => {
        const later = sleep(5);
        await sleep(10_000);
        await later;
      };
      await spawn(fails).settled();
      await asyncFn(fails)().settled();
      // It gives a future to a caller that comes to nothing.
      await asyncFn(async () => {
        const given = await asyncFn(async () => ({ later: sleep(5) }))();
        if (given !== undefined) throw new Error("boom");
      })().settled();
      await spawn(waits).timeout(1).settled();
      await asyncFn(waits)().timeout(1).settled();
    });
    // Told in any case, so that there was something to collect.
    (() => void sleep(5))();
    await collected(() => told("never-awaited").length > 0);
    await collected(() => false, 5);
    expect(told("never-awaited")).toHaveLength(1);
  });

  inBothStyles("what is claimed, joined, disposed, spawned or handed on is none", function* ({ body }) {
    using _ = enable();
    const [tx, rx] = mpsc.channel<number>(4);
    const handed = yield* get(
      spawn(
        body(function* () {
          using _disposed = sleep(1);
          const notified = new Notify().notified();
          notified.enable();
          yield* get(join(sleep(1), sleep(2).map(String), tx.send(1), rx.recv()));
          yield* get(select({ a: sleep(1), b: sleep(2) }));
          yield* get(spawn(sleep(1)));
          const mutex = new Mutex();
          yield* get(mutex.with(body(function* () {})));
          yield* get(timeout(10, sleep(1)));
          return { later: sleep(1) };
        }),
      ),
    );
    yield* get(sleep(5000));
    yield* get(handed.later);
    yield* get(sleep(5000));
    expect(told("never-awaited")).toEqual([]);
  });

  inBothStyles("what its task has left to others is none when they use it", function* ({ body }) {
    using _ = enable();
    const left: Future<void>[] = [];
    yield* get(
      spawn(
        body(function* () {
          left.push(sleep(1), sleep(1));
        }),
      ),
    );
    yield* get(sleep(900));
    yield* get(left.pop()!);
    yield* get(sleep(50_000));
    yield* get(left.pop()!);
    yield* get(sleep(5000));
    expect(told("never-awaited")).toEqual([]);
  });

  inBothStyles("when the recording ends, what is left is told", function* ({ body }) {
    const lints: string[] = [];
    using _subscription = subscribe((event) => {
      if (event.type === "warning") lints.push(event.warning.lint);
    });
    {
      using _ = enable();
      yield* get(
        spawn(
          body(function* () {
            return { later: sleep(1) };
          }),
        ),
      );
      yield* get(sleep(5000));
      expect(lints).toEqual([]);
    }
    expect(lints).toEqual(["never-awaited"]);
  });

  inBothStyles(
    "what is dropped is none, nor what a cancellation or failure came before",
    function* ({ body }) {
      using _ = enable();
      sleep(5).drop();
      const prepares = body(function* () {
        const later = sleep(5);
        yield* get(sleep(1000));
        yield* get(later);
      });
      const fails = body(function* () {
        const later = sleep(5);
        if (later !== undefined) throw new Error("boom");
        yield* get(later);
      });
      yield* get(spawn(fails).settled());
      // Neither the task, nor a call within it that goes on by itself.
      yield* get(spawn(prepares).timeout(1).settled());
      yield* get(
        spawn(
          body(function* () {
            yield* get(asyncFn(prepares)().timeout(1).settled());
            yield* get(asyncFn(fails)().settled());
          }),
        ),
      );
      const task = spawn(prepares);
      yield* get(sleep(1));
      task.abort();
      yield* get(task.settled());
      yield* get(sleep(5000));
      expect(told("never-awaited")).toEqual([]);
    },
  );

  test("one that is made outside of any task is told when it is collected", async () => {
    using _ = enable();
    (() => void sleep(5))();
    await collected(() => told("never-awaited").length > 0);
    expect(told("never-awaited")).toHaveLength(1);
  });
});

describe("blocked-loop and never-yielded", () => {
  inBothStyles("what happens while another recording counts is not taken for a poll", function* ({ body }) {
    using _ = enable({ blockedAfter: 1 });
    const { now } = host;
    let later = 0;
    host.now = () => now() + later;
    try {
      const task = spawn(
        body(function* () {
          const lock = new Mutex(0);
          const guard = yield* get(lock.lock());
          {
            using _inner = enable({ blockedAfter: Infinity });
            yield* get(sleep(1));
            later += 10_000;
            guard.release();
            yield* get(sleep(10_000));
          }
        }),
      );
      yield* get(task);
      yield* get(sleep(5000));
    } finally {
      host.now = now;
    }
    const messages = snapshot().warnings.map(({ message }) => message);
    expect(messages.filter((message) => /\b1\d(\.\d)? s\b/.test(message))).toEqual([]);
    expect(told("lock-across-slow-await")).toEqual([]);
  });

  inBothStyles("a poll longer than the limit is told with its task and its length", function* ({ body }) {
    using _ = enable({ blockedAfter: 500 });
    const { now } = host;
    // Only what the task does takes time.
    const at = now();
    host.now = () => at;
    const task = spawn(
      body(function* () {
        yield* get(sleep(1));
        host.now = () => at + 700;
        yield* get(sleep(1));
      }),
      { name: "busy" },
    );
    yield* get(task);
    host.now = now;
    const [warning] = told("blocked-loop");
    expect(warning).toMatchObject({ task: task.id });
    expect(warning!.message).toMatch(
      /^the event loop was blocked for 700 ms by task #\d+ 'busy' \(spawned at .*\); .*the limit is 500 ms/,
    );
    expect(told("never-yielded")).toEqual([]);
  });

  inBothStyles("a task that never waited is told so", function* ({ body }) {
    using _ = enable({ blockedAfter: 500 });
    const { now } = host;
    const greedy = body(function* () {
      host.now = () => now() + 1200;
    });
    const patient = body(function* () {
      host.now = () => now() + 2400;
      yield* get(sleep(1));
    });
    try {
      yield* get(spawn(greedy, { name: "greedy" }));
      yield* get(spawn(patient, { name: "patient" }));
    } finally {
      host.now = now;
    }
    expect(told("never-yielded").map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^task #\d+ 'greedy' .* ran from its beginning to its end without ever waiting, for 1\.2 s/,
      ),
    ]);
    expect(told("blocked-loop")).toHaveLength(2);
  });

  test("the stack of a blocked loop is taken while it is blocked", async () => {
    using _ = enable({ blockedAfter: 20 });
    function spinUntilItIsSeen(): void {
      // As long as it takes the thread to start and to look, on a machine that does other things as well.
      const end = performance.now() + 1500;
      while (performance.now() < end);
    }
    await yieldNow();
    await spawn(
      function* () {
        yield* sleep(30);
        spinUntilItIsSeen();
      },
      { name: "spinning" },
    );
    const [warning] = told("blocked-loop").filter(({ message }) => message.includes("spinning"));
    expect(warning!.message).toMatch(
      /It was here:\n(?: {4}at .*\n){0,5} {4}at spinUntilItIsSeen \(.*warnings\.test\.ts:\d+:\d+\)\n {4}at /,
    );
  });
});

class SelfWaking extends Future<void> {
  #left: number;
  constructor(times: number) {
    super();
    this.#left = times;
  }
  poll(waker: Waker): Poll<void> {
    if (this.#left-- === 0) return;
    waker.wake();
    return PENDING;
  }
}

describe("self-wakes", () => {
  inBothStyles("a task that mostly wakes itself is told with the numbers", function* ({ body }) {
    using _ = enable();
    const task = spawn(
      body(function* () {
        yield* get(new SelfWaking(200));
      }),
      { name: "spinner" },
    );
    yield* get(task);
    const [warning] = told("self-wakes");
    expect(warning).toMatchObject({ task: task.id });
    expect(warning!.message).toMatch(
      /^task #\d+ 'spinner' .* woke itself in 64 of its 6\d wake-ups \(\d+ %\)/,
    );
    const info = snapshot().tasks.find(({ id }) => id === task.id)!;
    expect(info.selfWakes).toBe(200);
    expect(info.wakes).toBeGreaterThanOrEqual(201);
  });

  inBothStyles("yielding, and a producer and a consumer in one task, are none", function* ({ body }) {
    using _ = enable();
    const [tx, rx] = mpsc.channel<number>(1);
    yield* get(
      spawn(
        body(function* () {
          for (let i = 0; i < 300; i++) yield* get(yieldNow());
        }),
      ),
    );
    const producer = spawn(
      body(function* () {
        for (let i = 0; i < 300; i++) yield* get(tx.send(i));
      }),
    );
    for (let i = 0; i < 300; i++) yield* get(rx.recv());
    yield* get(producer);
    expect(told("self-wakes")).toEqual([]);
  });
});

describe("growing-queue", () => {
  inBothStyles("an unbounded channel that nobody drains is told by its name and size", function* () {
    using _ = enable();
    const [tx, rx] = mpsc.unbounded<number>({ name: "events" });
    for (let i = 0; i < 1500; i++) tx.send(i);
    const [warning] = told("growing-queue");
    expect(warning).toMatchObject({ resource: expect.any(Number) as number });
    expect(warning!.message).toMatch(
      /^channel #\d+ 'events' \(made at .*\) has no bound and has grown to 1500 messages/,
    );
    for (let i = 0; i < 600; i++) tx.send(i);
    expect(told("growing-queue")).toHaveLength(1);
    for (let i = 0; i < 1500; i++) tx.send(i);
    expect(told("growing-queue")).toHaveLength(2);
    rx[Symbol.dispose]();
    yield* get(yieldNow());
  });

  test("a full bounded channel is none", () => {
    using _ = enable();
    const [tx] = mpsc.channel<number>(5000);
    for (let i = 0; i < 5000; i++) tx.trySend(i);
    expect(told("growing-queue")).toEqual([]);
  });
});

describe("cancelling-too-long", () => {
  inBothStyles("a cleanup of seconds is told while it lasts, and once", function* ({ body }) {
    using _ = enable();
    const task = spawn(
      body(function* () {
        try {
          yield* get(sleep(60_000));
        } finally {
          yield* get(sleep(3000));
        }
      }),
      { name: "tidy" },
    );
    yield* get(yieldNow());
    task.abort();
    yield* get(sleep(2000));
    const [warning] = told("cancelling-too-long");
    expect(warning!.message).toMatch(
      /^task #\d+ 'tidy' .* was cancelled and has not ended after 2 s, and waits for a sleep until \d+ ms\. Its cleanup window is 5 s\.$/,
    );
    yield* get(task.settled());
    expect(told("cancelling-too-long")).toHaveLength(1);
  });
});

describe("unobserved-failure and leaked-handle", () => {
  inBothStyles(
    "a failure that nobody observes is told",
    function* ({ body }) {
      using _ = enable();
      spawn(
        body(function* () {
          throw new Error("boom");
        }),
        { name: "doomed" },
      ).detach();
      yield* get(sleep(1));
      expect(told("unobserved-failure")[0]!.message).toMatch(
        /^task #\d+ 'doomed' \(spawned at .*\) failed and nobody observed it: Error: boom\.$/,
      );
    },
    { onTaskFailure: "ignore" },
  );

  const lostWhile = async (isOver: () => boolean): Promise<string> => {
    const { report } = host;
    host.report = () => {};
    for (let i = 0; i < 100 && !isOver(); i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      (globalThis as { gc?: () => void }).gc!();
    }
    host.report = report;
    return told("leaked-handle")[0]!.message;
  };

  test("a guard that is lost while others wait is told, with its lock, its line and its task", async () => {
    using _ = enable();
    const mutex = new Mutex(0, { name: "accounts" });
    await spawn(async () => void (await mutex.lock()), { name: "careless" });
    const waiting = spawn(async () => await mutex.lock());
    let isWoken = false;
    void waiting.then(() => (isWoken = true));
    expect(await lostWhile(() => isWoken)).toMatch(
      /^the guard of a mutex \(mutex #\d+ 'accounts', opened at \S*warnings\.test\.ts:\d+:\d+, by task #\d+ 'careless'\) was garbage-collected while it was open/,
    );
  });

  test("so is a sender, with the line that made its channel", async () => {
    using _ = enable();
    const rx = (() => oneshot.channel<number>({ name: "answer" })[1])();
    let isWoken = false;
    void spawn(async () => await rx)
      .settled()
      .then(() => (isWoken = true));
    expect(await lostWhile(() => isWoken)).toMatch(
      /^the sender of a oneshot channel \(oneshot channel #\d+ 'answer', made at \S*warnings\.test\.ts:\d+:\d+\) was/,
    );
  });
});
