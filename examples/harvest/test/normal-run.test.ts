import { expect } from "vitest";
import { storedDocuments } from "./support/database.ts";
import { test } from "./support/folder.ts";
import { startOrigin } from "./support/origin.ts";
import { slow } from "./support/patience.ts";
import { runHarvest, startHarvest } from "./support/run-harvest.ts";

test("by default it harvests the repository's node_modules, faults and all", slow, async ({ folder }) => {
  const first = await runHarvest(folder.path, "--latency", "10", "--timeout", "2000");
  expect(first).toMatchObject({ code: 0, signal: null });
  expect(first.stderr).not.toContain("millrace: "); // no leak, no unobserved failure

  const documents = storedDocuments(folder.join("test.sqlite"));
  expect(documents.length).toBeGreaterThan(100);
  expect(first.row("documents")).toBe(`${documents.length}`);
  expect(first.row("bytes")).toContain(`${documents.reduce((sum, { bytes }) => sum + bytes, 0)} (`);
  expect(first.row("failures")).toBe("0");
  expect(Number(first.row("retries"))).toBeGreaterThan(0);
  expect(Number(first.row("peak tasks"))).toBeGreaterThan(16);
  expect(documents.find(({ url }) => url.endsWith("/node_modules/vitest/package.json"))?.title).toBe(
    "vitest",
  );

  const second = await runHarvest(folder.path);
  expect(second.code).toBe(0);
  expect(second.row("documents")).toBe("0");
  expect(second.row("already stored")).toBe(`${documents.length}`);
  expect(second.stdout).toContain(`Nothing to fetch: ${documents.length} of ${documents.length} documents`);
});

test("--root serves another folder", slow, async ({ folder }) => {
  await folder.write({ "docs/a.md": "# A", "docs/b/package.json": '{"name":"b"}', "docs/c.txt": "c" });
  const run = await runHarvest(folder.path, "--root", "docs", "--unavailable", "0", "--stalls", "0");

  expect(run.code).toBe(0);
  expect(storedDocuments(folder.join("test.sqlite")).map(({ title }) => title)).toEqual(["A", "b"]);
});

test("--list harvests a list of URLs, at most --concurrency at once", slow, async ({ folder }) => {
  await using origin = await startOrigin((response) => setTimeout(() => response.end("same"), 20));
  const urls = Array.from({ length: 30 }, (_, i) => origin.url(`/${i}`));
  await folder.write({ "urls.txt": urls.join("\n") });
  const run = await runHarvest(folder.path, "--list", "urls.txt", "--concurrency", "4");

  expect(run.code).toBe(0);
  expect(storedDocuments(folder.join("test.sqlite"))).toHaveLength(30);
  expect(run.row("duplicates")).toBe("29");
  expect(origin.totalHits).toBe(30);
  expect(origin.mostOpen).toBe(4);
});

test("where there is no terminal, progress comes as plain lines", slow, async ({ folder }) => {
  let finish = (): void => {};
  await using origin = await startOrigin((response, path) => {
    if (path === "/slow") finish = () => response.end();
    else response.end();
  });
  await folder.write({ "urls.txt": `${origin.url("/slow")}\n${origin.url("/fast")}` });
  const running = startHarvest(folder.path, "--list", "urls.txt");
  await running.wrote("\n1/2 documents, 0 B, 1 in flight, 0 retries\n");
  finish();

  const run = await running.exit;
  expect(run.code).toBe(0);
  expect(run.stderr + run.stdout).not.toContain("\u001B");
});

test("--help says how to use it", slow, async ({ folder }) => {
  const run = await runHarvest(folder.path, "--help");
  expect(run).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("Usage: npm start --") });
});
