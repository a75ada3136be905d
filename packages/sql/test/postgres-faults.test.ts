/**
 * PostgreSQL and its connections failing in every way that we can bring about: nothing hangs, nothing that
 * was reported as done is lost, nothing happens twice, and the pool heals. docs/data.md has the table.
 */
import { createServer, type AddressInfo, type Socket } from "node:net";
import { Client } from "pg";
import { fromPromise, JoinSet, LaggedError, oneshot, sleep, spawn, type Future } from "millrace";
import {
  ConnectionError,
  ContentionError,
  sql,
  StatementError,
  type Database,
  type Transaction,
} from "@millrace/sql";
import {
  notification,
  openPostgres,
  type PostgresDatabase,
  type PostgresOptions,
} from "@millrace/sql/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCuttingProxy } from "./support/cutting-proxy.ts";
import { failure, get, inBothStyles, type Steps, type Style } from "./support/in-both-styles.ts";
import { allOf, createPeople, person } from "./support/people.ts";
import { sayLoudly, startPostgres, whyNoServer, type PostgresServer } from "./support/postgres-server.ts";

let server: PostgresServer;

beforeAll(async () => {
  if (whyNoServer !== undefined) {
    return sayLoudly(
      "the tests of failures of PostgreSQL, which need a server of their own to stop",
      whyNoServer,
    );
  }
  server = await startPostgres({ max_connections: "20", log_min_messages: "log" });
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** As somebody else, from outside of what is tested. */
function* outside(text: string): Steps<Record<string, unknown>[]> {
  const client = new Client(server.url);
  yield* get(fromPromise(client.connect()));
  const { rows } = yield* get(fromPromise(client.query<Record<string, unknown>>(text)));
  yield* get(fromPromise(client.end()));
  return rows;
}
const sessions = "FROM pg_stat_activity WHERE application_name = 'tested'";

function* untilSessions(count: number, condition: string = ""): Steps<void> {
  for (;;) {
    const [row] = yield* outside(`SELECT count(*)::int AS n ${sessions} ${condition}`);
    if (row?.["n"] === count) return;
    yield* get(sleep(10));
  }
}

function open(options: PostgresOptions = {}, url: string = server.url): Future<PostgresDatabase> {
  return openPostgres(url, { applicationName: "tested", connections: 2, ...options });
}

/** A test with a database, that leaves no session behind. */
function withDatabase(
  name: string,
  steps: (database: PostgresDatabase, style: Style) => Steps<void>,
  options: PostgresOptions = {},
): void {
  inBothStyles(name, function* (style) {
    const database = yield* get(open(options));
    yield* steps(database, style);
    expect(database.connections.leased).toBe(0);
    yield* get(database.close());
    yield* untilSessions(0);
  });
}

/** Ends with an error unless it is a `ConnectionError` that says whether the outcome is known. */
function* broken(future: Future<unknown>, isOutcomeUnknown: boolean): Steps<void> {
  const error = yield* failure(future);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({ code: "ERR_SQL_CONNECTION", isOutcomeUnknown });
}

describe.skipIf(whyNoServer !== undefined)("when PostgreSQL fails", () => {
  withDatabase(
    "a session that is terminated in mid-transaction: rolled back, told, and the pool heals",
    function* (database, style) {
      const repo = yield* createPeople(database);
      const transaction = database.transaction(
        style.body(function* (tx: Transaction) {
          yield* get(repo.in(tx).save(person(1)));
          yield* outside(`SELECT pg_terminate_backend(pid) ${sessions} AND state = 'idle in transaction'`);
          yield* get(repo.in(tx).save(person(2)));
        }),
      );
      const error = yield* failure(transaction);
      expect(error).toBeInstanceOf(ConnectionError);
      expect(yield* allOf(repo)).toEqual([]);
      yield* get(repo.save(person(3)));
      expect(yield* allOf(repo)).toEqual([person(3)]);
    },
  );

  withDatabase(
    "a session that is terminated while it executes: told that the outcome is unknown",
    function* (database) {
      const query = spawn(() => database.query(sql`SELECT pg_sleep(3600)`));
      yield* untilSessions(1, "AND state = 'active'");
      yield* outside(`SELECT pg_terminate_backend(pid) ${sessions} AND state = 'active'`);
      yield* broken(query, true);
      expect(yield* get(database.query(sql`SELECT 1 AS one`))).toEqual([{ one: 1 }]);
    },
  );

  withDatabase("idle sessions that are terminated are thrown away unnoticed", function* (database) {
    yield* get(database.query(sql`SELECT 1`));
    expect(database.connections.idle).toBe(1);
    yield* outside(`SELECT pg_terminate_backend(pid) ${sessions}`);
    while (database.connections.idle > 0) yield* get(sleep(1));
    expect(yield* get(database.query(sql`SELECT 1 AS one`))).toEqual([{ one: 1 }]);
  });

  withDatabase(
    "the server crashes in mid-transaction, refuses for a while, and comes back",
    function* (database, style) {
      const repo = yield* createPeople(database);
      yield* get(repo.save(person(1)));
      const [enter, entered] = oneshot.channel<null>();
      const transaction = spawn(() =>
        database.transaction(
          style.body(function* (tx: Transaction) {
            yield* get(repo.in(tx).save(person(2)));
            enter.send(null);
            yield* get(tx.query(sql`SELECT pg_sleep(3600)`));
          }),
        ),
      );
      yield* get(entered);
      yield* untilSessions(1, "AND query LIKE '%pg_sleep%'");
      yield* get(fromPromise(server.stop("immediate")));
      yield* broken(transaction, true);
      yield* broken(repo.find(1), false); // refused
      expect(database.connections).toEqual({ leased: 0, idle: 0 });
      yield* get(fromPromise(server.start()));
      expect(yield* allOf(repo)).toEqual([person(1)]);
    },
  );

  withDatabase(
    "the server crashes under load: what was reported as saved is there, once",
    function* (database) {
      const repo = yield* createPeople(database);
      const saving = new JoinSet<number>();
      for (let id = 1; id <= 400; id++) {
        saving.spawn(function* () {
          yield* repo.save(person(id));
          return id;
        });
      }
      const saved = new Set<number>();
      const failures: unknown[] = [];
      for (
        let next = yield* get(saving.joinNext());
        next !== undefined;
        next = yield* get(saving.joinNext())
      ) {
        if (next.status === "fulfilled") saved.add(next.value);
        else failures.push(next.reason);
        if (saved.size === 100 && failures.length === 0) yield* get(fromPromise(server.stop("immediate")));
      }
      yield* get(fromPromise(server.start()));
      expect(failures.length).toBeGreaterThan(0);
      for (const error of failures) expect(error).toBeInstanceOf(ConnectionError);
      const stored = (yield* allOf(repo)).map(({ id }) => id);
      expect(new Set(stored).size).toBe(stored.length);
      expect([...saved].filter((id) => !stored.includes(id))).toEqual([]);
      // Two sessions: at most two whose outcome was unknown may be there besides.
      expect(stored.length - saved.size).toBeLessThanOrEqual(2);
      // Saving again is harmless, so whoever does not know does it again.
      yield* get(repo.saveMany(Array.from({ length: 400 }, (_, i) => person(i + 1))));
      expect(yield* get(repo.all().count())).toBe(400);
    },
  );

  for (const when of ["before", "after"] as const) {
    inBothStyles(
      `the line breaks ${when} the server has seen the commit: whether it happened is not known, and so it says`,
      function* (style) {
        const proxy = yield* get(fromPromise(startCuttingProxy(server.url)));
        const database = yield* get(open({}, proxy.url));
        const repo = yield* createPeople(database);
        proxy.cut("COMMIT", when);
        const transaction = database.transaction(
          style.body(function* (tx: Transaction) {
            yield* get(repo.in(tx).save(person(1)));
          }),
        );
        yield* broken(transaction, true);
        yield* untilSessions(0, "AND state <> 'idle'");
        expect(yield* allOf(repo)).toEqual(when === "before" ? [] : [person(1)]);
        yield* get(database.close());
        yield* get(fromPromise(proxy[Symbol.asyncDispose]()));
      },
    );
  }

  inBothStyles("nobody listens at the address", function* () {
    yield* broken(open({}, "postgres://millrace@127.0.0.1:1/postgres"), false);
  });

  inBothStyles("the server does not let us in", function* () {
    const error = yield* failure(open({}, server.url.replace("/postgres", "/nowhere")));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ databaseCode: "3D000" });
    expect((error as Error).message).toContain("nowhere");
  });

  inBothStyles("the server has no place for another session: told, and none is lost", function* () {
    const holders = yield* get(
      fromPromise(
        Promise.all(
          Array.from({ length: 16 }, async () => {
            const client = new Client(server.url);
            await client.connect();
            return client;
          }),
        ),
      ),
    );
    const many = yield* get(open({ connections: 10 }));
    const results = yield* get(
      fromPromise(
        Promise.allSettled(Array.from({ length: 10 }, () => many.query(sql`SELECT pg_sleep(0.05)`))),
      ),
    );
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ name: "ConnectionError", databaseCode: "53300" });
    expect(many.connections.leased).toBe(0);
    yield* get(fromPromise(Promise.all(holders.map((client) => client.end()))));
    yield* get(many.query(sql`SELECT 1`));
    yield* get(many.close());
  });

  describe("a server that accepts and says nothing", () => {
    const silent = (): Promise<{ readonly url: string; readonly open: Set<Socket>; close(): void }> =>
      new Promise((resolve) => {
        const sockets = new Set<Socket>();
        const listener = createServer((socket) => {
          sockets.add(socket);
          socket
            .on("error", () => {})
            .on("close", () => sockets.delete(socket))
            .resume();
        });
        listener.listen(0, "127.0.0.1", () => {
          const { port } = listener.address() as AddressInfo;
          resolve({ url: `postgres://x@127.0.0.1:${port}/x`, open: sockets, close: () => listener.close() });
        });
      });

    inBothStyles("is given up after the time limit, and the socket is closed", function* () {
      const blackHole = yield* get(fromPromise(silent()));
      const error = yield* failure(open({ connectTimeout: 30 }, blackHole.url));
      expect((error as Error).message).toContain("no answer within 30 ms");
      while (blackHole.open.size > 0) yield* get(sleep(1));
      blackHole.close();
    });

    inBothStyles("is let go of when the attempt is abandoned", function* () {
      const blackHole = yield* get(fromPromise(silent()));
      const opening = spawn(() => open({}, blackHole.url));
      while (blackHole.open.size === 0) yield* get(sleep(1));
      opening.abort();
      expect(yield* get(opening.settled())).toMatchObject({ status: "cancelled" });
      while (blackHole.open.size > 0) yield* get(sleep(1));
      blackHole.close();
    });
  });

  withDatabase(
    "a session that does not answer a cancel request is broken off, and replaced",
    function* (database) {
      const query = spawn(() => database.query(sql`SELECT pg_sleep(3600)`));
      yield* untilSessions(1, "AND state = 'active'");
      const [row] = yield* outside(`SELECT pid ${sessions} AND state = 'active'`);
      process.kill(row!["pid"] as number, "SIGSTOP");
      query.abort();
      expect(yield* get(query.settled())).toMatchObject({ status: "cancelled" });
      expect(yield* get(database.query(sql`SELECT 1 AS one`))).toEqual([{ one: 1 }]);
      process.kill(row!["pid"] as number, "SIGCONT");
    },
    { stopTimeout: 50, connections: 1 },
  );

  withDatabase(
    "a cancel request never hits the statement that comes next",
    function* (database) {
      for (let round = 0; round < 60; round++) {
        const query = spawn(() => database.query(sql`SELECT pg_sleep(${(round % 6) * 0.0005})`));
        yield* get(sleep(round % 4));
        query.abort();
        yield* get(query.settled());
        // 57014 here would be the request of the one before.
        expect(yield* get(database.query(sql`SELECT pg_sleep(0.001), ${round}::int AS round`))).toMatchObject(
          [{ round }],
        );
      }
    },
    { connections: 1 },
  );

  withDatabase(
    "what is abandoned is cancelled on the server, and its session is used again",
    function* (database) {
      const pid = function* (): Steps<unknown> {
        return (yield* get(database.query(sql`SELECT pg_backend_pid() AS pid`)))[0]?.["pid"];
      };
      const before = yield* pid();
      const query = spawn(() => database.query(sql`SELECT pg_sleep(3600)`));
      yield* untilSessions(1, "AND state = 'active'");
      query.abort();
      yield* get(query.settled());
      yield* untilSessions(0, "AND state = 'active'");
      expect(yield* pid()).toBe(before);
    },
    { connections: 1 },
  );

  withDatabase(
    "two transactions that wait for each other: one is told to try again",
    function* (database, style) {
      const repo = yield* createPeople(database);
      yield* get(repo.saveMany([person(1), person(2)]));
      const both = [1, 2].map((mine) => {
        const [tell, told] = oneshot.channel<null>();
        return { mine, tell, told };
      });
      const running = both.map(({ mine, tell }, i) =>
        spawn(() =>
          database.transaction(
            style.body(function* (tx: Transaction) {
              yield* get(repo.in(tx).save(person(mine, `by ${mine}`)));
              tell.send(null);
              yield* get(both[1 - i]!.told);
              yield* get(repo.in(tx).save(person(3 - mine, `also by ${mine}`)));
            }),
          ),
        ),
      );
      const outcomes = [yield* get(running[0]!.settled()), yield* get(running[1]!.settled())];
      const [lost] = outcomes.filter(({ status }) => status === "rejected");
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(lost?.status === "rejected" && lost.reason).toBeInstanceOf(ContentionError);
    },
  );

  withDatabase("a transaction reads with the isolation that it asks for", function* (database, style) {
    const isolation = function* (options: Parameters<Database["transaction"]>[1]): Steps<unknown> {
      const rows = database.transaction(
        style.body(function* (tx: Transaction) {
          return yield* get(
            tx.query(
              sql`SELECT current_setting('transaction_isolation') AS i, current_setting('transaction_read_only') AS r`,
            ),
          );
        }),
        options,
      );
      return (yield* get(rows))[0];
    };
    expect(yield* isolation({ isolation: "serializable", readOnly: true })).toEqual({
      i: "serializable",
      r: "on",
    });
    expect(yield* isolation({})).toEqual({ i: "read committed", r: "off" });
    const write = database.transaction(
      style.body(function* (tx: Transaction) {
        yield* get(tx.execute(sql`CREATE TABLE t (x INTEGER)`));
      }),
      { readOnly: true },
    );
    expect(yield* failure(write)).toBeInstanceOf(StatementError);
  });

  withDatabase(
    "sessions that are idle for long are ended",
    function* (database) {
      yield* get(database.query(sql`SELECT 1`));
      yield* untilSessions(0);
      expect(yield* get(database.query(sql`SELECT 1 AS one`))).toEqual([{ one: 1 }]);
    },
    { idleTimeout: 20 },
  );
});

describe.skipIf(whyNoServer !== undefined)("notifications", () => {
  withDatabase(
    "come in order, from the moment that listening has begun; those of a transaction when it is committed",
    function* (database, style) {
      const stream = yield* get(database.listen(["one", "Two.x"]));
      yield* get(database.notify("one", "1"));
      yield* get(database.notify("Two.x", "2"));
      yield* get(database.notify("other", "3"));
      yield* get(
        database.transaction(
          style.body(function* (tx: Transaction) {
            yield* get(tx.query(notification("one", "4")));
            yield* get(database.notify("one", "5"));
          }),
        ),
      );
      const rolledBack = database.transaction(
        style.body(function* (tx: Transaction) {
          yield* get(tx.query(notification("one", "never")));
          throw new Error("no");
        }),
      );
      yield* failure(rolledBack);
      yield* get(database.notify("one"));
      expect(yield* get(stream.take(5).collect())).toEqual([
        { channel: "one", payload: "1" },
        { channel: "Two.x", payload: "2" },
        { channel: "one", payload: "5" },
        { channel: "one", payload: "4" },
        { channel: "one", payload: "" },
      ]);
    },
  );

  withDatabase("end with the stream, however it is left", function* (database) {
    const unread = yield* get(database.listen("one"));
    yield* untilSessions(2);
    yield* get(fromPromise(unread[Symbol.asyncDispose]()));
    yield* untilSessions(1);
    const reading = yield* get(database.listen("one"));
    const task = spawn(() => reading.forEach(() => {}));
    yield* untilSessions(2);
    task.abort();
    yield* get(task.settled());
    yield* untilSessions(1);
    const opening = spawn(() => database.listen("one"));
    yield* get(sleep(2));
    opening.abort();
    const outcome = yield* get(opening.settled());
    if (outcome.status === "fulfilled") yield* get(fromPromise(outcome.value[Symbol.asyncDispose]()));
    yield* untilSessions(1);
  });

  withDatabase("fail when the session is terminated, since some may be lost then", function* (database) {
    const stream = yield* get(database.listen("one"));
    yield* get(database.notify("one", "last"));
    expect(yield* get(stream.next())).toMatchObject({ value: { payload: "last" } });
    yield* outside(`SELECT pg_terminate_backend(pid) ${sessions} AND query LIKE 'LISTEN%'`);
    const error = yield* failure(stream.next());
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toContain("notifications may be lost");
  });

  withDatabase("say so when their reader is too slow", function* (database) {
    const stream = yield* get(database.listen("one", { capacity: 3 }));
    for (let i = 0; i < 5; i++) yield* get(database.notify("one", `${i}`));
    yield* get(sleep(50));
    for (let i = 0; i < 3; i++)
      expect(yield* get(stream.next())).toMatchObject({ value: { payload: `${i}` } });
    expect(yield* failure(stream.next())).toBeInstanceOf(LaggedError);
  });
});

test("bad options are refused at the caller's line, and no password is told", () => {
  expect(() => openPostgres("mysql://root:secret@x/y")).toThrow(
    /^openPostgres expects a URL that begins with postgres:\/\/, or settings; got another text$/,
  );
  expect(() => openPostgres({ connectionString: "postgres//root:secret@x/y" })).toThrow(
    /^openPostgres expects a URL that begins with postgres:\/\/, or settings; got another text$/,
  );
  expect(() => openPostgres("postgres://x/y", { connections: 0 })).toThrow(
    "openPostgres expects connections",
  );
  expect(() => openPostgres("postgres://x/y", { stopTimeout: -1 })).toThrow("stopTimeout");
});
if (whyNoServer !== undefined)
  test(`failures of PostgreSQL are not tested: ${whyNoServer}`, ({ skip }) => skip(whyNoServer));
