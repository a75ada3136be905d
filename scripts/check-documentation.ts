/**
 * A part of `npm run check`: the documentation of every entry point of every package, through
 * `deno doc --lint`. All that is exported has a comment, and refers to nothing that is not exported.
 *
 * Left out is what other packages declare: how they document it is theirs to say, and a reader finds their
 * types in them.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { executable, platformNamed } from "../test/platforms/platforms.ts";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly "@millrace/source": string }>>;
}

const packages = join(import.meta.dirname, "../packages");
const deno = findDeno();
if (deno !== undefined) for (const folder of readdirSync(packages)) check(deno, join(packages, folder));

function findDeno(): string | undefined {
  try {
    return executable(platformNamed("deno"));
  } catch (error) {
    console.log(`LEFT OUT  documentation: Deno could not be installed: ${String(error)}`);
    return undefined;
  }
}

function check(deno: string, folder: string): void {
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const entries = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [entry["@millrace/source"]],
  );
  const { status, stderr } = spawnSync(deno, ["doc", "--lint", ...entries], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const errors = stripVTControlCharacters(stderr)
    .split(/^(?=error)/m)
    .filter((part) => part.startsWith("error["));
  const complaints = status !== 0 && errors.length === 0 ? [stderr] : errors.filter(isOurs);
  console.log(`${complaints.length === 0 ? "ok    " : "FAILED"} ${name}: documentation`);
  for (const complaint of complaints) console.log(`       ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}

/** `error[private-type-ref]: public type 'A' references private type 'B.C'`, then `--> file:line:column`. */
function isOurs(error: string): boolean {
  const file = /--> (.+):\d+:\d+$/m.exec(error)?.[1] ?? "";
  if (file.includes("/node_modules/")) return false;
  const type = /references private type '(\w+)/.exec(error)?.[1];
  if (type === undefined) return true;
  const imports = readFileSync(file, "utf8").matchAll(/^import (?:type )?\{([^}]*)\} from "([^"]+)"/gm);
  return ![...imports].some(
    ([, names, from]) => !from!.startsWith(".") && new RegExp(`\\b${type}\\b`).test(names!),
  );
}
