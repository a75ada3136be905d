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

    test("SIGTERM under load, while the page is served, loses nothing", slow, async ({ folder }) => {
      await using database = await createDatabase();
      const answered = new Set<string>();
      await using origin = await startOrigin((response, path) => {
        setTimeout(() => response.end(`# ${path}`, () => answered.add(path)), 5);
      });
      const urls = Array.from({ length: 600 }, (_, i) => origin.url(`/${i}.md`));
      await folder.write({ "urls.txt": urls.join("\n") });
      const args = ["--list", "urls.txt", "--concurrency", "16", "--batch", "16", "--database", database.url];

      const run = startHarvest(folder.path, ...args, "--serve", "--port", "0");
      await run.wrote("the progress is shown at http://");
      const page = new URL("/live", /shown at (\S+)/.exec(run.output)![1]!);
      page.protocol = "ws:";
      const socket = new WebSocket(page);
      let end: number | undefined;
      socket.onclose = ({ code }) => (end = code);
      await expect.poll(async () => (await storedUrls(database.url)).length, patiently).toBeGreaterThan(50);
      run.terminate();
      const terminated = await run.exit;
      expect(terminated).toMatchObject({ code: 143, signal: null });
      await expect.poll(() => end, patiently).toBe(1001);
      const stored = await storedUrls(database.url);
      expect(stored.length).toBeLessThan(600);
      expect(stored.map((url) => new URL(url).pathname).toSorted()).toEqual([...answered].toSorted());
      expect(origin.totalHits).toBe(stored.length);

      const resumed = await runHarvest(folder.path, ...args);
      expect(resumed.row("already stored")).toBe(`${stored.length}`);
      expect(await storedUrls(database.url)).toHaveLength(600);
      expect(origin.totalHits).toBe(600);
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
