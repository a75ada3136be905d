/** `@millrace/sql/sqlite`: an SQLite file, off the event loop. */
export { openSqlite, SqliteDatabase } from "./sqlite/sqlite-database.ts";
export type { SqliteOptions } from "./sqlite/sqlite-database.ts";
