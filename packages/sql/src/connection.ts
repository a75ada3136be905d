/**
 * What a database has to offer for everything else here to be built on it: connections that execute one
 * statement at a time.
 */
import type { Future, Routine } from "millrace";
import type { Sql } from "./statement.ts";
import type { Begin } from "./queries.ts";

/** A row as the database gives it: its values by the names of the columns. */
export type Row = Readonly<Record<string, unknown>>;

export interface Result {
  readonly rows: readonly Row[];
  /** Rows that were changed; of a statement that gives rows, those. */
  readonly count: number;
}

export interface Connection {
  /** It can execute another statement: it is not broken, and nothing is under way on it. */
  readonly isReady: boolean;
  /** A transaction is open on it, as far as is known. */
  readonly isInTransaction: boolean;
  /**
   * Executes one statement. Abandoned, the statement is stopped in the database, and the routine ends when
   * that is certain; where it cannot be had, the connection is not ready any more.
   */
  run(statement: Sql): Routine<Result>;
  /** Lets go of it at once; what is under way on it is stopped. Idempotent. */
  destroy(): void;
  /** Says goodbye, and waits for that. */
  close(): Future<void>;
}

export interface Driver {
  /** For messages: what is connected to. Never with a password. */
  readonly target: string;
  /** The statement that begins such a transaction. */
  begin(options: Begin): Sql;
}
