/** PostgreSQL under the shared suites, on a real server. */
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { raw, sql, type Transaction } from "@millrace/sql";
import { sleep } from "millrace";
import { openPostgres } from "@millrace/sql/postgres";
import { databaseSuite } from "./database-suite.ts";
import { endingsSuite } from "./endings-suite.ts";
import { repositorySuite } from "./repository-suite.ts";
import type { Dialect } from "./support/dialect.ts";
import { failure, get, inBothStyles } from "./support/in-both-styles.ts";
import { valuesSuite } from "./values-suite.ts";
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
  valuesSuite(dialect);
  endingsSuite("PostgreSQL", () => openPostgres(database.url, { connections: 1 }));

  inBothStyles("the elements of an array are what they are alone", function* () {
    const session = yield* get(openPostgres(database.url, { connections: 1 }));
    const select = raw(
      "SELECT ARRAY[1, 9007199254740993]::int8[] AS i, ARRAY[[1.10], [0.1234567890123456789]]::numeric[] AS n, ARRAY['2026-01-02', NULL]::date[] AS d, ARRAY['\\x00ff']::bytea[] AS b",
    );
    expect(yield* get(session.query(select))).toEqual([
      {
        i: [1, 9_007_199_254_740_993n],
        n: [["1.10"], ["0.1234567890123456789"]],
        d: ["2026-01-02", null],
        b: [new Uint8Array([0, 255])],
      },
    ]);
    yield* get(session.close());
  });

  inBothStyles("COPY from a client that has nothing to copy fails, and its session goes on", function* () {
    const session = yield* get(openPostgres(database.url, { connections: 1 }));
    yield* get(session.execute(sql`CREATE TEMPORARY TABLE copied (n INTEGER)`));
    for (let n = 0; n < 2; n++) {
      const refused = yield* failure(session.execute(sql`COPY copied FROM STDIN`).timeout(10_000));
      expect(refused).toMatchObject({ code: "ERR_SQL_STATEMENT" });
    }
    expect(yield* get(session.query(sql`SELECT count(*) AS n FROM copied`))).toEqual([{ n: 0 }]);
    yield* get(session.close());
  });

  inBothStyles("a session that the server has ended meanwhile says why", function* (style) {
    const session = yield* get(openPostgres(database.url, { connections: 1 }));
    const idle = style.body(function* (tx: Transaction) {
      yield* get(tx.execute(sql`SET LOCAL idle_in_transaction_session_timeout = 50`));
      yield* get(sleep(300));
      yield* get(tx.query(sql`SELECT 1`));
    });
    expect(yield* failure(session.transaction(idle))).toMatchObject({
      code: "ERR_SQL_CONNECTION",
      message: expect.stringContaining("idle-in-transaction timeout"),
      cause: expect.any(Error),
      isOutcomeUnknown: false,
    });
    expect(() => session.listen("a\0b")).toThrow("expects names of channels");
    yield* get(session.close());
  });

  inBothStyles("idle sessions are kept for as long as is asked for", function* () {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", onWarning);
    const session = yield* get(openPostgres(database.url, { idleTimeout: { days: 30 } }));
    yield* get(sleep(50));
    expect(session.connections).toEqual({ leased: 0, idle: 1 });
    yield* get(session.close());
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  inBothStyles("a certificate that is not there is a failure to connect", function* () {
    const target = `${database.url}${database.url.includes("?") ? "&" : "?"}sslrootcert=/not/there.pem`;
    expect(yield* failure(openPostgres(target))).toMatchObject({
      code: "ERR_SQL_CONNECTION",
      message: expect.stringContaining("ENOENT"),
    });
  });
});
if (why !== undefined) test(`PostgreSQL is not tested: ${why}`, ({ skip }) => skip(why));
