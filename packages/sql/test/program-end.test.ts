/** Programs that leave a database open: idle connections keep none of them alive, and nothing is reported. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { sayLoudly, startPostgres, whyNoServer } from "./support/postgres-server.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = fileURLToPath(new URL("support/leaves-open.ts", import.meta.url));
const patience = { timeout: 120_000 };

function run(target: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [
    "--conditions=@millrace/source",
    "--no-warnings",
    program,
    target,
  ]);
}

test("with SQLite", patience, async () => {
  expect(await run(join(folder, "x.sqlite"))).toEqual({ stdout: "1\n", stderr: "" });
});

test.skipIf(whyNoServer !== undefined)("with PostgreSQL", patience, async () => {
  await using server = await startPostgres();
  expect(await run(server.url)).toEqual({ stdout: "1\n", stderr: "" });
});
if (whyNoServer !== undefined) sayLoudly("the end of a program that has PostgreSQL open", whyNoServer);
