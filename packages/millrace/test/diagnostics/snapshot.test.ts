/** What a snapshot says of tasks and of what they wait for. */
import {
  asyncFn,
  Barrier,
  broadcast,
  join,
  mpsc,
  Mutex,
  Notify,
  oneshot,
  PENDING,
  pollFn,
  ready,
  RwLock,
  scope,
  select,
  Semaphore,
  sleep,
  spawn,
  watch,
  yieldNow,
  type Future,
  type Routine,
  type Waker,
} from "millrace";
import { startActor } from "millrace/actor";
import { enable, snapshot } from "millrace/diagnostics";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { turn } from "../turn.ts";

function task(name: string) {
  const found = snapshot().tasks.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no task '${name}' in the snapshot`);
  return found;
}

inBothStyles("a task goes from ready over waiting to done", function* ({ body }) {
  using _ = enable();
  const worker = spawn(
    body(function* () {
      expect(task("worker").state).toBe("running");
      yield* get(sleep(4200));
    }),
    { name: "worker" },
  );
  expect(task("worker")).toMatchObject({ state: "ready", kind: "task", polls: 0 });
  yield* get(sleep(200));
  expect(task("worker")).toMatchObject({ state: "waiting", wakes: 1, selfWakes: 0 });
  expect(task("worker").waitingOn).toMatchObject({
    operation: expect.stringMatching(/^a sleep until \d+ ms$/),
    at: expect.stringMatching(/both-styles\.ts:\d+:\d+$|snapshot\.test\.ts:\d+:\d+$/),
  });
  yield* get(worker);
  const done = task("worker");
  expect(done).toMatchObject({ state: "done", wakes: expect.any(Number) });
  expect(done.waitingOn).toBeUndefined();
  expect(done.idleMs).toBe(4200);
  expect(done.polls).toBeGreaterThanOrEqual(2);
});

inBothStyles("a task is told by its parent, its spawn site and how it ended", function* ({ body }) {
  using _ = enable();
  const parent = spawn(
    body(function* () {
      const child = spawn(
        body(function* () {}),
        { name: "child" },
      );
      yield* get(child);
      const failing = spawn(
        body(function* () {
          throw new Error("boom");
        }),
        { name: "failing" },
      );
      yield* get(failing.settled());
      const aborted = spawn(
        body(function* () {
          yield* get(sleep(1000));
        }),
        { name: "aborted" },
      );
      yield* get(yieldNow());
      aborted.abort();
      expect(task("aborted").state).toBe("cancelling");
      yield* get(aborted.settled());
    }),
    { name: "parent" },
  );
  yield* get(parent);
  expect(task("child")).toMatchObject({ parent: task("parent").id, state: "done" });
  expect(task("child").spawnedAt).toMatch(/snapshot\.test\.ts:\d+:\d+$/);
  expect(task("failing").state).toBe("failed");
  expect(task("aborted").state).toBe("cancelled");
});

inBothStyles("who waits for a lock, and who has it, is known", function* ({ body }) {
  using _ = enable();
  const accounts = new Mutex(0, { name: "accounts" });
  const locked = body(function* () {
    const guard = yield* get(accounts.lock());
    yield* get(sleep(10));
    guard.release();
  });
  const [first, second] = [spawn(locked), spawn(locked)];
  yield* get(sleep(1));
  const { resources, tasks } = snapshot();
  const mutex = resources.find(({ name }) => name === "accounts")!;
  expect(mutex).toMatchObject({
    kind: "mutex",
    holders: [first.id],
    waiters: [second.id],
    attributes: { locked: true, waiting: 1 },
  });
  expect(mutex.createdAt).toMatch(/snapshot\.test\.ts:\d+:\d+$/);
  expect(tasks.find(({ id }) => id === second.id)!.waitingOn).toMatchObject({
    operation: `lock on mutex #${mutex.id} 'accounts'`,
    resource: mutex.id,
  });
  yield* get(first);
  yield* get(second);
  const after = snapshot().resources.find(({ id }) => id === mutex.id)!;
  expect(after).toMatchObject({ holders: [], waiters: [], attributes: { locked: false } });
});

interface Wait {
  readonly future: Future<unknown>;
  readonly operation: RegExp;
  readonly attributes: object;
}

/** So that the collector closes nothing that is waited for. */
const held: unknown[] = [];
function hold<T>(value: T): T {
  held.push(value);
  return value;
}

/** Each makes something that nobody can have at once. */
const waits: Record<string, () => Wait> = {
  mpsc: () => ({
    future: hold(mpsc.channel<number>(32, { name: "jobs" }))[1].recv(),
    operation: /^recv on channel #\d+ 'jobs' \(0\/32, 1 sender\)$/,
    attributes: { size: 0, capacity: 32, senders: 1, closed: false },
  }),
  broadcast: () => ({
    future: hold(broadcast.channel<number>(4))[1].recv(),
    operation: /^recv on broadcast channel #\d+$/,
    attributes: { size: 0, capacity: 4, senders: 1, receivers: 1 },
  }),
  watch: () => ({
    future: hold(watch.channel(0))[1].changed(),
    operation: /^a change on watch channel #\d+$/,
    attributes: { version: 0, senders: 1, receivers: 1 },
  }),
  oneshot: () => ({
    future: hold(oneshot.channel<number>())[1],
    operation: /^the value of oneshot channel #\d+$/,
    attributes: { sent: false, senderClosed: false },
  }),
  rwlock: () => {
    const lock = new RwLock(0, { name: "settings" });
    hold(lock.tryWrite());
    return {
      future: lock.read(),
      operation: /^read on read-write lock #\d+ 'settings'$/,
      attributes: { free: 0, waiting: 1 },
    };
  },
  semaphore: () => ({
    future: new Semaphore(1).acquire(2),
    operation: /^acquire of 2 on semaphore #\d+ \(0 free\)$/,
    attributes: { free: 0, waiting: 1 },
  }),
  notify: () => ({
    future: new Notify().notified(),
    operation: /^a notification of notify #\d+$/,
    attributes: { stored: false, waiting: 1 },
  }),
  barrier: () => ({
    future: new Barrier(3).wait(),
    operation: /^barrier #\d+ \(1 of 3 arrived\)$/,
    attributes: { arrived: 1, parties: 3 },
  }),
  timer: () => ({
    future: sleep(10_000),
    operation: /^a sleep until \d+ ms$/,
    attributes: { deadline: expect.any(Number) as number },
  }),
};

for (const [kind, make] of Object.entries(waits)) {
  inBothStyles(`a resource of the kind ${kind} describes itself`, function* ({ body }) {
    using _ = enable();
    const wait = make();
    const waiter = spawn(
      body(function* () {
        yield* get(wait.future);
      }),
      { name: kind },
    );
    yield* get(sleep(1));
    const { waitingOn } = task(kind);
    expect(waitingOn!.operation).toMatch(wait.operation);
    const resource = snapshot().resources.find(({ id }) => id === waitingOn!.resource);
    expect(resource).toMatchObject({ kind, waiters: [waiter.id], attributes: wait.attributes });
    waiter.abort();
    yield* get(waiter.settled());
  });
}

/** Keeps the processor for so many ms. */
function burn(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

function* napAndBurn(): Routine<void> {
  yield* sleep(1);
  burn(20);
}

test.each<[string, () => Future<unknown>]>([
  ["a call", () => asyncFn(napAndBurn)()],
  ["a scope", () => scope(napAndBurn)],
  ["a branch of a select", () => select({ one: asyncFn(napAndBurn)() })],
  ["a callback", () => sleep(1).map(() => burn(20))],
  ["a callback of what is ready", () => ready(0).map(() => burn(20))],
])("what runs in %s that an async body awaits is time of its task", async (_, make) => {
  using _recording = enable({ stacks: false });
  await spawn(async () => void (await make()), { name: "worker" });
  const { busyMs, longestPollMs } = task("worker");
  expect(busyMs).toBeGreaterThanOrEqual(20);
  expect(longestPollMs).toBeGreaterThanOrEqual(20);
});

inBothStyles(
  "what runs after an await of something that was ready is time of its task",
  function* ({ body }) {
    using _ = enable({ stacks: false });
    const worker = spawn(
      body(function* () {
        yield* get(ready(0));
        burn(20);
        yield* get(ready(0));
      }),
      { name: "worker" },
    );
    yield* get(worker);
    expect(task("worker").busyMs).toBeGreaterThanOrEqual(20);
  },
);

inBothStyles("one that was woken for nothing waits as before", function* ({ body, clock }) {
  using _ = enable({ stacks: false });
  let waker: Waker | undefined;
  const stop = new Notify();
  spawn(
    body(function* () {
      yield* get(
        join(
          pollFn((by) => {
            waker = by;
            return PENDING;
          }),
          stop.notified(),
        ).until(AbortSignal.timeout(60_000)),
      );
    }),
    { name: "worker" },
  ).detach();
  yield* get(sleep(10));
  const { state, waitingOn } = task("worker");
  expect(state).toBe("waiting");
  waker!.wake();
  expect(task("worker").state).toBe("ready");
  yield* get(sleep(10));
  expect(task("worker")).toMatchObject({ state: "waiting", waitingOn: { since: waitingOn!.since } });
  expect(clock.now()).toBeGreaterThan(waitingOn!.since);
});

test("a wait for a foreign promise is not shown at the line of an earlier join", async () => {
  using _ = enable();
  const joined = spawn(async () => {}, { name: "joined" });
  const stop = Promise.withResolvers<void>();
  const worker = spawn(
    async () => {
      await joined;
      await stop.promise;
    },
    { name: "worker" },
  );
  await yieldNow();
  await turn();
  await turn();
  const { waitingOn } = task("worker");
  expect(waitingOn!.operation).toBe("a promise that is not the runtime's");
  expect(waitingOn!.at).toBeUndefined();
  stop.resolve();
  await worker;
});

inBothStyles("a wait inside of a call is counted from its own beginning", function* ({ body }) {
  using _ = enable({ stacks: false });
  const [tx, rx] = mpsc.channel<number>(1);
  using receiver = rx;
  const call = asyncFn(
    body(function* () {
      yield* get(sleep(1000));
      return yield* get(receiver.recv());
    }),
  );
  const worker = spawn(
    body(function* () {
      return yield* get(call());
    }),
    { name: "worker" },
  );
  yield* get(sleep(1500));
  const { waitingOn } = task("worker");
  expect(waitingOn!.operation).toMatch(/^recv on/);
  expect(snapshot().at - waitingOn!.since).toBe(500);
  tx.close();
  yield* get(worker);
});

inBothStyles("where an actor waits is where its method does", function* ({ body }) {
  using _ = enable();
  const work = body(function* () {
    yield* get(sleep(1000));
  });
  using actor = startActor(() => ({ work }), { name: "slow" });
  const asked = spawn(() => actor.ask.work());
  yield* get(sleep(1));
  expect(task("slow").waitingOn).toMatchObject({
    operation: expect.stringMatching(/^a sleep until/) as unknown,
    at: expect.stringMatching(/snapshot\.test\.ts:\d+:\d+$/) as unknown,
  });
  actor.abort();
  yield* get(asked.settled());
});

inBothStyles("an actor is told from other tasks, also if it was there before", function* () {
  using actor = startActor(() => ({ ping: () => "pong" }), { name: "actor" });
  using _ = enable();
  expect(yield* get(actor.ask.ping())).toBe("pong");
  expect(task("actor").kind).toBe("actor");
  yield* get(actor.stop());
});

inBothStyles("without a recording the living tasks are shown, and what they wait for", function* ({ body }) {
  const [tx, rx] = mpsc.channel<number>(1);
  const worker = spawn(
    body(function* () {
      yield* get(rx.recv());
    }),
    { name: "unrecorded" },
  );
  yield* get(sleep(1));
  expect(task("unrecorded")).toMatchObject({ state: "waiting", polls: 0 });
  expect(task("unrecorded").waitingOn!.operation).toBe("recv on an mpsc channel (0/1, 1 sender)");
  expect(snapshot().warnings).toEqual([]);
  tx.close();
  yield* get(worker);
});

inBothStyles("history bounds how many ended tasks are shown", function* ({ body }) {
  using _ = enable({ history: 3 });
  for (let i = 0; i < 20; i++)
    yield* get(
      spawn(
        body(function* () {}),
        { name: `task ${i}` },
      ),
    );
  const names = snapshot()
    .tasks.filter(({ state }) => state === "done")
    .map(({ name }) => name);
  expect(names).toEqual(["task 17", "task 18", "task 19"]);
});

test("enable checks its options", () => {
  expect(() => enable({ blockedAfter: 0 })).toThrow(RangeError);
  expect(() => enable({ blockedAfter: NaN })).toThrow(
    /expects blockedAfter to be a positive number of ms, got NaN/,
  );
  expect(() => enable({ history: -1 })).toThrow(RangeError);
});
