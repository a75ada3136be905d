/**
 * Builds the page in the workspace, in a process of its own, so that the program that is looked at goes on. What
 * was built is kept under a name made from its sources: two processes that build at once end with the same.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Those whose change makes another page. */
const SOURCES = ["src/ui", "src/protocol", "vite.config.ts", "package.json"];

/** The folder it is in. */
export async function buildPage(packageFolder: string): Promise<string> {
  const cache = join(packageFolder, "../../.cache/console");
  const folder = join(cache, await fingerprint(packageFolder));
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, "building-"));
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin/vite.js");
  const options = ["build", "--outDir", scratch, "--emptyOutDir", "--logLevel", "error"];
  const { NODE_OPTIONS: _, ...env } = process.env;
  try {
    await promisify(execFile)(process.execPath, [vite, ...options], {
      cwd: packageFolder,
      env: { ...env, NODE_ENV: "production" },
    });
    await rename(scratch, folder);
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    if (existsSync(folder)) return folder;
    throw new Error("the page of the console could not be built", { cause: error });
  }
  return folder;
}

async function fingerprint(packageFolder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(packageFolder, source);
    const isFolder = !source.includes(".");
    const entries = isFolder ? await readdir(path, { recursive: true, withFileTypes: true }) : [];
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of isFolder ? files.toSorted() : [path]) {
      hash.update(file.slice(packageFolder.length)).update(await readFile(file));
    }
  }
  return hash.digest("hex").slice(0, 16);
}
