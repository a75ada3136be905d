/** The tests use the PostgreSQL that the environment names, and do not look for another when it cannot be had. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  sayLoudly,
  startPostgres,
  whyNoServer as why,
  type PostgresServer,
} from "./support/postgres-server.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
let server: PostgresServer;

beforeAll(async () => {
  if (why !== undefined) return sayLoudly("which server the tests use", why);
  server = await startPostgres();
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Some tests of the shared suite, in a process of their own. */
async function testsOnPostgres(names: Readonly<Record<string, string>>) {
  const { DATABASE_URL: _, PGHOST: __, ...rest } = process.env;
  const args = ["node_modules/vitest/vitest.mjs", "run", "packages/sql/test/postgres.test.ts"];
  const child = spawn(process.execPath, [...args, "-t", "finds what was saved"], {
    cwd: root,
    env: { ...rest, NO_COLOR: "1", ...names },
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

/** What is there while `work` goes on, and after it. */
async function databasesDuring(work: Promise<unknown>) {
  const client = new Client(server.url);
  await client.connect();
  const seen = new Set<string>();
  const look = async () => {
    const { rows } = await client.query<{ datname: string }>("SELECT datname FROM pg_database");
    return rows.map(({ datname }) => datname).filter((name) => name.startsWith("millrace_test_"));
  };
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  while (!isOver) for (const name of await look()) seen.add(name);
  await over;
  const left = await look();
  await client.end();
  return { seen: seen.size, left };
}

const byUrl = () => ({ DATABASE_URL: server.url, PGHOST: "no.such.host.invalid" });
const byParts = () => {
  const { hostname, port, username } = new URL(server.url);
  return { PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: "postgres" };
};

describe.skipIf(why !== undefined)("a server that is given", () => {
  test.for([
    ["DATABASE_URL", byUrl],
    ["PGHOST", byParts],
  ] as const)("by %s is used, and left as it was", { timeout: 120_000 }, async ([, names]) => {
    const tests = testsOnPostgres(names());
    expect(await databasesDuring(tests)).toEqual({ seen: 1, left: [] });
    const { code, output } = await tests;
    expect(output).toContain("2 passed");
    expect(code).toBe(0);
  });

  test("and is not there makes the tests fail, and say so", { timeout: 120_000 }, async () => {
    const { code, output } = await testsOnPostgres({ DATABASE_URL: "postgres://me:secret@127.0.0.1:1/x" });
    expect(code).toBe(1);
    expect(output).toContain(
      "the PostgreSQL at 127.0.0.1:1, which DATABASE_URL or PGHOST names, cannot be used for tests: ",
    );
    expect(output).not.toContain("secret");
  });
});
if (why !== undefined) test(`which server is used is not tested: ${why}`, ({ skip }) => skip(why));
