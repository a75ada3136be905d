/** What is SQLite's own: it runs beside the loop, one writes and others read, some statements cannot be stopped. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { race, sleep, spawn } from "millrace";
import {
  ConnectionError,
  ContentionError,
  sql,
  StatementError,
  type Sql,
  type Transaction,
} from "@millrace/sql";
import { openSqlite } from "@millrace/sql/sqlite";
import { afterAll, expect, test } from "vitest";
import { failure, get, inBothStyles } from "./support/in-both-styles.ts";
import { allOf, createPeople, person } from "./support/people.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}.sqlite`);

/** Computes for long, and gives its only row at the end. */
const counting = (numbers: number): Sql => sql`
  WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${numbers}) SELECT count(*) AS n FROM c
`;

/** Turns of the event loop until it is told to stop. */
function countTurns(): () => number {
  let turns = 0;
  let next = setImmediate(function turn() {
    turns++;
    next = setImmediate(turn);
  });
  return () => {
    clearImmediate(next);
    return turns;
  };
}

inBothStyles("the event loop goes on turning while a query takes its time", function* () {
  const database = yield* get(openSqlite(newFile()));
  const path = newFile();
  using direct = new DatabaseSync(path);
  const { sql: text, values } = counting(200_000);

  const blocked = countTurns();
  expect(direct.prepare(text).get(...(values as number[]))).toEqual({ n: 200_000 });
  expect(blocked()).toBe(0); // so would it be for everybody, were it on the loop

  const turning = countTurns();
  expect(yield* get(database.query(counting(200_000)))).toEqual([{ n: 200_000 }]);
  expect(turning()).toBeGreaterThan(10);
  yield* get(database.close());
});

inBothStyles("what only reads goes on beside a transaction, and sees what was committed", function* (style) {
  const database = yield* get(openSqlite(newFile()));
  const repo = yield* createPeople(database);
  yield* get(repo.save(person(1)));
  yield* get(
    database.transaction(
      style.body(function* (tx: Transaction) {
        yield* get(repo.in(tx).save(person(2)));
        expect(yield* allOf(repo)).toEqual([person(1)]); // would wait for ever without a reader
        expect(yield* allOf(repo.in(tx))).toEqual([person(1), person(2)]);
      }),
    ),
  );
  expect(yield* allOf(repo)).toEqual([person(1), person(2)]);
  const error = yield* failure(
    database.query(sql`DELETE FROM people RETURNING id`, undefined, { readOnly: true }),
  );
  expect(error).toBeInstanceOf(StatementError);
  expect((error as Error).message).toContain("readonly");
  yield* get(database.close());
});

inBothStyles("a statement that gives rows fails as others do", function* () {
  const database = yield* get(openSqlite(newFile()));
  const repo = yield* createPeople(database);
  yield* get(repo.save(person(1)));
  const twice = sql`INSERT INTO people SELECT * FROM people RETURNING id`;
  expect(yield* failure(database.query(twice))).toMatchObject({ constraint: "unique" });
  const malformed = sql`SELECT json_extract('{', '$.a')`;
  expect(yield* failure(database.query(malformed))).toBeInstanceOf(StatementError);
  yield* get(database.close());
});

inBothStyles("a query that cannot be stopped is given up, and a new connection takes over", function* () {
  const database = yield* get(openSqlite(newFile(), { readers: 0, stopTimeout: 1 }));
  const repo = yield* createPeople(database);
  const task = spawn(() => database.query(counting(1_000_000)));
  while (database.connections.leased === 0) yield* get(sleep(1));
  yield* get(sleep(20)); // it is under way on the thread
  task.abort();
  expect(yield* get(task.settled())).toMatchObject({ status: "cancelled" });
  expect(database.connections).toEqual({ leased: 0, idle: 0 });
  yield* get(repo.save(person(1)));
  expect(yield* allOf(repo)).toEqual([person(1)]);
  yield* get(database.close());
});

inBothStyles("a write that cannot be stopped is never committed once it was abandoned", function* () {
  const database = yield* get(openSqlite(newFile(), { lockWait: 60_000, stopTimeout: 1 }));
  const repo = yield* createPeople(database);
  const long = sql`INSERT INTO people SELECT 1, 'late', n FROM (${counting(1_000_000)})`;
  const task = spawn(() => database.execute(long));
  while (database.connections.leased === 0) yield* get(sleep(1));
  yield* get(sleep(20));
  task.abort();
  expect(yield* get(task.settled())).toMatchObject({ status: "cancelled" });
  yield* get(repo.save(person(2))); // waits for the lock that the other holds
  expect(yield* allOf(repo)).toEqual([person(2)]);
  yield* get(database.close());
});

inBothStyles("in memory everything is on one connection, and is gone with it", function* () {
  const database = yield* get(openSqlite(":memory:"));
  const repo = yield* createPeople(database);
  yield* get(repo.save(person(1)));
  const task = spawn(() => database.query(counting(300_000)));
  while (database.connections.leased === 0) yield* get(sleep(1));
  task.abort();
  yield* get(task.settled());
  expect(yield* allOf(repo)).toEqual([person(1)]);
  yield* get(database.close());
});

inBothStyles("a file that cannot be used says so when it is opened", function* () {
  const noFolder = yield* failure(openSqlite(join(folder, "none", "x.sqlite")));
  expect(noFolder).toBeInstanceOf(ConnectionError);
  expect(noFolder).toMatchObject({ code: "ERR_SQL_CONNECTION", isOutcomeUnknown: false });
  expect((noFolder as Error).message).toContain(join(folder, "none", "x.sqlite"));

  const text = newFile();
  writeFileSync(text, "this is no database, whatever its name says ".repeat(50));
  expect(yield* failure(openSqlite(text))).toBeInstanceOf(ConnectionError);

  const missing = yield* failure(openSqlite(newFile(), { readOnly: true }));
  expect(missing).toBeInstanceOf(ConnectionError);
});

test.skipIf(process.getuid?.() === 0)(
  "a file that can only be read says so (root can write it)",
  async () => {
    const path = newFile();
    new DatabaseSync(path).close();
    chmodSync(path, 0o400);
    await expect(openSqlite(path)).rejects.toThrow("readonly");
  },
);

inBothStyles("a file that another program has locked is waited for, but not for ever", function* () {
  const path = newFile();
  const database = yield* get(openSqlite(path, { lockWait: 20 }));
  const repo = yield* createPeople(database);
  using other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const error = yield* failure(repo.save(person(1)));
  expect(error).toBeInstanceOf(ContentionError);
  expect((error as Error).message).toContain("locked");
  other.exec("COMMIT");
  yield* get(repo.save(person(1)));
  yield* get(database.close());
});

inBothStyles("abandoned while it opens, nothing stays open", function* () {
  const path = newFile();
  const opening = spawn(() => openSqlite(path));
  yield* get(sleep(1));
  opening.abort();
  yield* get(opening.settled());
  const database = yield* get(openSqlite(path, { lockWait: 0 }));
  yield* createPeople(database);
  yield* get(database.close());
});

inBothStyles("a transaction that is abandoned just when it has begun is not left open", function* (style) {
  const path = newFile();
  const database = yield* get(openSqlite(path));
  const repo = yield* createPeople(database);
  const begun = database.transaction(style.body(function* () {}));
  // What it waits for first is the answer to its BEGIN. It is there, and is not read any more.
  yield* get(race(new Promise<void>((wake) => void begun.poll({ wake }))));
  begun[Symbol.dispose]();
  while (database.connections.leased > 0) yield* get(sleep(1));
  yield* get(repo.save(person(1)));
  using other = new DatabaseSync(path);
  expect(other.prepare("SELECT count(*) AS n FROM people").get()).toEqual({ n: 1 });
  yield* get(database.close());
});

test("bad options are refused at the caller's line", () => {
  expect(() => openSqlite("")).toThrow(TypeError);
  expect(() => openSqlite("x", { readers: -1 })).toThrow("openSqlite expects readers to be an integer");
  expect(() => openSqlite("x", { lockWait: Number.NaN })).toThrow("lockWait");
});
