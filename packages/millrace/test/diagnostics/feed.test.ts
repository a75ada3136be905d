/** What a feed tells of a program, and that it keeps no more than it says. */
import { joinAll, Mutex, mpsc, sleep, spawn, yieldNow } from "millrace";
import { enable } from "millrace/diagnostics";
import { Feed, type Changes, type FeedTask } from "millrace/feed";
import { describe, expect, test } from "vitest";
import { get, styles, inBothStyles } from "../both-styles.ts";

const named = (changes: Changes, name: string): FeedTask | undefined =>
  changes.tasks.findLast((task) => task.name === name);
const isAlive = ({ state }: FeedTask): boolean => !["done", "failed", "cancelled"].includes(state);

inBothStyles("tells of a task when it has changed, and not again", function* ({ body }) {
  using feed = new Feed();
  const worker = spawn(
    body(function* () {
      yield* get(sleep(100));
      yield* get(sleep(100));
    }),
    { name: "worker" },
  );
  expect(named(feed.take(), "worker")).toMatchObject({ state: "ready", polls: 0 });
  yield* get(sleep(50));
  const waiting = named(feed.take(), "worker")!;
  expect(waiting).toMatchObject({ state: "waiting", resources: [0] });
  expect(waiting.waitingOn).toMatchObject({ resource: 0 });
  yield* get(sleep(10));
  expect(named(feed.take(), "worker")).toBeUndefined();
  yield* get(worker);
  const changes = feed.take();
  expect(named(changes, "worker")).toMatchObject({ state: "done", endedAt: expect.any(Number) });
  expect(changes.totals.ended).toBe(1);
});

inBothStyles("says what a task waits for, who holds it, and whose end it waits for", function* ({ body }) {
  using feed = new Feed();
  const mutex = new Mutex(0, { name: "accounts" });
  const guard = yield* get(mutex.lock());
  const waiter = spawn(
    body(function* () {
      (yield* get(mutex.lock())).release();
    }),
    { name: "waiter" },
  );
  const joiner = spawn(
    body(function* () {
      yield* get(waiter);
    }),
    { name: "joiner" },
  );
  yield* get(yieldNow());
  yield* get(yieldNow());
  const { tasks, resources } = feed.take();
  const accounts = resources.find(({ name }) => name === "accounts")!;
  expect(accounts).toMatchObject({ kind: "mutex", attributes: { locked: true } });
  expect(accounts.holders).toHaveLength(1);
  const found = (name: string): FeedTask => tasks.find((task) => task.name === name)!;
  expect(found("waiter").resources).toEqual([accounts.id]);
  expect(found("joiner").joins).toEqual([found("waiter").id]);
  guard.release();
  yield* get(joiner);
  expect(feed.take().resources.find(({ id }) => id === accounts.id)).toMatchObject({
    holders: [],
    attributes: { locked: false },
  });
});

describe.each(styles)("in $name style", { timeout: 60_000 }, ({ body }) => {
  test("counts polls by duration, and remembers the last ones", async () => {
    using feed = new Feed();
    const worker = spawn(
      body(function* () {
        for (let i = 0; i < 100; i++) yield* get(yieldNow());
      }),
    );
    const { id } = worker;
    await yieldNow();
    feed.take();
    await worker;
    const { polls, wakes } = feed.take().tasks.find((task) => task.id === id)!;
    const { pollTimes, scheduledTimes, history } = feed.detail(id)!;
    const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    expect(polls).toBeGreaterThan(100);
    expect(sum(pollTimes)).toBe(polls);
    expect(sum(scheduledTimes)).toBe(wakes);
    expect(history).toHaveLength(32);
    for (const [i, { at, ms, scheduledMs }] of history.entries()) {
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(scheduledMs).toBeGreaterThanOrEqual(0);
      if (i > 0) expect(at).toBeGreaterThanOrEqual(history[i - 1]!.at);
    }
  });

  test("a task that was cancelled before it ran is told of", async () => {
    using feed = new Feed();
    const worker = spawn(
      body(function* () {}),
      { name: "never" },
    );
    worker.abort();
    expect(named(feed.take(), "never")).toMatchObject({ state: "cancelled", polls: 0 });
  });

  test("while nobody looks, what is kept is bounded, and what is left out is counted", async () => {
    using _ = enable({ stacks: false });
    using feed = new Feed();
    const [tx, rx] = mpsc.channel<number>(1, { name: "kept" });
    const kept = spawn(
      body(function* () {
        yield* get(rx.recv());
      }),
      { name: "kept" },
    );
    await yieldNow();
    const first = feed.take();
    expect(named(first, "kept")!.state).toBe("waiting");
    for (let i = 0; i < 3000; i++) {
      await spawn(
        body(function* () {
          yield* get(yieldNow());
        }),
      );
    }
    tx.close();
    await kept;
    const changes = feed.take();
    // Whoever was told of always ends; of those that came and went in between, a thousand are told.
    expect(named(changes, "kept")!.state).toBe("done");
    expect(changes.tasks.filter((task) => !isAlive(task))).toHaveLength(1001);
    expect(changes.dropped.tasks).toBe(2000);
    expect(changes.totals.ended).toBe(3001);
    const told = (first.polls.length + changes.polls.length) / 3;
    expect(told + changes.dropped.polls).toBe(changes.totals.polls);
    expect(changes.polls).toHaveLength(4000 * 3);
  });

  test("of 2500 changed tasks two thousand are told at once, and all in the end", async () => {
    using _ = enable({ stacks: false });
    using feed = new Feed();
    const handles = Array.from({ length: 2500 }, () =>
      spawn(
        body(function* () {
          yield* get(sleep(60_000));
        }),
      ),
    );
    await yieldNow();
    const seen = new Set<number>();
    let pending = Infinity;
    for (let looks = 0; looks < 7 && pending > 0; looks++) {
      const changes = feed.take();
      expect(changes.tasks.length).toBeLessThanOrEqual(2000);
      for (const { id } of changes.tasks) seen.add(id);
      ({ pending } = changes);
    }
    expect(pending).toBe(0);
    expect(handles.every(({ id }) => seen.has(id))).toBe(true);
    for (const handle of handles) handle.abort();
    // The next test is told of none of them.
    await joinAll(handles.map((handle) => handle.settled()));
  });
});

test("follows the recording that counts, and finds the tasks that were there before", async () => {
  const before = spawn(() => sleep(60_000), { name: "before" });
  await yieldNow();
  using feed = new Feed();
  expect(named(feed.take(), "before")).toMatchObject({ state: "waiting" });
  {
    using _ = enable();
    spawn(async () => {}, { name: "within" }).detach();
    expect(named(feed.take(), "within")).toBeDefined();
  }
  before.abort();
  await before.settled();
  expect(named(feed.take(), "before")?.state).toBe("cancelled");
});

test("there is one feed at a time", () => {
  using _ = enable();
  const first = new Feed();
  expect(() => new Feed()).toThrow("a feed is open already");
  first[Symbol.dispose]();
  new Feed()[Symbol.dispose]();
});

/** Keeps the loop, by so many ms of the processor's time. */
function block(ms: number): void {
  const since = process.cpuUsage();
  // Most of the time by itself: to ask the system takes longer than the user's part of it.
  do for (let i = 0; i < 1_000_000; i++) Math.imul(i, i);
  while (process.cpuUsage(since).user < ms * 1000);
}

test("what a tool does with what it took is not the program's doing; what came before it is", async () => {
  using _ = enable({ blockedAfter: 100 });
  using feed = new Feed();
  const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 60));
  const blocked = async (): Promise<string[]> => {
    // Whoever was blocked is told of by the next beat.
    for (let i = 0; i < 4; i++) await turn();
    return feed
      .take()
      .warnings.filter(({ lint }) => lint === "blocked-loop")
      .map(({ message }) => message);
  };
  // A program without tasks is still being loaded.
  using _program = spawn(() => sleep(600_000));
  await blocked();
  feed.aside(() => block(400));
  expect(await blocked()).toEqual([]);
  // A machine that gives the loop no time for a tenth of a second may hide the one that is looked for.
  for (let attempt = 0; attempt < 20; attempt++) {
    await new Promise<void>((done) => setTimeout(() => done(block(400))));
    feed.aside(() => {});
    if ((await blocked()).length > 0) return;
  }
  throw new Error("a loop that was blocked before the tool looked is told of");
}, 60_000);
