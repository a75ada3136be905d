/** The library as a user gets it: built, packed by npm, and installed into an empty project. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compile } from "./comparison.ts";
import { executable, platformNamed } from "./platforms/platforms.ts";

const run = promisify(execFile);
const library = fileURLToPath(new URL("../packages/millrace/", import.meta.url));

/** Makes `project` an empty project, and installs the tarball there. It needs no network: it depends on nothing. */
export async function installPacked(project: string): Promise<void> {
  rmSync(project, { recursive: true, force: true });
  const package_ = join(project, "package");
  mkdirSync(package_, { recursive: true });
  // Packed from a copy, so that tests that run at the same time do not build in one place.
  for (const name of ["package.json", "README.md", "LICENSE", "src"]) {
    cpSync(join(library, name), join(package_, name), { recursive: true });
  }
  // Compiled there as well: the maps say where the sources are, seen from the code.
  const build = JSON.parse(readFileSync(join(library, "tsconfig.build.json"), "utf8")) as object;
  const settings = join(package_, "tsconfig.build.json");
  writeFileSync(settings, JSON.stringify({ ...build, extends: join(library, "../../tsconfig.base.json") }));
  const failure = await compile(settings);
  if (failure !== "") throw new Error(failure);
  await npm(package_, "pack", "--pack-destination", project);
  rmSync(package_, { recursive: true });
  const tarball = readdirSync(project).find((name) => name.endsWith(".tgz"))!;
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npm(project, "install", "--offline", "--no-audit", "--no-fund", `./${tarball}`);
}

/** The oldest Node that the library supports; `undefined`, and a word about it, where it cannot be installed. */
export function node22(): string | undefined {
  try {
    return executable(platformNamed("node22"));
  } catch (error) {
    console.warn(`not tried on Node 22, which could not be installed: ${String(error)}`);
    return undefined;
  }
}

async function npm(cwd: string, ...args: string[]): Promise<void> {
  await run("npm", args, { cwd, shell: process.platform === "win32" });
}
