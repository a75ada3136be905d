/**
 * Reads a source tree as a graph of imports, and judges it by the house's rules.
 *
 * Layers, lowest first; an import points down, or sideways within one folder:
 *
 *   errors ◄ internal (L0) ◄ runtime (L1) ◄ combinators, time, sync (L2)
 *          ◄ stream, actor (L3) ◄ threads (L4) ◄ diagnostics, testing (T) ◄ façades (src/*.ts)
 *
 * The three folders of L2 may use each other; no two files may depend on each other's values, directly
 * or in a round. `import type` costs nothing at run time, so within one layer it is free.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";

export interface SourceFile {
  /** Relative to the source root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** "deferred" is `import(…)`: a dependency, but none that matters for the order of loading. */
type ImportKind = "value" | "type" | "deferred";
export interface Import {
  readonly specifier: string;
  readonly kind: ImportKind;
}

const LAYERS: readonly { readonly folders: readonly string[]; readonly sideways?: boolean }[] = [
  { folders: ["errors.ts"] },
  { folders: ["internal"] },
  { folders: ["runtime"] },
  { folders: ["combinators", "time", "sync"], sideways: true },
  { folders: ["stream", "actor"] },
  { folders: ["threads"] },
  { folders: ["diagnostics", "testing"] },
];
const FACADE = LAYERS.length;
const MAX_LINES = 400;
const VAGUE = new Set(["utils", "util", "helpers", "helper", "common", "misc", "types"]);
const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.ts)?$/;

export function readTree(root: string): SourceFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: relative(root, file).replaceAll("\\", "/"),
      text: readFileSync(file, "utf8"),
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The imports and re-exports of a module, comments aside. */
export function importsOf(text: string): Import[] {
  const code = text.replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  const imports: Import[] = [];
  for (const [, type, specifier] of code.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[\w$*{},\s]*?\sfrom\s*|[\w$*{},\s]*?\}\s*from\s*)?["']([^"'\n]+)["']/gm,
  )) {
    imports.push({ specifier: specifier!, kind: type === undefined ? "value" : "type" });
  }
  for (const [, specifier] of code.matchAll(/\bimport\(\s*["']([^"'\n]+)["']\s*\)/g)) {
    imports.push({ specifier: specifier!, kind: "deferred" });
  }
  return imports;
}

/** Every breach of the house's rules in a tree, one readable line each. */
export function breaches(files: readonly SourceFile[]): string[] {
  return [...nameBreaches(files), ...layerBreaches(files), ...cycles(files)];
}

function nameBreaches(files: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const { path, text } of files) {
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    if (lines > MAX_LINES) {
      found.push(`${path}: ${lines} lines, the limit is ${MAX_LINES}; look for the second concept in it`);
    }
    for (const part of path.split("/")) {
      const noun = part.replace(/\.ts$/, "");
      if (!KEBAB_CASE.test(part))
        found.push(`${path}: "${part}" is not a kebab-case TypeScript file or folder`);
      if (VAGUE.has(noun)) found.push(`${path}: "${noun}" says nothing; name it after what it holds`);
    }
  }
  return found;
}

function layerBreaches(files: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const { path, text } of files) {
    const from = layerOf(path);
    if (from === undefined) {
      found.push(`${path}: belongs to no layer; add its folder to LAYERS in test/source-graph.ts`);
      continue;
    }
    for (const { specifier, kind } of importsOf(text)) {
      if (!specifier.startsWith(".")) {
        found.push(
          `${path}: imports "${specifier}"; the library has no dependencies and asks runtime/host.ts for the platform`,
        );
        continue;
      }
      const target = resolve(path, specifier);
      const to = layerOf(target);
      if (to === undefined || from === FACADE) continue;
      const isSideways = to === from && folderOf(path) !== folderOf(target);
      const isForbidden = to > from || (isSideways && kind !== "type" && LAYERS[from]?.sideways !== true);
      if (isForbidden) {
        found.push(
          `${path}: imports ${target}; imports point down, and ${name(to)} is not below ${name(from)}`,
        );
      }
    }
  }
  return found;
}

/** Rounds of value imports, each named once, by the path that closes it. */
function cycles(files: readonly SourceFile[]): string[] {
  const imports = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter(({ specifier, kind }) => kind === "value" && specifier.startsWith("."))
        .map(({ specifier }) => resolve(path, specifier)),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`cycle: ${[...trail.slice(start), path].join(" → ")}`);
    if (start >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of imports.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of imports.keys()) visit(path);
  return found;
}

function layerOf(path: string): number | undefined {
  const folder = folderOf(path);
  const layer = LAYERS.findIndex(({ folders }) => folders.includes(folder));
  if (layer >= 0) return layer;
  return path.includes("/") ? undefined : FACADE;
}

function folderOf(path: string): string {
  return path.split("/")[0]!;
}

function resolve(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}

function name(layer: number): string {
  return LAYERS[layer]?.folders.join("/") ?? "a façade";
}
