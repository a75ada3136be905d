/** One database for many tests: opening one takes longer than most of them. */
import type { Database } from "@millrace/sql";
import { afterAll } from "vitest";
import type { Dialect } from "./dialect.ts";
import { get, type Steps } from "./in-both-styles.ts";

/** The database with so many connections, opened when it is first asked for, closed after the last test. */
export function sharedDatabases(dialect: Dialect): (connections: number) => Steps<Database> {
  const opened = new Map<number, Database>();
  afterAll(async () => {
    for (const database of opened.values()) await database.close();
  });
  return function* (connections) {
    const size = dialect.hasPool ? connections : 1;
    let database = opened.get(size);
    if (database === undefined) {
      database = yield* get(dialect.open({ connections: size }));
      opened.set(size, database);
    }
    return database;
  };
}
