/** SQLite under the shared suites. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { raw, sql } from "@millrace/sql";
import { openSqlite } from "@millrace/sql/sqlite";
import { afterAll, expect } from "vitest";
import { databaseSuite } from "./database-suite.ts";
import { endingsSuite } from "./endings-suite.ts";
import { repositorySuite } from "./repository-suite.ts";
import type { Dialect } from "./support/dialect.ts";
import { failure, get, inBothStyles } from "./support/in-both-styles.ts";
import { valuesSuite } from "./values-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dialect: Dialect = {
  name: "SQLite",
  open: ({ acquireTimeout = 30_000 } = {}) => openSqlite(join(folder, "test.sqlite"), { acquireTimeout }),
  hasPool: false, // one connection writes, whatever is asked for
  types: { bytes: "BLOB", boolean: "INTEGER", time: "TEXT", json: "TEXT" },
  endless: sql`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c`,
  isExecuting: async (database) => database.connections.leased > 0,
};

repositorySuite(dialect);
databaseSuite(dialect);
valuesSuite(dialect);
endingsSuite("SQLite", () => openSqlite(join(folder, "endings.sqlite"), { readers: 0 }));
endingsSuite("SQLite in memory", () => openSqlite(":memory:"));

inBothStyles("a second statement is refused, wherever it stands", function* () {
  const database = yield* get(openSqlite(":memory:"));
  const two = [
    "; SELECT 2",
    ";\nSELECT 2",
    "; -- c\n SELECT 2",
    ";\n/* c */ SELECT 2",
    ";;\r\n\nSELECT 2 -- c",
  ];
  for (const more of two) {
    const refused = yield* failure(database.query(raw(`SELECT 1 AS one${more}`)));
    expect(refused).toMatchObject({ message: expect.stringContaining("expected one statement") });
  }
  for (const rest of [";", "\n;\n", "; -- c", ";\n-- SELECT 2\n/* SELECT\n3 */ ;"])
    expect(yield* get(database.query(raw(`SELECT 1 AS one${rest}`)))).toEqual([{ one: 1 }]);
  yield* get(database.close());
});

inBothStyles("a lock can be waited for as long as is asked for", function* () {
  for (const lockWait of [Infinity, 0.5, { days: 30 }]) {
    const database = yield* get(openSqlite(":memory:", { lockWait }));
    expect(yield* get(database.query(sql`SELECT 1 AS one`))).toEqual([{ one: 1 }]);
    yield* get(database.close());
  }
});

inBothStyles("what cannot be in a transaction is known behind comments, too", function* () {
  const database = yield* get(openSqlite(":memory:"));
  for (const comment of ["", " \n", "-- why\n", "/* why\n */ -- so\n "])
    yield* get(database.execute(raw(`${comment}VACUUM`)));
  yield* get(database.close());
});
