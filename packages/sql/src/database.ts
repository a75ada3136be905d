/** A database: a pool of connections, and statements and transactions that take one for as long as they need. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { asyncFn, timeout, type Body, type Future, type Routine } from "millrace";
import type { Driver, Result, Row } from "./connection.ts";
import { TransactionError } from "./errors.ts";
import type { Pool } from "./pool.ts";
import type { Queries, ReadOptions, TransactionOptions } from "./queries.ts";
import { checkRows, requireSchema, type Schema } from "./rows.ts";
import { optionsOf, requireIsolation } from "./options.ts";
import { raw, requireStatement, type Sql } from "./statement.ts";
import { Transaction } from "./transaction.ts";

/** The connections of a database, right now. */
export interface Connections {
  /** In use. */
  readonly leased: number;
  /** Open, and free. */
  readonly idle: number;
}

/** `openSqlite` and `openPostgres` make them. */
export abstract class Database implements Queries, AsyncDisposable {
  readonly #driver: Driver;
  readonly #pool: Pool;
  /** For what only reads; may be the same. */
  readonly #readers: Pool;

  /** @internal */
  constructor(driver: Driver, pool: Pool, readers: Pool = pool) {
    this.#driver = driver;
    this.#pool = pool;
    this.#readers = readers;
  }

  /** Where it is, for messages: never with a password. */
  get target(): string {
    return this.#driver.target;
  }

  /** How many are in use and how many are free. */
  get connections(): Connections {
    const pools = new Set([this.#pool, this.#readers]);
    const sum = (of: (pool: Pool) => number): number => [...pools].reduce((all, pool) => all + of(pool), 0);
    return { leased: sum((pool) => pool.leased), idle: sum((pool) => pool.idle) };
  }

  query<T>(statement: Sql, schema: StandardSchemaV1<unknown, T>, options?: ReadOptions): Future<T[]>;
  query(statement: Sql, schema?: undefined, options?: ReadOptions): Future<Row[]>;
  query(
    statement: Sql,
    schema?: StandardSchemaV1<unknown, unknown>,
    options: ReadOptions = {},
  ): Future<unknown[]> {
    requireStatement("Database.query", statement);
    const checked = requireSchema("Database.query", schema);
    const { readOnly = false } = optionsOf("Database.query", options);
    return asyncFn(() => this.#query(statement, checked, readOnly))();
  }

  execute(statement: Sql): Future<number> {
    requireStatement("Database.execute", statement);
    return asyncFn(() => this.#execute(statement))();
  }

  transaction<T>(body: Body<T, [tx: Transaction]>, options: TransactionOptions = {}): Future<T> {
    if (typeof body !== "function") {
      throw new TypeError(`Database.transaction expects a function, got ${typeof body}`);
    }
    requireIsolation("Database.transaction", optionsOf("Database.transaction", options).isolation);
    const pool = options.readOnly === true ? this.#readers : this.#pool;
    const transaction = asyncFn(() => Transaction.run(pool, this.#driver, body, options))();
    return options.timeout === undefined ? transaction : timeout(options.timeout, transaction);
  }

  /**
   * Refuses whatever is begun from now on, lets the rest finish, and closes the connections.
   *
   * **Cancel safety.** Abandoned, it stays closed to new statements; calling it again goes on.
   */
  close(): Future<void> {
    return asyncFn(() => this.#close())();
  }

  /** As `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The first connection: what is wrong with the target is found out now. @internal */
  *connect(): Routine<void> {
    using _lease = yield* this.#pool.lease();
  }

  *#query(statement: Sql, schema: Schema<unknown> | undefined, readOnly: boolean): Routine<unknown[]> {
    const { rows } = yield* this.#run(statement, readOnly ? this.#readers : this.#pool);
    return schema === undefined ? [...rows] : yield* checkRows(rows, schema, statement);
  }

  *#execute(statement: Sql): Routine<number> {
    return (yield* this.#run(statement, this.#pool)).count;
  }

  *#run(statement: Sql, pool: Pool): Routine<Result> {
    using lease = yield* pool.lease();
    const { connection } = lease;
    const result = yield* connection.run(statement);
    if (!connection.isInTransaction) return result;
    // Its connection is for the next one; and to throw it away would be the end of a database in memory.
    yield* connection.run(raw("ROLLBACK"));
    throw new TransactionError(
      "a statement of its own cannot begin a transaction, which was rolled back: use transaction()",
      { statement: statement.text },
    );
  }

  *#close(): Routine<void> {
    yield* this.#pool.close();
    if (this.#readers !== this.#pool) yield* this.#readers.close();
  }
}
