/**
 * A transaction: statements of one connection that happen together or not at all.
 *
 *   OPEN ──body returns──► committed
 *     │  └─body throws, or is abandoned──► rolled back
 *     └──a statement fails or is abandoned──► DOOMED: only to be rolled back
 *
 * PostgreSQL goes on after a failed statement with nothing but refusals; here that holds for every database,
 * so that a program which has caught the failure learns it from us, and never from a commit that commits
 * nothing. What may fail goes into a transaction within the transaction (a savepoint), which is rolled back
 * alone.
 *
 * Statements of several tasks take turns, and so does the end: a rollback waits until the statement that was
 * abandoned has stopped.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  asyncFn,
  CancelledError,
  pollFn,
  shield,
  timeout,
  type Body,
  type Future,
  type Routine,
} from "millrace";
import type { Connection, Driver, Result, Row } from "./connection.ts";
import { TransactionError } from "./errors.ts";
import { optionsOf } from "./options.ts";
import type { Lease, Pool } from "./pool.ts";
import type { Queries, TransactionOptions } from "./queries.ts";
import { checkRows, requireSchema } from "./rows.ts";
import { raw, requireStatement, type Sql } from "./statement.ts";
import { Turns } from "./turns.ts";

/** The statements that begin and end a transaction, or one within it. */
interface Marks {
  readonly begin: Sql;
  readonly commit: Sql;
  readonly rollback: Sql;
}

/** What the body of a transaction executes its statements on. It ends with the body; used later, it rejects with `TransactionError`. */
export class Transaction implements Queries {
  readonly #connection: Connection;
  /** One statement at a time; a transaction within has it for its whole life. */
  readonly #turns: Turns;
  readonly #depth: number;
  #isOver: boolean = false;
  #inner: Transaction | undefined;
  #doom: { readonly cause: unknown } | undefined;

  /** @internal */
  constructor(connection: Connection, depth: number) {
    this.#connection = connection;
    this.#depth = depth;
    this.#turns = new Turns("turns of a transaction");
  }

  query<T>(statement: Sql, schema: StandardSchemaV1<unknown, T>): Future<T[]>;
  query(statement: Sql, schema?: undefined): Future<Row[]>;
  query(statement: Sql, schema?: StandardSchemaV1<unknown, unknown>): Future<unknown[]> {
    requireStatement("Transaction.query", statement);
    const checked = requireSchema("Transaction.query", schema);
    return asyncFn(() => this.#query(statement, checked))();
  }

  execute(statement: Sql): Future<number> {
    requireStatement("Transaction.execute", statement);
    return asyncFn(() => this.#execute(statement))();
  }

  /** A savepoint: rolled back alone when `body` throws, kept if the transaction around it is. */
  transaction<T>(body: Body<T, [tx: Transaction]>, options: TransactionOptions = {}): Future<T> {
    if (typeof body !== "function") {
      throw new TypeError(`Transaction.transaction expects a function, got ${typeof body}`);
    }
    optionsOf("Transaction.transaction", options);
    const inner = new Transaction(this.#connection, this.#depth + 1);
    const call = asyncFn(() => this.#within(inner, body))();
    // Abandoned, it is over at once: what comes now waits for its rollback instead of being refused.
    const within = pollFn<T>(
      (waker) => call.poll(waker),
      () => {
        inner.#isOver = true;
        call[Symbol.dispose]();
      },
    );
    return options.timeout === undefined ? within : timeout(options.timeout, within);
  }

  *#query(statement: Sql, schema: StandardSchemaV1<unknown, unknown> | undefined): Routine<unknown[]> {
    const { rows } = yield* this.#run(statement);
    return schema === undefined ? [...rows] : yield* checkRows(rows, schema, statement);
  }

  *#execute(statement: Sql): Routine<number> {
    return (yield* this.#run(statement)).count;
  }

  *#run(statement: Sql): Routine<Result> {
    this.#check();
    using _turn = yield* this.#turns.take();
    this.#check();
    let isDone = false;
    try {
      const result = yield* this.#connection.run(statement);
      isDone = true;
      return result;
    } catch (cause) {
      this.#doom ??= { cause };
      throw cause;
    } finally {
      if (!isDone) this.#doom ??= { cause: undefined };
    }
  }

  *#within<T>(inner: Transaction, body: Body<T, [tx: Transaction]>): Routine<T> {
    this.#check();
    using _turn = yield* this.#turns.take();
    this.#check();
    const name = `millrace_${this.#depth}`;
    const marks: Marks = {
      begin: raw(`SAVEPOINT ${name}`),
      commit: raw(`RELEASE SAVEPOINT ${name}`),
      rollback: raw(`ROLLBACK TO SAVEPOINT ${name}`),
    };
    this.#inner = inner;
    try {
      return yield* inner.#live(marks, body, (cause) => (this.#doom ??= { cause }));
    } finally {
      this.#inner = undefined;
    }
  }

  /** From its beginning to its end. `onLost` is told when that end, commit or rollback, could not be had. */
  *#live<T>(marks: Marks, body: Body<T, [tx: Transaction]>, onLost: (cause: unknown) => void): Routine<T> {
    let isDecided = false;
    try {
      yield* this.#mark(marks.begin);
      const result = yield* asyncFn(body as (tx: Transaction) => Routine<T>)(this);
      // A statement that the body has abandoned is still being stopped.
      yield* this.#settle();
      if (this.#doom !== undefined) throw this.#doomed(this.#doom.cause);
      if (this.#connection.isReady && !this.#connection.isInTransaction)
        throw new TransactionError("the transaction was ended by a statement in it: end it with its body");
      this.#isOver = true;
      // From here on it is the database that decides: abandoned now, the commit is waited for by the shield.
      isDecided = true;
      yield* shield(() => this.#commit(marks, onLost));
      return result;
    } finally {
      this.#isOver = true;
      if (!isDecided) yield* this.#rollBack(marks.rollback, onLost);
    }
  }

  *#mark(statement: Sql): Routine<void> {
    using _turn = yield* this.#turns.take();
    yield* this.#connection.run(statement);
  }

  /** One that is refused, since a deferred constraint does not hold, may leave the transaction open (SQLite). */
  *#commit(marks: Marks, onLost: (cause: unknown) => void): Routine<void> {
    try {
      yield* this.#mark(marks.commit);
    } catch (cause) {
      onLost(cause);
      if (!(cause instanceof CancelledError)) yield* this.#rollBack(marks.rollback, onLost);
      throw cause;
    }
  }

  /** Waits for whatever is under way: it holds the turn. */
  *#settle(): Routine<void> {
    using _turn = yield* this.#turns.take();
  }

  /** A connection that cannot even roll back is thrown away, and the database rolls back by itself. */
  *#rollBack(statement: Sql, onLost: (cause: unknown) => void): Routine<void> {
    using _turn = yield* this.#turns.take();
    if (!this.#connection.isInTransaction) return;
    let isRolledBack = false;
    try {
      yield* this.#connection.run(statement);
      isRolledBack = true;
    } catch (cause) {
      onLost(cause);
      if (cause instanceof CancelledError) throw cause;
    } finally {
      if (!isRolledBack) this.#connection.destroy();
    }
  }

  #check(): void {
    if (this.#isOver) throw new TransactionError("the transaction has ended");
    if (this.#doom !== undefined) throw this.#doomed(this.#doom.cause);
    if (this.#inner !== undefined && !this.#inner.#isOver) {
      throw new TransactionError(
        "a transaction is open within this one: use the one that its body was given, until it has ended",
      );
    }
  }

  #doomed(cause: unknown): TransactionError {
    return new TransactionError(
      "the transaction can only be rolled back: a statement in it failed or was abandoned; " +
        "put what may fail into a transaction within it",
      { cause },
    );
  }

  /** On a connection of its own. @internal */
  static *run<T>(
    pool: Pool,
    driver: Driver,
    body: Body<T, [tx: Transaction]>,
    options: TransactionOptions,
  ): Routine<T> {
    const marks = { begin: driver.begin(options), commit: raw("COMMIT"), rollback: raw("ROLLBACK") };
    using lease: Lease = yield* pool.lease();
    const transaction = new Transaction(lease.connection, 1);
    return yield* transaction.#live(marks, body, () => {});
  }
}
