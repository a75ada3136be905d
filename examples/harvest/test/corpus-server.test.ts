import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { CorpusAnnouncement, CorpusOptions } from "../src/corpus.ts";
import { test } from "./support/folder.ts";
import { patiently, slow } from "./support/patience.ts";

const program = fileURLToPath(new URL("../src/corpus-server.ts", import.meta.url));
const healthy = { seed: 1, latency: 0, unavailable: 0, stalls: 0 };

async function serve(
  options: CorpusOptions,
): Promise<Disposable & CorpusAnnouncement & { child: ChildProcess }> {
  const child = fork(program, [JSON.stringify(options)], { execArgv: [] });
  const [announcement] = (await once(child, "message")) as [CorpusAnnouncement];
  return { ...announcement, child, [Symbol.dispose]: () => child.kill() };
}

test(
  "it serves the package.json and Markdown files under a folder, and nothing else",
  slow,
  async ({ folder }) => {
    const root = await folder.write({
      "b/package.json": "{}",
      "b/tsconfig.json": "{}",
      "b/src/index.js": "",
      "@a/x y#z/README.MD": "# hello",
    });
    using corpus = await serve({ ...healthy, root });

    expect(corpus.documents.map(({ path }) => path)).toEqual(["@a/x y#z/README.MD", "b/package.json"]);
    const [readme, manifest] = await Promise.all(corpus.documents.map(({ location }) => fetch(location)));
    expect(await readme?.text()).toBe("# hello");
    expect(manifest?.headers.get("content-type")).toBe("application/json");
    expect((await fetch(new URL("/b/tsconfig.json", corpus.documents[0]?.location))).status).toBe(404);
  },
);

test("the same seed gives the same faults, in whatever order the requests come", slow, async ({ folder }) => {
  const root = await folder.write(
    Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.md`, `${i}`])),
  );
  const statuses = async (seed: number, order: "first" | "last") => {
    using corpus = await serve({ ...healthy, root, seed, unavailable: 0.5 });
    const documents = order === "first" ? corpus.documents : corpus.documents.toReversed();
    const entries: [string, string][] = [];
    for (const { path, location } of documents) {
      const { status, headers } = await fetch(location);
      entries.push([path, `${status} ${headers.get("retry-after")}`]);
    }
    return Object.fromEntries(entries);
  };

  const once = await statuses(7, "first");
  expect(await statuses(7, "last")).toEqual(once);
  expect(await statuses(8, "first")).not.toEqual(once);
  expect(new Set(Object.values(once))).toEqual(new Set(["200 null", "503 null", "503 1"]));
});

test("a stalled answer stops half way", slow, async ({ folder }) => {
  const root = await folder.write({ "a.md": "12345678" });
  using corpus = await serve({ ...healthy, root, stalls: 1 });

  const abort = new AbortController();
  const response = await fetch(corpus.documents[0]?.location ?? "", { signal: abort.signal });
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("1234");
  abort.abort();
});

test("it ignores Ctrl-C and ends with its parent, even one that is killed", slow, async ({ folder }) => {
  const root = await folder.write({ "a.md": "a" });
  const options = JSON.stringify(JSON.stringify({ ...healthy, root }));
  const parent = spawn(
    process.execPath,
    [
      "--eval",
      `const child = require("node:child_process").fork(${JSON.stringify(program)}, [${options}]);
       child.once("message", (message) => console.log(JSON.stringify({ pid: child.pid, ...message })));`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const { pid, documents } = JSON.parse(line.toString()) as CorpusAnnouncement & { pid: number };

  process.kill(pid, "SIGINT");
  expect((await fetch(documents[0]?.location ?? "")).status).toBe(200);

  parent.kill("SIGKILL");
  const isServing = () => fetch(documents[0]?.location ?? "").then(Boolean, () => false);
  await expect.poll(isServing, patiently).toBe(false);
});
