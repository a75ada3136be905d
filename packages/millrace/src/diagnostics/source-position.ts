/**
 * Positions in the user's sources as people read them: "src/harvest.ts:88:5". A compiled file's source map
 * is followed also when the host was not told to (`--enable-source-maps`).
 */
import { hostProcess } from "../runtime/host.ts";

interface FileSystem {
  readFileSync(path: string, encoding: "utf8"): string;
}
interface SourceMap {
  readonly payload?: { readonly sources?: readonly string[] };
  findEntry(
    line: number,
    column: number,
  ): { originalSource?: string; originalLine?: number; originalColumn?: number };
}
interface Modules {
  SourceMap?: new (payload: object) => SourceMap;
}

const fs = hostProcess?.getBuiltinModule?.("node:fs") as FileSystem | undefined;
const modules = hostProcess?.getBuiltinModule?.("node:module") as Modules | undefined;

const COMPILED = /\.[cm]?js$/;
const REFERENCE = /\/\/[#@] sourceMappingURL=(\S+)\s*$/;
const INLINE = /^data:application\/json[^,]*;base64,/;

/** By file; null for one without a map. */
const maps: Map<string, SourceMap | null> = new Map();

/** `file` is a path; `line` and `column` count from 1. */
export function shortPosition(file: string, line: number, column: number): string {
  const at = sourceOf(file, line, column) ?? { file, line, column };
  return `${shortPath(at.file)}:${at.line}:${at.column}`;
}

export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where that stands in the sources; `undefined` without a map. */
export function sourceOf(file: string, line: number, column: number): Position | undefined {
  const entry = COMPILED.test(file) ? mapOf(file)?.findEntry(line - 1, column - 1) : undefined;
  if (entry?.originalSource === undefined) return undefined;
  return {
    file: resolved(entry.originalSource, file),
    line: entry.originalLine! + 1,
    column: entry.originalColumn! + 1,
  };
}

/** What a compiled file was made of; `undefined` without a map. */
export function sourcesOf(file: string): readonly string[] | undefined {
  const map = COMPILED.test(file) ? mapOf(file) : null;
  return map?.payload?.sources?.map((source) => resolved(source, file));
}
function resolved(source: string, file: string): string {
  return pathOf(new URL(source, urlOf(file)).href);
}

/** The path of a file URL; of one on the web, all but the query that a development server adds. */
export function pathOf(file: string): string {
  return file.startsWith("file://")
    ? decodeURIComponent(new URL(file).pathname)
    : file.replace(/^(https?:[^?]*)\?.*/, "$1");
}

function urlOf(path: string): string {
  return path.startsWith("/") ? `file://${encodeURI(path)}` : path;
}

/** Relative to the working directory for what is below it. */
function shortPath(path: string): string {
  const folder = `${(hostProcess as { cwd?(): string } | undefined)?.cwd?.() ?? ""}/`;
  return folder.length > 1 && path.startsWith(folder) ? path.slice(folder.length) : path;
}

function mapOf(file: string): SourceMap | null {
  let map = maps.get(file);
  if (map === undefined) maps.set(file, (map = readMap(file)));
  return map;
}

function readMap(file: string): SourceMap | null {
  if (fs === undefined || modules?.SourceMap === undefined) return null;
  try {
    const reference = REFERENCE.exec(fs.readFileSync(file, "utf8"))?.[1];
    if (reference === undefined) return null;
    const text = INLINE.test(reference)
      ? new TextDecoder().decode(Uint8Array.from(atob(reference.replace(INLINE, "")), (c) => c.charCodeAt(0)))
      : fs.readFileSync(pathOf(new URL(reference, urlOf(file)).href), "utf8");
    return new modules.SourceMap(JSON.parse(text) as object);
  } catch {
    // Without a map the position in the compiled file is the best there is.
    return null;
  }
}
