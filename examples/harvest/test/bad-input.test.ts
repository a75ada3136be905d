import { mkdir } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { storedDocuments } from "./support/database.ts";
import { test } from "./support/folder.ts";
import { startOrigin } from "./support/origin.ts";
import { patiently, slow } from "./support/patience.ts";
import { runHarvest, startHarvest } from "./support/run-harvest.ts";

test("each bad item gives one line that names it, and the rest is harvested", slow, async ({ folder }) => {
  await using origin = await startOrigin((response, path) => {
    response.end(path === "/large.md" ? "x".repeat(100_000) : path === "/page.json" ? "<html>" : "# fine");
  });
  const unreachable = `http://127.0.0.1:${await closedPort()}/a.md`;
  const urls = [
    unreachable,
    "htp:/oops",
    origin.url("/page.json"),
    origin.url("/large.md"),
    origin.url("/a.md"),
  ];
  await folder.write({ "urls.txt": urls.join("\n") });
  const run = await runHarvest(folder.path, "--list", "urls.txt", "--retries", "1", "--max-bytes", "50000");

  expect(run.code).toBe(1);
  const lines = run.stderr.split("\n").filter((line) => line.startsWith("harvest: "));
  expect(lines.toSorted()).toEqual([
    expect.stringMatching(/^harvest: decode: .*\/page\.json: the body is not JSON: .*/),
    'harvest: malformed: urls.txt:2: not an http(s) URL: "htp:/oops"',
    expect.stringMatching(`^harvest: network: ${unreachable}: connect ECONNREFUSED`),
    `harvest: too large: ${origin.url("/large.md")}: the body is over --max-bytes 50000`,
  ]);
  expect(storedDocuments(folder.join("test.sqlite")).map(({ url }) => url)).toEqual([origin.url("/a.md")]);
});

test("a host without an address is named", slow, async ({ folder }) => {
  await folder.write({ "urls.txt": "http://no-such-host.invalid/a.md" });
  const run = await runHarvest(folder.path, "--list", "urls.txt", "--retries", "0");

  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/^harvest: network: http:\/\/no-such-host\.invalid\/a\.md: getaddrinfo/m);
});

test("a body without end is not read past --max-bytes", slow, async ({ folder }) => {
  await using origin = await startOrigin((response) => {
    const timer = setInterval(() => response.write("x".repeat(1000)), 1);
    response.once("close", () => clearInterval(timer));
  });
  await folder.write({ "urls.txt": origin.url("/endless") });
  const run = await runHarvest(
    folder.path,
    "--list",
    "urls.txt",
    "--timeout",
    "20000",
    "--max-bytes",
    "10000",
  );

  expect(run.stderr).toBe(
    `harvest: too large: ${origin.url("/endless")}: the body is over --max-bytes 10000\n`,
  );
  await expect.poll(() => origin.open, patiently).toBe(0);
});

test("a database that cannot be written is named in one line", slow, async ({ folder }) => {
  await folder.write({
    "urls.txt": "http://127.0.0.1/never-asked",
    "notes.txt": "not a database, but long enough",
  });
  await mkdir(folder.join("a-folder"));

  for (const db of ["no-such-folder/x.sqlite", "a-folder", "notes.txt"]) {
    const run = await runHarvest(folder.path, "--list", "urls.txt", "--db", db);
    expect(run).toMatchObject({ code: 1, stdout: "" });
    expect(run.stderr).toMatch(new RegExp(`^harvest: cannot use the database ${db}: .+\n$`));
  }
});

test(
  "a database that cannot be written any more is named; what it has, it keeps",
  slow,
  async ({ folder }) => {
    let answers = 4;
    const waiting: ServerResponse[] = [];
    await using origin = await startOrigin((response) => {
      if (answers-- > 0) response.end("# fine");
      else waiting.push(response);
    });
    await folder.write({ "urls.txt": Array.from({ length: 20 }, (_, i) => origin.url(`/${i}`)).join("\n") });
    const run = startHarvest(folder.path, "--list", "urls.txt", "--concurrency", "2");
    await expect.poll(() => waiting.length, patiently).toBe(2);
    await expect.poll(() => storedDocuments(folder.join("test.sqlite")).length, patiently).toBe(4);

    using other = new DatabaseSync(folder.join("test.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    for (const response of waiting.splice(0)) response.end("# fine");

    const stderr = "harvest: test.sqlite is locked: database is locked\n";
    expect(await run.exit).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(stderr) });
    other.exec("ROLLBACK");
    expect(storedDocuments(folder.join("test.sqlite"))).toHaveLength(4);
  },
);

test("a list or a folder that is not there is named in one line", slow, async ({ folder }) => {
  const list = await runHarvest(folder.path, "--list", "no-such-list");
  expect(list).toMatchObject({ code: 1, stdout: "" });
  expect(list.stderr).toMatch(/^harvest: cannot read the list no-such-list: .+\n$/);

  const root = await runHarvest(folder.path, "--root", "no-such-folder");
  expect(root).toMatchObject({ code: 1, stdout: "" });
  expect(root.stderr).toBe(`harvest: there is no folder ${folder.join("no-such-folder")} to serve\n`);
});

test("an option that does not exist is named, with exit code 2", slow, async ({ folder }) => {
  const run = await runHarvest(folder.path, "--lsit", "urls.txt");
  expect(run).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("--lsit") });
});

/** A port that nothing listens on: one that was just given back. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
