/** PostgreSQL under the shared suites, on a real server. */
import { Client } from "pg";
import { afterAll, beforeAll, describe, test } from "vitest";
import { sql } from "@millrace/sql";
import { openPostgres } from "@millrace/sql/postgres";
import { databaseSuite } from "./database-suite.ts";
import { repositorySuite } from "./repository-suite.ts";
import type { Dialect } from "./support/dialect.ts";
import {
  givenServer,
  sayLoudly,
  startPostgres,
  whyNoServer,
  type PostgresServer,
} from "./support/postgres-server.ts";

const why = givenServer === undefined ? whyNoServer : undefined;
let server: PostgresServer | undefined;
let url = "";
/** To look from outside at what the tested sessions do. */
let observer: Client;

beforeAll(async () => {
  if (why !== undefined) return sayLoudly("the tests of @millrace/sql on PostgreSQL", why);
  server = givenServer === undefined ? await startPostgres() : undefined;
  const maintenance = new Client(givenServer ?? server?.url);
  await maintenance.connect();
  const name = `millrace_test_${process.pid}_${Math.random().toString(36).slice(2)}`;
  await maintenance.query(`CREATE DATABASE ${name}`);
  await maintenance.end();
  const target = new URL(givenServer ?? server!.url);
  target.pathname = name;
  url = target.href;
  observer = new Client(url);
  await observer.connect();
}, 120_000);

afterAll(async () => {
  await observer?.end();
  if (givenServer !== undefined && url !== "") {
    const maintenance = new Client(givenServer);
    await maintenance.connect();
    await maintenance.query(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
    await maintenance.end();
  }
  await server?.[Symbol.asyncDispose]();
});

const dialect: Dialect = {
  name: "PostgreSQL",
  open: (options) => openPostgres(url, { applicationName: "tested", ...options }),
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
test.skipIf(why === undefined)(`PostgreSQL is not tested: ${why}`, ({ skip }) => skip(why));
