/** PostgreSQL under the shared suites, on a real server. */
import { Client } from "pg";
import { afterAll, beforeAll, describe, test } from "vitest";
import { sql } from "@millrace/sql";
import { openPostgres } from "@millrace/sql/postgres";
import { databaseSuite } from "./database-suite.ts";
import { repositorySuite } from "./repository-suite.ts";
import type { Dialect } from "./support/dialect.ts";
import { sayLoudly } from "./support/postgres-server.ts";
import { createDatabase, whyNoDatabase as why, type TestDatabase } from "./support/test-database.ts";

let database: TestDatabase;
/** To look from outside at what the tested sessions do. */
let observer: Client;

beforeAll(async () => {
  if (why !== undefined) return sayLoudly("the tests of @millrace/sql on PostgreSQL", why);
  database = await createDatabase();
  observer = new Client(database.url);
  await observer.connect();
}, 120_000);

afterAll(async () => {
  await observer?.end();
  await database?.[Symbol.asyncDispose]();
});

const dialect: Dialect = {
  name: "PostgreSQL",
  open: (options) => openPostgres(database.url, { applicationName: "tested", ...options }),
  hasPool: true,
  types: { bytes: "BYTEA", boolean: "BOOLEAN", time: "TIMESTAMPTZ", json: "JSONB" },
  endless: sql`SELECT pg_sleep(3600)`,
  isExecuting: async () => {
    const active = "SELECT FROM pg_stat_activity WHERE application_name = 'tested' AND state = 'active'";
    return (await observer.query(active)).rowCount !== 0;
  },
};

describe.skipIf(why !== undefined)("on a real server", () => {
  repositorySuite(dialect);
  databaseSuite(dialect);
});
if (why !== undefined) test(`PostgreSQL is not tested: ${why}`, ({ skip }) => skip(why));
