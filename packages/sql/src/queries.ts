/** What statements can be executed on: a database, and a transaction in it. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Body, Duration, Future } from "millrace";
import type { Row } from "./connection.ts";
import type { Sql } from "./statement.ts";
import type { Transaction } from "./transaction.ts";

/** How a query is executed. */
export interface ReadOptions {
  /** The statement only reads. SQLite executes such statements beside the one that writes. Default false. */
  readonly readOnly?: boolean;
}

/** How a transaction begins. */
export interface Begin {
  /** Default: what the database is set to. SQLite is always serializable. */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  /** It only reads. Default false. */
  readonly readOnly?: boolean;
}

/** How a transaction is run. */
export interface TransactionOptions extends Begin {
  /** For all of it, the wait for a connection included. Default: none. */
  readonly timeout?: Duration;
}

/** What both a database and a transaction can do. */
export interface Queries {
  /**
   * The rows that a statement gives, each checked and converted by `schema`.
   *
   * **Cancel safety.** Abandoned before it was sent, nothing is. Abandoned later, the statement is stopped
   * in the database; outside of a transaction, one that writes has then happened or not, as a whole.
   *
   * @throws TypeError at once, when `statement` was not made with `sql`, or has a value that is undefined
   */
  query<T>(statement: Sql, schema: StandardSchemaV1<unknown, T>, options?: ReadOptions): Future<T[]>;
  /** The same, with the rows as the database gives them. */
  query(statement: Sql, schema?: undefined, options?: ReadOptions): Future<Row[]>;
  /** Executes a statement; gives the number of rows that it changed. **Cancel safety.** As `query`. */
  execute(statement: Sql): Future<number>;
  /**
   * Runs `body` in a transaction: all that it does with the transaction it is given happens, or nothing.
   * Committed when the body returns, rolled back when it throws.
   *
   * **Cancel safety.** Abandoned before the commit began, it is rolled back; after that it is committed.
   */
  transaction<T>(body: Body<T, [tx: Transaction]>, options?: TransactionOptions): Future<T>;
}
