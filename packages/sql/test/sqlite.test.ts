/** SQLite under the shared suites. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "@millrace/sql";
import { openSqlite } from "@millrace/sql/sqlite";
import { afterAll } from "vitest";
import { databaseSuite } from "./database-suite.ts";
import { repositorySuite } from "./repository-suite.ts";
import type { Dialect } from "./support/dialect.ts";

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
