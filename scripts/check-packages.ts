/**
 * `npm run check:package`, after a build: every package, packed as it would be published, through publint and
 * Are The Types Wrong.
 *
 * The packages are ESM only, so how CommonJS or `moduleResolution: node10` would resolve them is not asked.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = join(import.meta.dirname, "..");
const folders = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
const scratch = mkdtempSync(join(tmpdir(), "millrace-packed-"));
let failures = 0;

try {
  for (const folder of folders) await checkTarball(folder);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (failures > 0) process.exitCode = 1;

function say(what: string, complaints: readonly string[]): void {
  failures += complaints.length;
  console.log(`${complaints.length === 0 ? "ok    " : "FAILED"} ${what}`);
  for (const complaint of complaints) console.log(`       ${complaint}`);
}

async function checkTarball(folder: string): Promise<void> {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
  };
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", scratch];
  execFileSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const [file] = readdirSync(scratch);
  const tarball = new Uint8Array(readFileSync(join(scratch, file!)));
  rmSync(join(scratch, file!));

  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  say(
    `${manifest.name}: publint`,
    messages.map((message) => formatMessage(message, pkg) ?? message.code),
  );
  const analysis = await checkPackage(createPackageFromTarballData(tarball));
  const problems = analysis.types === false ? ["it has no types"] : analysis.problems.filter(matters);
  say(
    `${manifest.name}: types`,
    problems.map((problem) => JSON.stringify(problem)),
  );
}

function matters(problem: Problem): boolean {
  const { resolutionKind, resolutionOption } = problem as {
    readonly resolutionKind?: string;
    readonly resolutionOption?: string;
  };
  return resolutionOption !== "node10" && !["node10", "node16-cjs"].includes(resolutionKind ?? "");
}
