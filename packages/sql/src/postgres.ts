/** `@millrace/sql/postgres`: PostgreSQL, through `pg`. */
export { notification, openPostgres, PostgresDatabase } from "./postgres/postgres-database.ts";
export type { PostgresOptions } from "./postgres/postgres-database.ts";
export type { ListenOptions, Notification } from "./postgres/notifications.ts";
