/** Owners of tasks and combinators under every order, and with any task cancelled. */
import {
  JoinMap,
  JoinSet,
  Mutex,
  Semaphore,
  TaskTracker,
  asyncFn,
  join,
  mpsc,
  race,
  scope,
  select,
  shield,
  sleep,
  spawn,
  timeout,
  yieldNow,
  type TaskScope,
} from "millrace";
import { describe } from "vitest";
import { get } from "../both-styles.ts";
import { check, explored, finish } from "./explored.ts";

describe("JoinSet", () => {
  explored("each task comes out once, with a limit on how many run", function* ({ body }) {
    const set = new JoinSet<number>({ limit: 1 });
    let running = 0;
    for (const n of [1, 2, 3])
      set.spawn(
        body(function* () {
          check(++running === 1, "two at once");
          try {
            yield* get(yieldNow());
          } finally {
            running--;
          }
          return n;
        }),
        { name: `${n}` },
      );
    let ended = 0;
    for (;;) {
      const outcome = yield* get(set.joinNext());
      if (outcome === undefined) break;
      if (outcome.status === "rejected") throw outcome.reason;
      ended++;
    }
    check(ended === 3 && set.size === 0, `${ended} of 3`);
  });

  explored("shutdown leaves nothing running", function* ({ body }) {
    const set = new JoinSet<void>();
    let running = 0;
    for (const name of ["a", "b"])
      set.spawn(
        body(function* () {
          running++;
          try {
            yield* get(sleep(1));
            yield* get(sleep(1));
          } finally {
            running--;
          }
        }),
        { name },
      );
    yield* get(sleep(1));
    yield* get(set.shutdown());
    check(running === 0 && set.size === 0, `${running} are running`);
  });
});

describe("JoinMap", () => {
  explored("a task that is replaced never comes out", function* ({ body }) {
    const map = new JoinMap<string, number>();
    const nap = (n: number) =>
      body(function* () {
        yield* get(yieldNow());
        return n;
      });
    map.spawn("a", nap(1), { name: "a1" });
    map.spawn("b", nap(2), { name: "b" });
    yield* get(yieldNow());
    map.spawn("a", nap(3), { name: "a3" });
    const seen: string[] = [];
    for (;;) {
      const next = yield* get(map.joinNext());
      if (next === undefined) break;
      if (next.status === "fulfilled") seen.push(`${next.key}${next.value}`);
      if (next.status === "rejected") throw next.reason;
    }
    check(seen.filter((each) => each.startsWith("a")).length <= 1, seen.join());
  });
});

describe("scope", () => {
  explored("ends when the last of its tasks has", function* ({ body }) {
    let running = 0;
    const work = body(function* () {
      running++;
      try {
        yield* get(sleep(1));
      } finally {
        running--;
      }
    });
    const inner = asyncFn(
      body(function* () {
        yield* get(
          scope(
            body(function* (tasks: TaskScope) {
              tasks.spawn(work, { name: "a" });
              tasks.spawn(work, { name: "b" });
              yield* get(yieldNow());
            }) as (tasks: TaskScope) => Promise<void>,
          ),
        );
      }) as () => Promise<void>,
    );
    yield* finish([spawn(inner(), { name: "outer" })]);
    check(running === 0, `${running} are running`);
  });

  explored("the first failure ends the others, and is the scope's", function* ({ body }) {
    let hasFailed = false;
    const result = yield* get(
      scope(
        body(function* (tasks: TaskScope) {
          tasks.spawn(
            body(function* () {
              yield* get(yieldNow());
              hasFailed = true;
              throw new Error("first");
            }),
            { name: "a" },
          );
          yield* get(
            tasks.spawn(
              body(() => get(sleep(100))),
              { name: "b" },
            ),
          );
        }) as (tasks: TaskScope) => Promise<void>,
      ).settled(),
    );
    // A body that was cancelled first has ended it so, with the failure attached.
    check(!hasFailed || result.status !== "fulfilled", "it did not fail");
  });
});

describe("TaskTracker", () => {
  explored("waits for all, however they end", function* ({ body }) {
    const tracker = new TaskTracker();
    let running = 0;
    const work = body(function* () {
      running++;
      try {
        yield* get(yieldNow());
      } finally {
        running--;
      }
    });
    for (const name of ["a", "b"]) void tracker.spawn(work, { name });
    const waiter = spawn(
      body(function* () {
        yield* get(tracker.wait());
        check(running === 0, `${running} are running`);
      }),
      { name: "waiter" },
    );
    yield* get(yieldNow());
    tracker.close();
    yield* finish([waiter]);
    yield* get(tracker.wait());
  });
});

describe("combinators", () => {
  explored("a select loses no message to the branch that wins", function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(1);
    const [stop, stopped] = mpsc.channel<number>(1);
    const received: number[] = [];
    const consume = body(function* () {
      for (;;) {
        const { key, value } = yield* get(select({ message: rx.recv(), stop: stopped.recv() }));
        if (key === "message" && value !== undefined) received.push(value);
        else return;
      }
    });
    const consumer = spawn(consume, { name: "consumer" });
    const sender = spawn(
      body(function* () {
        yield* get(timeout(2, tx.send(1)).settled());
      }),
      { name: "sender" },
    );
    yield* finish([sender]);
    stop.trySend(0);
    yield* finish([consumer]);
    const left = rx.tryRecv();
    const sent = received.length + (left.ok ? 1 : 0);
    check(sent <= 1, `${sent} messages`);
  });

  explored("join and race abandon what they no longer need, with its cleanup", function* ({ body }) {
    const mutex = new Mutex(0);
    const hold = asyncFn(
      body(function* (ms: number) {
        const guard = yield* get(mutex.lock());
        try {
          yield* get(sleep(ms));
        } finally {
          guard.release();
        }
      }) as (ms: number) => Promise<void>,
    );
    const both = body(function* () {
      yield* get(race(hold(1), hold(2)));
    });
    const all = body(function* () {
      yield* get(join(hold(1), timeout(2, hold(1)).settled()));
    });
    yield* finish([spawn(both, { name: "race" }), spawn(all, { name: "join" })]);
    check(!mutex.isLocked, "it is still locked");
  });

  explored("shared: one that goes away disturbs no other", function* ({ body }) {
    let calls = 0;
    const load = asyncFn(
      body(function* () {
        calls++;
        yield* get(yieldNow());
        return 7;
      }) as () => Promise<number>,
    );
    const shared = load().shared();
    const use = body(function* () {
      check((yield* get(shared)) === 7, "not the value");
      return 1;
    });
    const used = yield* finish([spawn(use, { name: "a" }), spawn(use, { name: "b" })]);
    check(used.length === 0 || calls === 1, `${calls} calls`);
  });

  explored("what is shielded goes on to its end", function* ({ body }) {
    const permits = new Semaphore(1);
    let [begun, done] = [0, 0];
    const commit = body(function* () {
      begun++;
      const permit = yield* get(permits.acquire());
      yield* get(yieldNow());
      permit.release();
      done++;
    }) as () => Promise<void>;
    const work = body(function* () {
      yield* get(shield(commit));
    });
    yield* finish([spawn(work, { name: "a" }), spawn(work, { name: "b" })]);
    check(begun === done && permits.availablePermits === 1, `${done} of ${begun} are done`);
  });
});
