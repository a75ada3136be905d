/**
 * What goes wrong with a database, the same for every one: a class for each thing a program can do about
 * it, a literal code, the driver's own error as the `cause`.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { MillraceError } from "millrace";

/** How a failure is told, besides its message. */
export interface SqlErrorDetails {
  /** What the driver threw. */
  readonly cause?: unknown;
  /** The statement, without its values. */
  readonly statement?: string | undefined;
  /** The database's own code: an SQLSTATE of PostgreSQL, an extended result code of SQLite. */
  readonly databaseCode?: string | undefined;
}

/** Base of every error of the package. */
export class SqlError extends MillraceError {
  /** Stable: what a program tells this error by. */
  override readonly code: string = "ERR_SQL";
  /** The statement, without its values. */
  readonly statement: string | undefined;
  /** The database's own code: an SQLSTATE of PostgreSQL, an extended result code of SQLite. */
  readonly databaseCode: string | undefined;

  /** Made by the package; tests may make one. */
  constructor(message: string, details: SqlErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.statement = details.statement;
    this.databaseCode = details.databaseCode;
  }
  static {
    named(this, "SqlError");
  }
}

/** The database cannot be reached or opened, or the connection to it broke. */
export class ConnectionError extends SqlError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_SQL_CONNECTION" = "ERR_SQL_CONNECTION";
  /**
   * The connection broke while a statement was under way: the database may have executed it, or may not.
   * Whoever wants to try again must know that doing it twice is harmless, or look first.
   */
  readonly isOutcomeUnknown: boolean;

  /** Made by the package; tests may make one. */
  constructor(message: string, details: SqlErrorDetails & { readonly isOutcomeUnknown?: boolean } = {}) {
    super(message, details);
    this.isOutcomeUnknown = details.isOutcomeUnknown ?? false;
  }
  static {
    named(this, "ConnectionError");
  }
}

/** All connections are in use, and none became free in time. Nothing was sent. */
export class PoolError extends SqlError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_SQL_POOL" = "ERR_SQL_POOL";
  static {
    named(this, "PoolError");
  }
}

/** The database refused the statement: its text, its values, what it would do. */
export class StatementError extends SqlError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_SQL_STATEMENT" = "ERR_SQL_STATEMENT";
  static {
    named(this, "StatementError");
  }
}

/** Which kind of constraint a statement would break. */
export type Constraint = "unique" | "foreign key" | "not null" | "check" | "other";

/** The statement would break a constraint of the schema. */
export class ConstraintError extends SqlError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_SQL_CONSTRAINT" = "ERR_SQL_CONSTRAINT";
  /** Which kind it is. */
  readonly constraint: Constraint;

  /** Made by the package; tests may make one. */
  constructor(message: string, constraint: Constraint, details: SqlErrorDetails = {}) {
    super(message, details);
    this.constraint = constraint;
  }
  static {
    named(this, "ConstraintError");
  }
}

/**
 * Somebody else was in the way: a lock that was not given, a deadlock, transactions that cannot be put in
 * an order. Nothing was changed; the transaction as a whole may be tried again.
 */
export class ContentionError extends SqlError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_SQL_CONTENTION" = "ERR_SQL_CONTENTION";
  static {
    named(this, "ContentionError");
  }
}

/** The transaction has ended, or can only be rolled back since a statement in it failed or was abandoned. */
export class TransactionError extends SqlError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_SQL_TRANSACTION" = "ERR_SQL_TRANSACTION";
  static {
    named(this, "TransactionError");
  }
}

/** A row is not what the schema says. */
export class RowError extends SqlError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_SQL_ROW" = "ERR_SQL_ROW";
  /** What the schema has against it. */
  readonly issues: readonly StandardSchemaV1.Issue[];

  /** Made by the package; tests may make one. */
  constructor(message: string, issues: readonly StandardSchemaV1.Issue[], details: SqlErrorDetails = {}) {
    super(message, details);
    this.issues = issues;
  }
  static {
    named(this, "RowError");
  }
}

/** `name` sits on the prototype, as with the errors of the core. */
function named(type: { prototype: object }, name: string): void {
  Object.defineProperty(type.prototype, "name", { value: name, configurable: true, writable: true });
}
