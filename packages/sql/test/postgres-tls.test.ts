/** PostgreSQL over TLS. */
import { sleep, spawn } from "millrace";
import { ConnectionError, sql } from "@millrace/sql";
import { openPostgres } from "@millrace/sql/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "./support/certificate.ts";
import { failure, get, inBothStyles } from "./support/in-both-styles.ts";
import { sayLoudly, startPostgres, whyNoServer, type PostgresServer } from "./support/postgres-server.ts";

const certificate = makeCertificate();
const why = whyNoServer ?? (certificate === undefined ? "the system has no openssl" : undefined);
let server: PostgresServer;
let url: URL;

beforeAll(async () => {
  if (why !== undefined) return sayLoudly("the tests of PostgreSQL over TLS", why);
  const { cert, key } = certificate!;
  server = await startPostgres({ ssl: "on" }, { "server.crt": cert, "server.key": key });
  url = new URL(server.url);
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** The parts of the URL, as settings of `pg`. */
function settings(ca: string | undefined) {
  const { hostname: host, port, username: user, pathname } = url;
  return { host, port: Number(port), user, database: pathname.slice(1), ssl: { ca } };
}

const isEncrypted = sql`SELECT pid, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;

describe.skipIf(why !== undefined)("over TLS", () => {
  inBothStyles("statements go out encrypted, and an abandoned one is cancelled on the server", function* () {
    const database = yield* get(openPostgres(settings(certificate!.cert), { connections: 1 }));
    const before = yield* get(database.query(isEncrypted));
    expect(before).toEqual([{ pid: expect.any(Number), ssl: true }]);

    const observer = yield* get(openPostgres(server.url, { connections: 1 }));
    const active = sql`SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)' AND state = 'active'`;
    const sleeping = spawn(() => database.query(sql`SELECT pg_sleep(3600)`));
    while ((yield* get(observer.query(active)))[0]?.["n"] !== 1) yield* get(sleep(5));
    sleeping.abort();
    yield* get(sleeping.settled());
    while ((yield* get(observer.query(active)))[0]?.["n"] !== 0) yield* get(sleep(5));
    // The session that it ran in is used again.
    expect(yield* get(database.query(isEncrypted))).toEqual(before);
    yield* get(observer.close());
    yield* get(database.close());
  });

  inBothStyles("a certificate that nobody vouches for is refused, and nothing is sent", function* () {
    const error = yield* failure(openPostgres(settings(undefined)));
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toMatch(/self[- ]signed certificate/);
  });

  inBothStyles("a URL can ask for it as well", function* () {
    const error = yield* failure(openPostgres(`${server.url}?sslmode=verify-full`));
    expect(error).toBeInstanceOf(ConnectionError);
    const plain = yield* get(openPostgres(server.url));
    expect(yield* get(plain.query(isEncrypted))).toMatchObject([{ ssl: false }]);
    yield* get(plain.close());
  });
});
if (why !== undefined) test(`PostgreSQL over TLS is not tested: ${why}`, ({ skip }) => skip(why));
