/** An empty database for a test file: on the server that the environment names, else on one of our own. */
import { Client } from "pg";
import { givenServer, startPostgres, whyNoServer } from "./postgres-server.ts";

/** Why there is none; `undefined` when there is. */
export const whyNoDatabase: string | undefined = givenServer === undefined ? whyNoServer : undefined;

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/** @throws when the server that was given cannot be used: nothing else is tried then */
export async function createDatabase(): Promise<TestDatabase> {
  const server = givenServer === undefined ? await startPostgres() : undefined;
  const target = new URL(givenServer ?? server!.url);
  const name = `millrace_test_${process.pid}_${Math.random().toString(36).slice(2)}`;
  await execute(target.href, `CREATE DATABASE ${name}`);
  const own = new URL(target);
  own.pathname = name;
  return {
    url: own.href,
    async [Symbol.asyncDispose]() {
      if (server === undefined) await execute(target.href, `DROP DATABASE ${name} WITH (FORCE)`);
      else await server[Symbol.asyncDispose]();
    },
  };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client(url);
  try {
    await client.connect();
    await client.query(statement);
  } catch (cause) {
    const { host } = new URL(url);
    const message = `the PostgreSQL at ${host}, which DATABASE_URL or PGHOST names, cannot be used for tests: ${(cause as Error).message}`;
    throw givenServer === undefined ? cause : new Error(message, { cause });
  } finally {
    await client.end();
  }
}
