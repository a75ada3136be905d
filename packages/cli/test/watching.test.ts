/** A program that is looked at: `run --console`, `run --record`, `top`, `console`. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { millrace, Running } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINK = /at (http:\/\/127\.0\.0\.1:\d+\/\?token=\S+)/;

test(
  "millrace top shows a program by its process id and by its link, without a terminal once",
  { timeout: 60_000 },
  async () => {
    using program = new Running("run", "--console", "jobs.ts");
    const [, link] = await program.said(LINK);
    await program.said(/ready/);
    const byId = await millrace("top", String(program.pid));
    expect(byId).toMatchObject({ code: 0, stderr: "" });
    expect(byId.stdout).toMatch(new RegExp(`^jobs\\.ts \\(${program.pid}\\) · node `));
    expect(byId.stdout).toMatch(
      /producer +waiting .* send on channel #\d+ 'jobs' \(4\/4, 1 sender\) for .* at jobs\.ts:\d+/,
    );
    expect(byId.stdout).toMatch(/waiter {2}\[31m日本 +waiting .* lock on mutex #\d+ 'accounts'/);
    expect(byId.stdout).toMatch(/mutex +accounts +1 +#\d+ 'holder'/);
    expect(byId.stdout).not.toContain("\u001b");
    // What the library makes for itself is nobody's business.
    expect(byId.stdout).not.toMatch(/^ *\d+ +oneshot/m);
    const [, producer] = /(\d+) +producer/.exec(byId.stdout)!;
    const byTask = await millrace("top", String(program.pid), "--task", producer!);
    expect(byTask.stdout).toMatch(
      /task #\d+ 'producer' is waiting\nit waits for send on channel #\d+ 'jobs'/,
    );
    expect(byTask.stdout).toMatch(/HOW LONG IT RAN, POLL BY POLL +p50 .*\n +< .* █+ \d+\n/);
    expect(byTask.stdout).toMatch(/ITS LAST POLLS/);
    const byLink = await millrace("top", link!);
    expect(byLink.stdout).toMatch(/^jobs\.ts /);
    const again = await millrace("top", link!);
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain("used up");
    expect(await program.finish()).toMatchObject({ code: 0 });
    const gone = await millrace("top", String(program.pid));
    expect(gone).toMatchObject({ code: 1, stdout: "" });
    expect(gone.stderr).toContain(`process ${program.pid} serves no console`);
  },
);

test("millrace run --record writes a file that millrace console opens", { timeout: 60_000 }, async () => {
  const file = join(folder, "jobs.millrace");
  using program = new Running("run", "--record", file, "jobs.ts");
  await program.said(/ready/);
  expect(await program.finish()).toMatchObject({ code: 0, stderr: "" });
  const recording = readFileSync(file, "utf8");
  for (const name of ["producer", "holder", "jobs", "accounts"])
    expect(recording).toContain(`"name":"${name}"`);
  using shown = new Running("console", file);
  const [, link] = await shown.said(LINK);
  const top = await millrace("top", link!);
  expect(top).toMatchObject({ code: 0, stderr: "" });
  expect(top.stdout).toMatch(/^jobs\.ts /);
  shown.signal("SIGINT");
  expect(await shown.end).toMatchObject({ signal: "SIGINT", stdout: "" });
});

test(
  "the body of a default export is watched as any other, and names no line of the command",
  { timeout: 60_000 },
  async () => {
    const file = join(folder, "body.millrace");
    expect(await millrace("run", "--record", file, "body.ts")).toMatchObject({ code: 0, stderr: "" });
    const recording = readFileSync(file, "utf8");
    expect(recording).toContain('"state":"done"');
    expect(recording).not.toContain("spawnedAt");
  },
);

test("what cannot be opened is said, and nothing is run", { timeout: 60_000 }, async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => taken.once("listening", done));
  const port = String((taken.address() as AddressInfo).port);
  try {
    const ends = await Promise.all([
      millrace("run", "--port", port, "body.ts"),
      millrace("run", "--record", folder, "body.ts"),
    ]);
    for (const end of ends) expect(end).toMatchObject({ code: 2, stdout: "" });
    const said = ends.map(({ stderr }) => stderr);
    expect(said[0]).toContain(`port ${port} of 127.0.0.1 is taken`);
    expect(said[1]).toContain("EISDIR");
  } finally {
    taken.close();
  }
});
