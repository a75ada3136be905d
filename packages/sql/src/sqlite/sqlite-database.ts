/** SQLite as a database: one connection that writes, and some beside it that only read. */
import { asyncFn, type Duration, type Future, type Routine } from "millrace";
import type { Driver } from "../connection.ts";
import { Database } from "../database.ts";
import { LONGEST_WAIT, milliseconds, optionsOf, wholeNumber } from "../options.ts";
import { Pool } from "../pool.ts";
import { raw } from "../statement.ts";
import { SqliteConnection } from "./connection.ts";
import type { SqliteFile } from "./thread.ts";

/** How many threads there are, and how long is waited for them. */
export interface SqliteOptions {
  /** Threads for what only reads, started when they are needed. Default 1; `:memory:` has none. */
  readonly readers?: number;
  /** Whatever writes is refused. Default false. */
  readonly readOnly?: boolean;
  /** How long to wait for another program that has locked the file, in ms. Default 5000. */
  readonly lockWait?: Duration;
  /** How long to wait for a turn, in ms. Default 30 000. */
  readonly acquireTimeout?: Duration;
  /** How long an abandoned statement may take to stop before its connection is given up, in ms. Default 1000. */
  readonly stopTimeout?: Duration;
}

/** An SQLite file, as `openSqlite` gives it. */
export class SqliteDatabase extends Database {}

/**
 * Opens an SQLite file, which is made if it is not there, through `node:sqlite`, off the event loop: every
 * connection is a thread. The file is in write-ahead mode with `synchronous = NORMAL`: a killed program loses
 * nothing that was committed; a power cut may cost the last commits. Foreign keys are checked.
 *
 * One connection writes, so writers take turns and never find the file locked by each other; `readers` more
 * execute what is said to be `readOnly`, and see what was committed before.
 *
 * Values: booleans are stored as 0 and 1, whole numbers as integers, dates as ISO text, bytes of any kind as
 * bytes, other objects as JSON. Integers come back as numbers where that is exact, else as bigints.
 *
 * **Cancel safety.** Abandoned while it opens, nothing stays open. A statement that is abandoned stops
 * between two rows. One that computes for long without giving any cannot be interrupted: after `stopTimeout`
 * its connection is given up and a new one takes over, and it ends by itself, without a commit. In `:memory:`
 * it is waited for instead.
 *
 * @throws ConnectionError when the file cannot be opened, read and (unless `readOnly`) written
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { sql } from "@millrace/sql";
 * import { openSqlite } from "@millrace/sql/sqlite";
 *
 * await main(async () => {
 *   await using database = await openSqlite(":memory:");
 *   await database.execute(sql`CREATE TABLE notes (text TEXT NOT NULL) STRICT`);
 *   await database.execute(sql`INSERT INTO notes VALUES (${"O'Brien"})`);
 *   console.log(await database.query(sql`SELECT text FROM notes`)); // [{ text: "O'Brien" }]
 * });
 * ```
 */
export function openSqlite(path: string, options: SqliteOptions = {}): Future<SqliteDatabase> {
  if (typeof path !== "string" || path === "") {
    throw new TypeError(`openSqlite expects the path of a file, or ":memory:", got ${JSON.stringify(path)}`);
  }
  const { readOnly = false } = optionsOf("openSqlite", options);
  const isInMemory = path === ":memory:";
  const readers = wholeNumber("openSqlite", "readers", options.readers ?? 1, 0);
  const asked = milliseconds("openSqlite", "lockWait", options.lockWait ?? 5000);
  const lockWait = Math.min(Math.ceil(asked), LONGEST_WAIT);
  const acquireTimeout = milliseconds("openSqlite", "acquireTimeout", options.acquireTimeout ?? 30_000);
  const stopTimeout = milliseconds("openSqlite", "stopTimeout", options.stopTimeout ?? 1000);

  const pool = (size: number, file: SqliteFile): Pool =>
    new Pool(path, () => SqliteConnection.open(file, isInMemory ? Infinity : stopTimeout), {
      size,
      acquireTimeout,
      idleTimeout: Infinity,
    });
  const main = pool(1, { path, readOnly, lockWait });
  const hasReaders = readers > 0 && !isInMemory;
  const database = new SqliteDatabase(
    driverOf(path),
    main,
    hasReaders ? pool(readers, { path, readOnly: true, lockWait }) : main,
  );
  return asyncFn(function* (): Routine<SqliteDatabase> {
    yield* database.connect();
    return database;
  })();
}

function driverOf(target: string): Driver {
  return {
    target,
    // A transaction that may write asks for the lock at once: one that finds out half way cannot wait for it.
    begin: ({ readOnly = false }) => raw(readOnly ? "BEGIN" : "BEGIN IMMEDIATE"),
  };
}
