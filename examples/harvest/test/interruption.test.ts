import { existsSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { expect } from "vitest";
import { storedDocuments } from "./support/database.ts";
import { test, type Folder } from "./support/folder.ts";
import { startOrigin, type Origin } from "./support/origin.ts";
import { patiently, slow } from "./support/patience.ts";
import { runHarvest, startHarvest, startHarvestIn } from "./support/run-harvest.ts";

/** Answers so many requests, and keeps the others waiting until it is opened. */
class Gate {
  #answers: number;
  readonly #waiting: ServerResponse[] = [];

  constructor(answers: number) {
    this.#answers = answers;
  }

  readonly respond = (response: ServerResponse): void => {
    if (this.#answers-- > 0) response.end("# here");
    else this.#waiting.push(response);
  };

  get waiting(): number {
    return this.#waiting.length;
  }

  open(): void {
    this.#answers = Number.POSITIVE_INFINITY;
    for (const response of this.#waiting.splice(0)) response.end("# here");
  }
}

async function writeList(folder: Folder, origin: Origin, count: number): Promise<void> {
  const urls = Array.from({ length: count }, (_, i) => origin.url(`/${i}.md`));
  await folder.write({ "urls.txt": urls.join("\n") });
}

function storedUrls(folder: Folder): string[] {
  const path = folder.join("test.sqlite");
  return existsSync(path) ? storedDocuments(path).map(({ url }) => url) : [];
}

test(
  "Ctrl-C begins nothing new, finishes and stores what is in flight, and exits with 130",
  slow,
  async ({ folder }) => {
    const gate = new Gate(20);
    await using origin = await startOrigin(gate.respond);
    await writeList(folder, origin, 60);
    const args = ["--list", "urls.txt", "--concurrency", "4"];

    const run = startHarvest(folder.path, ...args);
    await expect.poll(() => gate.waiting, patiently).toBe(4);
    run.interrupt();
    await run.wrote("harvest: stopping");
    gate.open();
    const interrupted = await run.exit;

    expect(interrupted).toMatchObject({ code: 130, signal: null });
    expect(interrupted.stderr).not.toContain("millrace: ");
    expect(origin.totalHits).toBe(24);
    expect(storedUrls(folder)).toHaveLength(24);
    expect(interrupted.row("documents")).toBe("24");
    expect(interrupted.stdout).toContain("Interrupted: 24 of 60 documents are stored in test.sqlite.");
    expect(interrupted.stdout).toMatch(/run the same command again:\n  node .*main\.ts .*--list urls\.txt/);

    const resumed = await runHarvest(folder.path, ...args);
    expect(resumed.code).toBe(0);
    expect(resumed.row("already stored")).toBe("24");
    expect(resumed.row("documents")).toBe("36");
    expect(origin.totalHits).toBe(60);
    expect(storedUrls(folder)).toHaveLength(60);
  },
);

test("Ctrl-C does not wait for a document that waits to be tried again", slow, async ({ folder }) => {
  await using origin = await startOrigin((response) =>
    response.writeHead(503, { "retry-after": "3600" }).end(),
  );
  await writeList(folder, origin, 2);
  const run = startHarvest(folder.path, "--list", "urls.txt", "--max-delay", "3600000");

  await expect.poll(() => origin.totalHits, patiently).toBe(2);
  await expect.poll(() => origin.open, patiently).toBe(0);
  run.interrupt();

  const { code, row } = await run.exit;
  expect(code).toBe(130);
  expect(row("failures")).toBe("0");
});

test("a second Ctrl-C ends it at once", slow, async ({ folder }) => {
  await using origin = await startOrigin(() => {});
  await writeList(folder, origin, 1);
  const run = startHarvest(folder.path, "--list", "urls.txt", "--timeout", "3600000");

  await expect.poll(() => origin.open, patiently).toBe(1);
  run.interrupt();
  await run.wrote("harvest: stopping");
  run.interrupt();
  expect(await run.exit).toMatchObject({ code: 130, stdout: "" });
});

test(
  "the local corpus survives Ctrl-C until it is drained, and is resumed under another port",
  slow,
  async ({ folder }) => {
    const files = Array.from({ length: 200 }, (_, i) => [`corpus/${i}.md`, `# ${i}`]);
    await folder.write(Object.fromEntries(files));
    const args = ["--root", "corpus", "--unavailable", "0", "--stalls", "0", "--batch", "1"];

    const run = startHarvest(folder.path, ...args, "--latency", "100");
    await expect.poll(() => storedUrls(folder).length, patiently).toBeGreaterThan(0);
    run.interrupt();
    const interrupted = await run.exit;
    expect(interrupted.code).toBe(130);
    expect(interrupted.row("failures")).toBe("0");
    expect(interrupted.row("documents")).toBe(`${storedUrls(folder).length}`);

    const resumed = await runHarvest(folder.path, ...args, "--latency", "0");
    expect(resumed.code).toBe(0);
    expect(resumed.row("already stored")).toBe(interrupted.row("documents"));
    expect(storedUrls(folder)).toHaveLength(200);
  },
);

test(
  "SIGKILL, again and again, loses no committed document and fetches none of them twice",
  slow,
  async ({ folder }) => {
    await using origin = await startOrigin((response) => setTimeout(() => response.end("# here"), 5));
    await writeList(folder, origin, 400);
    const args = ["--list", "urls.txt", "--concurrency", "4", "--batch", "4"];

    let committed: string[] = [];
    const hitsWhenCommitted = new Map<string, number>();
    for (const enough of [30, 60, 120]) {
      const run = startHarvest(folder.path, ...args);
      await expect.poll(() => storedUrls(folder).length, patiently).toBeGreaterThan(enough);
      const beforeKill = storedUrls(folder);
      run.kill();
      expect(await run.exit).toMatchObject({ code: null, signal: "SIGKILL" });

      const afterKill = storedUrls(folder);
      expect(afterKill).toEqual(expect.arrayContaining([...committed, ...beforeKill]));
      for (const url of afterKill) {
        if (!hitsWhenCommitted.has(url)) hitsWhenCommitted.set(url, origin.hits(new URL(url).pathname));
      }
      committed = afterKill;
    }
    expect(committed.length).toBeLessThan(400);

    const last = await runHarvest(folder.path, ...args);
    expect(last.code).toBe(0);
    expect(last.row("already stored")).toBe(`${committed.length}`);
    expect(storedUrls(folder)).toHaveLength(400);
    for (const [url, hits] of hitsWhenCommitted) expect(origin.hits(new URL(url).pathname)).toBe(hits);
  },
);

test(
  "SIGTERM under load: every document that was answered is stored, none is lost or fetched twice",
  slow,
  async ({ folder }) => {
    const answered = new Set<string>();
    await using origin = await startOrigin((response, path) => {
      setTimeout(() => response.end(`# ${path}`, () => answered.add(path)), 5);
    });
    await writeList(folder, origin, 800);
    const args = ["--list", "urls.txt", "--concurrency", "32", "--batch", "16"];

    const run = startHarvest(folder.path, ...args);
    await expect.poll(() => storedUrls(folder).length, patiently).toBeGreaterThan(100);
    run.terminate();
    const terminated = await run.exit;

    expect(terminated).toMatchObject({ code: 143, signal: null });
    expect(terminated.stderr).toContain("harvest: stopping");
    expect(terminated.stderr).not.toContain("millrace: ");
    const stored = storedUrls(folder);
    expect(stored.length).toBeLessThan(800);
    expect(stored.map((url) => new URL(url).pathname).toSorted()).toEqual([...answered].toSorted());
    expect(origin.totalHits).toBe(stored.length);
    expect(terminated.row("documents")).toBe(`${stored.length}`);

    const resumed = await runHarvest(folder.path, ...args);
    expect(resumed.code).toBe(0);
    expect(resumed.row("already stored")).toBe(`${stored.length}`);
    expect(storedUrls(folder)).toHaveLength(800);
    expect(origin.totalHits).toBe(800);
  },
);

test("Ctrl-C while the corpus server starts ends as one later does", slow, async ({ folder }) => {
  const root = await folder.write({ "corpus/a.md": "# a", "corpus/b.md": "# b" });
  // The server says that it is there, and takes its time.
  const late = `if (process.argv[1]?.endsWith("corpus-server.ts")) {
    process.stderr.write("the server starts");
    await new Promise((done) => setTimeout(done, 300));
  }`;
  const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(late)}` };

  const run = startHarvestIn(environment, folder.path, "--root", `${root}/corpus`);
  await run.wrote("the server starts");
  run.interrupt();
  const interrupted = await run.exit;

  expect(interrupted).toMatchObject({ code: 130, signal: null });
  expect(interrupted.stderr).toContain("harvest: stopping");
  expect(interrupted.stderr).not.toContain("the corpus server ended");
  expect(interrupted.stdout).toContain("Interrupted: 0 of 2 documents are stored in test.sqlite.");
});

test("a second SIGTERM ends it at once", slow, async ({ folder }) => {
  await using origin = await startOrigin(() => {});
  await writeList(folder, origin, 1);
  const run = startHarvest(folder.path, "--list", "urls.txt", "--timeout", "3600000");

  await expect.poll(() => origin.open, patiently).toBe(1);
  run.terminate();
  await run.wrote("harvest: stopping");
  run.terminate();
  expect(await run.exit).toMatchObject({ code: null, signal: "SIGTERM", stdout: "" });
});
