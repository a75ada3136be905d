/** `@millrace/sql`: SQLite and PostgreSQL on millrace. */
export { empty, identifier, join, raw, sql, Sql } from "./statement.ts";
export type { Row } from "./connection.ts";
export type { Begin, Queries, ReadOptions, TransactionOptions } from "./queries.ts";
export { Database } from "./database.ts";
export type { Connections } from "./database.ts";
export { Transaction } from "./transaction.ts";
export { repository, TableRepository } from "./repository.ts";
export type { Repository, RowId, TableOptions } from "./repository.ts";
export {
  ConnectionError,
  ConstraintError,
  ContentionError,
  PoolError,
  RowError,
  SqlError,
  StatementError,
  TransactionError,
} from "./errors.ts";
export type { Constraint, SqlErrorDetails } from "./errors.ts";
