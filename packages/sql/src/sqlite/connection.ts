/**
 * A connection to SQLite: a thread with the file open, and one call to it at a time.
 *
 *   ready ──run──► busy ──answered──► ready
 *                   └─abandoned──► stopping ──it answers in time──► ready
 *                                      └─it does not──► given up: it ends with its statement, uncommitted
 */
import type { SQLInputValue } from "node:sqlite";
import {
  asyncFn,
  CancelledError,
  spawn,
  timeout,
  type Future,
  type JoinHandle,
  type Routine,
} from "millrace";
import { ThreadError, ThreadPool } from "millrace/threads";
import type { Connection, Result, Row } from "../connection.ts";
import { ConnectionError } from "../errors.ts";
import type { Sql } from "../statement.ts";
import { bytesOf, jsonOf } from "../values.ts";
import { sqliteFailure } from "./failure.ts";
import {
  closeFile,
  isInTransaction,
  openFile,
  runStatement,
  type SqliteFile,
  type SqliteReply,
} from "./thread.ts";

/** One statement, and what it waits behind. */
const QUEUE = 16;

export class SqliteConnection implements Connection {
  readonly #file: SqliteFile;
  /** How long an abandoned statement may take to stop before the connection is given up, in ms. */
  readonly #stopTimeout: number;
  readonly #pool: ThreadPool = new ThreadPool({ threads: 1, name: "sqlite", queue: QUEUE });
  #isBusy: boolean = false;
  #isBroken: boolean = false;
  /** So is the file, then. */
  #isThreadGone: boolean = false;
  #isInTransaction: boolean = false;

  private constructor(file: SqliteFile, stopTimeout: number) {
    this.#file = file;
    this.#stopTimeout = stopTimeout;
  }

  static *open(file: SqliteFile, stopTimeout: number): Routine<SqliteConnection> {
    const connection = new SqliteConnection(file, stopTimeout);
    let isOpen = false;
    try {
      yield* openFile.with({ pool: connection.#pool })(file);
      isOpen = true;
      return connection;
    } catch (cause) {
      throw sqliteFailure(cause, file.path);
    } finally {
      if (!isOpen) connection.destroy();
    }
  }

  get isReady(): boolean {
    return !this.#isBusy && !this.#isBroken;
  }
  get isInTransaction(): boolean {
    return this.#isInTransaction && !this.#isBroken;
  }

  *run(statement: Sql): Routine<Result> {
    const { sql: text } = statement; // made anew each time it is asked for
    const values = statement.values.map((value) => stored(value, text));
    // A task of its own, so that whoever abandons it need not wait for its end.
    const call = spawn(runStatement.with({ pool: this.#pool, killAfter: Infinity })(text, values), {
      name: "sqlite statement",
    });
    this.#isBusy = true;
    let isAnswered = false;
    try {
      const reply = yield* call;
      isAnswered = true;
      return this.#received(reply, text);
    } catch (cause) {
      if (!call.isFinished || cause instanceof ConnectionError) throw cause;
      isAnswered = !(cause instanceof CancelledError);
      if (cause instanceof ThreadError) this.#isBroken = this.#isThreadGone = true;
      throw sqliteFailure(cause, this.#file.path, text);
    } finally {
      // An answer that nobody has read, since it was abandoned just then, may have begun a transaction.
      if (!isAnswered) yield* this.#stop(call);
      this.#isBusy = !call.isFinished;
    }
  }

  destroy(): void {
    this.#isBroken = true;
    // Its thread ends when what is under way has: without a commit, if that was abandoned. It closes the file
    // itself first, which is safer than to end it with statements open.
    const end = (): void => void this.#pool.shutdown();
    if (this.#isThreadGone) end();
    else closeFile.with({ pool: this.#pool })().then(end, end);
  }

  close(): Future<void> {
    return asyncFn(async () => {
      this.#isBroken = true;
      try {
        await closeFile.with({ pool: this.#pool })();
      } finally {
        await this.#pool.shutdown();
      }
    })();
  }

  #received(reply: SqliteReply, statement: string): Result {
    const { columns, rows, count, failure, isInTransaction, isReplacement = false } = reply;
    this.#isInTransaction = isInTransaction;
    if (isReplacement) {
      this.#isBroken = this.#isThreadGone = true;
      const message = `the connection to ${this.#file.path} broke: its thread has ended`;
      throw new ConnectionError(message, { statement, isOutcomeUnknown: false });
    }
    if (failure !== undefined) throw failure;
    return { rows: rows.map((values) => rowOf(columns, values)), count };
  }

  *#stop(call: JoinHandle<SqliteReply>): Routine<void> {
    call.abort();
    try {
      yield* timeout(this.#stopTimeout, call.settled()).settled();
      // It may have been what began a transaction, or the last one within it.
      if (call.isFinished) this.#isInTransaction = yield* isInTransaction.with({ pool: this.#pool })();
    } finally {
      if (!call.isFinished) this.destroy();
    }
  }
}

function rowOf(columns: readonly string[], values: readonly unknown[]): Row {
  return Object.fromEntries(columns.map((column, i) => [column, values[i]]));
}

/** A value as SQLite stores it: it has no booleans, dates or JSON of its own. */
function stored(value: unknown, statement: string): SQLInputValue {
  if (typeof value === "boolean") return value ? 1n : 0n;
  // A number would be a REAL whatever it is, and 5.0 in a column of text.
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return BigInt(value as number);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return value as SQLInputValue;
  return bytesOf(value) ?? jsonOf(value, statement);
}
