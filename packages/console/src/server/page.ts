/**
 * The files of the page, read into memory. Only what is there is served, by its exact path, so there is no path
 * to escape from. A published package has them in `dist/page`; in the workspace they are built when first asked
 * for, and again when their sources change (`build-page.ts`).
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPage } from "./build-page.ts";

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}
/** By path, "/" for the page itself. */
export type Page = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const packageFolder: string = fileURLToPath(new URL("../../", import.meta.url));

let loading: Promise<Page> | undefined;

/** Once for the process, unless it fails. */
export function loadPage(): Promise<Page> {
  return (loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  }));
}

async function load(): Promise<Page> {
  const isWorkspace = existsSync(join(packageFolder, "vite.config.ts"));
  const folder = isWorkspace ? await buildPage(packageFolder) : join(packageFolder, "dist/page");
  const page: Map<string, PageFile> = new Map();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = relative(folder, file).replaceAll("\\", "/");
    page.set(path === "index.html" ? "/" : `/${path}`, { type, body: await readFile(file) });
  }
  if (!page.has("/")) throw new Error(`the page of the console is missing from ${folder}`);
  return page;
}
