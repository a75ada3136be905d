/** The thread of an SQLite connection ends in mid-statement: whoever waits is told, and the pool heals. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { fromPromise, sleep, spawn } from "millrace";
import { ConnectionError, sql, type Sql, type Transaction } from "@millrace/sql";
import { openSqlite } from "@millrace/sql/sqlite";
import { afterAll, expect } from "vitest";
import { failure, get, inBothStyles, type Steps } from "./support/in-both-styles.ts";
import { allOf, createPeople, person } from "./support/people.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-sqlite-death-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}.sqlite`);

/** Gives rows for minutes. A thread can end between two of them; within one, SQLite holds it. */
const endless: Sql = sql`
  WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4000000000) SELECT n FROM c
`;

/** The threads that start while `steps` run, in order. */
function* withThreads(steps: (threads: readonly Worker[]) => Steps<void>): Steps<void> {
  const threads: Worker[] = [];
  const onWorker = (worker: Worker): void => void threads.push(worker);
  process.on("worker", onWorker);
  try {
    yield* steps(threads);
  } finally {
    process.off("worker", onWorker);
  }
}

inBothStyles("a statement under way, and one that waits behind it, are told; the next one works", () =>
  withThreads(function* (threads) {
    const database = yield* get(openSqlite(newFile(), { readers: 0 }));
    const repo = yield* createPeople(database);
    yield* get(repo.save(person(1)));
    const running = spawn(() => database.query(endless));
    yield* get(sleep(50));
    const waiting = spawn(() => repo.save(person(2)));
    yield* get(sleep(1));
    yield* get(fromPromise(threads[0]!.terminate()));

    const error = yield* failure(running);
    expect(error).toBeInstanceOf(ConnectionError);
    // It may have been done: whoever asked has to look.
    expect(error).toMatchObject({ isOutcomeUnknown: true });
    // Its turn had not come: it is done, once, on the next connection.
    yield* get(waiting);
    expect(yield* allOf(repo)).toEqual([person(1), person(2)]);
    expect(threads).toHaveLength(2);
    yield* get(database.close());
  }),
);

inBothStyles("a transaction whose thread ends is rolled back, as a whole", (style) =>
  withThreads(function* (threads) {
    const database = yield* get(openSqlite(newFile(), { readers: 0 }));
    const repo = yield* createPeople(database);
    const error = yield* failure(
      database.transaction(
        style.body(function* (tx: Transaction) {
          yield* get(repo.in(tx).save(person(1)));
          yield* get(fromPromise(threads[0]!.terminate()));
          yield* get(repo.in(tx).save(person(2)));
        }),
      ),
    );
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ isOutcomeUnknown: false });
    expect(yield* allOf(repo)).toEqual([]);
    yield* get(repo.save(person(3)));
    expect(yield* allOf(repo)).toEqual([person(3)]);
    yield* get(database.close());
  }),
);

inBothStyles("an idle connection whose thread ends fails once, saying so, and then works", () =>
  withThreads(function* (threads) {
    const database = yield* get(openSqlite(newFile(), { readers: 0 }));
    const repo = yield* createPeople(database);
    yield* get(fromPromise(threads[0]!.terminate()));
    const error = yield* failure(repo.save(person(1)));
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toContain("its thread has ended");
    yield* get(repo.save(person(2)));
    expect(yield* allOf(repo)).toEqual([person(2)]);
    yield* get(database.close());
  }),
);
