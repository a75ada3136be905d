import { expect } from "vitest";
import { storedDocuments } from "./support/database.ts";
import { test } from "./support/folder.ts";
import { startOrigin } from "./support/origin.ts";
import { patiently, slow } from "./support/patience.ts";
import { runHarvest } from "./support/run-harvest.ts";

test("a 503 is tried again, and Retry-After is waited for", slow, async ({ folder }) => {
  const times: number[] = [];
  await using origin = await startOrigin((response, _path, hit) => {
    times.push(Date.now());
    if (hit === 1) response.writeHead(503, { "retry-after": "1" }).end();
    else response.end("# here");
  });
  await folder.write({ "urls.txt": origin.url("/a.md") });
  const run = await runHarvest(folder.path, "--list", "urls.txt");

  expect(run.code).toBe(0);
  expect(run.row("retries")).toBe("1");
  expect(times).toHaveLength(2);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
});

test("Retry-After may be a date", slow, async ({ folder }) => {
  let comeBackAt = 0;
  let cameBackAt = 0;
  await using origin = await startOrigin((response, _path, hit) => {
    if (hit === 1) {
      const date = new Date(Date.now() + 2000);
      comeBackAt = date.setMilliseconds(0);
      response.writeHead(429, { "retry-after": date.toUTCString() }).end();
    } else {
      cameBackAt = Date.now();
      response.end("# here");
    }
  });
  await folder.write({ "urls.txt": origin.url("/a.md") });

  expect(await runHarvest(folder.path, "--list", "urls.txt")).toMatchObject({ code: 0 });
  expect(cameBackAt).toBeGreaterThanOrEqual(comeBackAt - 50);
});

test(
  "an answer that stalls, before or in its body, is given up and tried again",
  slow,
  async ({ folder }) => {
    await using origin = await startOrigin((response, path, hit) => {
      if (hit > 1) response.end("# here");
      else if (path === "/half.md") response.writeHead(200, { "content-length": 6 }).write("# h");
    });
    await folder.write({ "urls.txt": `${origin.url("/silent.md")}\n${origin.url("/half.md")}` });
    const run = await runHarvest(folder.path, "--list", "urls.txt", "--timeout", "1000");

    expect(run.code).toBe(0);
    expect(run.row("retries")).toBe("2");
    expect(storedDocuments(folder.join("test.sqlite")).map(({ title }) => title)).toEqual(["here", "here"]);
    await expect.poll(() => origin.open, patiently).toBe(0);
  },
);

test("a connection that breaks in the body is tried again", slow, async ({ folder }) => {
  await using origin = await startOrigin((response, _path, hit) => {
    if (hit > 1) response.end("# here");
    else response.writeHead(200, { "content-length": 6 }).write("# h", () => response.destroy());
  });
  await folder.write({ "urls.txt": origin.url("/a.md") });

  expect(await runHarvest(folder.path, "--list", "urls.txt")).toMatchObject({ code: 0 });
  expect(origin.hits("/a.md")).toBe(2);
});

test(
  "a document that fails for good is named and counted, and makes the exit code 1",
  slow,
  async ({ folder }) => {
    await using origin = await startOrigin((response, path) => {
      if (path === "/silent") return;
      response.writeHead(path === "/busy" ? 503 : path === "/gone" ? 404 : 200).end("# here");
    });
    const paths = ["/busy", "/gone", "/silent", "/fine"];
    await folder.write({ "urls.txt": paths.map((path) => origin.url(path)).join("\n") });
    const run = await runHarvest(folder.path, "--list", "urls.txt", "--retries", "1", "--timeout", "2000");

    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`harvest: status: ${origin.url("/busy")}: HTTP 503 Service Unavailable`);
    expect(run.stderr).toContain(`harvest: status: ${origin.url("/gone")}: HTTP 404 Not Found`);
    expect(run.stderr).toContain(
      `harvest: timeout: ${origin.url("/silent")}: no complete answer within 2000 ms`,
    );
    expect(run.row("documents")).toBe("1");
    expect(run.row("failures")).toBe("3");
    expect(run.row("status")).toBe("2");
    expect(run.row("timeout")).toBe("1");
    expect([origin.hits("/busy"), origin.hits("/gone"), origin.hits("/silent")]).toEqual([2, 1, 2]);
  },
);
