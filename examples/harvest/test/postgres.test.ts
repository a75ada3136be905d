/** The harvest into PostgreSQL: a real server, which is killed half way. */
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test as plainTest } from "vitest";
import {
  sayLoudly,
  startPostgres,
  whyNoServer,
  type PostgresServer,
} from "../../../packages/sql/test/support/postgres-server.ts";
import { createDatabase, whyNoDatabase } from "../../../packages/sql/test/support/test-database.ts";
import { test } from "./support/folder.ts";
import { startOrigin } from "./support/origin.ts";
import { patiently, slow } from "./support/patience.ts";
import { runHarvest, startHarvest } from "./support/run-harvest.ts";

let server: PostgresServer;

beforeAll(async () => {
  if (whyNoServer !== undefined) return sayLoudly("the harvest into PostgreSQL", whyNoServer);
  server = await startPostgres();
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function storedUrls(url: string): Promise<string[]> {
  const client = new Client(url);
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ url: string }>(
      "SELECT url, length(body) FROM documents JOIN bodies USING (hash) ORDER BY url",
    );
    return rows.map(({ url }) => url);
  } catch {
    return []; // not there yet, or away
  } finally {
    await client.end().catch(() => {});
  }
}

describe.skipIf(whyNoDatabase !== undefined)(
  "on the PostgreSQL that the environment names, or our own",
  () => {
    test("it harvests, and resumes", slow, async ({ folder }) => {
      await using database = await createDatabase();
      await using origin = await startOrigin((response, path) => response.end(`# ${path}`));
      const urls = Array.from({ length: 20 }, (_, i) => origin.url(`/${i}.md`));
      await folder.write({ "urls.txt": urls.join("\n") });
      const args = ["--list", "urls.txt", "--database", database.url];

      const run = await runHarvest(folder.path, ...args);
      expect(run).toMatchObject({ code: 0 });
      expect(run.row("documents")).toBe("20");
      expect(await storedUrls(database.url)).toEqual(urls.toSorted());

      const resumed = await runHarvest(folder.path, ...args);
      expect(resumed.code).toBe(0);
      expect(resumed.row("already stored")).toBe("20");
      expect(origin.totalHits).toBe(20);
    });
  },
);

describe.skipIf(whyNoServer !== undefined)("on a PostgreSQL of our own", () => {
  test("it harvests, resumes, and outlives a crash of the server in between", slow, async ({ folder }) => {
    await using origin = await startOrigin((response, path) =>
      setTimeout(() => response.end(`# ${path}`), 5),
    );
    const urls = Array.from({ length: 600 }, (_, i) => origin.url(`/${i}.md`));
    await folder.write({ "urls.txt": urls.join("\n") });
    const args = ["--list", "urls.txt", "--concurrency", "8", "--batch", "8", "--database", server.url];

    const run = startHarvest(folder.path, ...args);
    await expect.poll(async () => (await storedUrls(server.url)).length, patiently).toBeGreaterThan(50);
    await server.stop("immediate");
    await run.wrote("; trying again");
    await server.start();
    const crashed = await run.exit;
    expect(crashed.code).toBe(0);
    expect(crashed.row("documents")).toBe("600");
    expect(crashed.stdout).toContain("The documents are in postgres://127.0.0.1:");
    expect(await storedUrls(server.url)).toEqual(urls.toSorted());
    expect(origin.totalHits).toBe(600);

    const resumed = await runHarvest(folder.path, ...args);
    expect(resumed.code).toBe(0);
    expect(resumed.row("already stored")).toBe("600");
    expect(origin.totalHits).toBe(600);
  });

  test("a server that is not there is named in one line, without the password", slow, async ({ folder }) => {
    await folder.write({ "urls.txt": "http://127.0.0.1/never-asked" });
    const database = "postgres://me:secret@127.0.0.1:1/harvest";
    const run = await runHarvest(folder.path, "--list", "urls.txt", "--database", database);
    expect(run).toMatchObject({ code: 1, stdout: "" });
    expect(run.stderr).toMatch(/^harvest: cannot connect to postgres:\/\/127\.0\.0\.1:1\/harvest: .+\n$/);
    expect(run.stderr).not.toContain("secret");
  });
});
if (whyNoServer !== undefined)
  plainTest(`a crash of PostgreSQL is not tested: ${whyNoServer}`, ({ skip }) => skip(whyNoServer));
