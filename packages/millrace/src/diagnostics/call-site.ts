/**
 * Where in the user's program the library was called, as a short source position.
 *
 * To have the engine write a stack as text costs ten times what walking its frames does. So the innermost
 * frame outside the library is found by walking, and only a place that was never seen is written out, with
 * whatever maps compiled code to sources at work.
 */
import { pathOf, shortPosition, sourceOf, sourcesOf } from "./source-position.ts";

interface Frame {
  getFileName(): string | null | undefined;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
  /** Of the code in the script, which is quicker to know than the line. Only Node has it. */
  getPosition?(): number;
}
interface StackTraces {
  stackTraceLimit: number;
  prepareStackTrace: ((error: unknown, frames: readonly Frame[]) => unknown) | undefined;
  captureStackTrace?(target: object, below: unknown): void;
}

const traces = Error as unknown as StackTraces;
/** Frames of the library between the user's code and here are few. */
const DEPTH = 24;
/** Where it is mostly found. Each frame costs one to three microseconds (the diagnostics rows of the bench). */
const SHALLOW = 3;
/** There may be one further down. Not null, of which Bun makes undefined. */
const FURTHER = "";
const POSITION =
  /(?:^|[\s(])((?:file|https?|webpack):\/\/[^\s)]+|\/[^\s)]+|[A-Za-z]:\\[^)]+):(\d+):(\d+)\)?$/;
const USERS_FILE = /^(?:file:|https?:|\/|[A-Za-z]:\\)/;

const THIS_MODULE = /\/diagnostics\/call-site\.[jt]s(?:\?|$)/;
const moduleUrl = String(import.meta.url);
/** Where the code really is. A bundler may have put something else in the place of `import.meta.url`. */
const ownFile: string =
  String(new Error("here").stack)
    .split("\n")
    .map((line) => POSITION.exec(line)?.[1])
    .find((file) => file !== undefined) ?? moduleUrl;
/** Its folder then has the user's code as well, maybe in the same file. Only the source map tells them apart. */
const isBundled = !THIS_MODULE.test(moduleUrl) || !THIS_MODULE.test(ownFile);

/**
 * The folder of the library's own files, with its trailing slash: as an URL, and as a path. Cut from the URL,
 * because bundlers take `new URL("../", import.meta.url)` for a file to be copied, and put another one there.
 */
const libraryUrl: string = isBundled
  ? (THIS_MODULE.test(ownFile) ? moduleUrl : ownFile).replace(/[^/]*$/, "")
  : moduleUrl.replace(/[^/]*\/[^/]*$/, "");
const libraryPath: string = pathOf(libraryUrl);
/** Where a process that follows source maps says that what is in `dist` stands: the package has both. */
const sourcesUrl: string = libraryUrl.replace(/\/dist\/$/, "/src/");
const sourcesPath: string = pathOf(sourcesUrl);

/** The packages that belong to it: installed, and in the repository. */
const FAMILY = /[/\\]node_modules[/\\](?:@millrace|millrace[/\\](?:dist|src))[/\\]/;
const [, repository] = /^(.*\/packages\/)millrace\/src\/$/.exec(libraryUrl) ?? [];

type Owner = "library" | "user" | "both";
/** By file. */
const owners: Map<string, Owner> = new Map();
/** By place in a file that belongs to both. */
const placesOfLibrary: Map<string, boolean> = new Map();

/** What is known of a place, by file and position in it. */
const known: Map<string, string | undefined> = new Map();

/**
 * "src/harvest.ts:88:5", of the innermost frame outside the library; `undefined` when there is none. `below`
 * is a function on the stack; only its callers are looked at, which is quicker.
 */
export function callSite(below: object = callSite): string | undefined {
  if (traces.captureStackTrace === undefined) return written();
  let place = walked(below, SHALLOW);
  if (place === FURTHER) place = walked(below, DEPTH);
  if (place === undefined || place === FURTHER) return undefined;
  let site = known.get(place);
  if (site === undefined && !known.has(place)) known.set(place, (site = written()));
  return site;
}

function walked(below: object, depth: number): string | undefined {
  const { stackTraceLimit, prepareStackTrace } = traces;
  traces.stackTraceLimit = depth;
  traces.prepareStackTrace = innermost;
  const trace: { stack?: unknown } = {};
  traces.captureStackTrace!(trace, below);
  const place = trace.stack;
  traces.prepareStackTrace = prepareStackTrace;
  traces.stackTraceLimit = stackTraceLimit;
  return place as string | undefined;
}

function innermost(_: unknown, frames: readonly Frame[]): string | undefined {
  for (const frame of frames) {
    const file = frame.getFileName();
    if (typeof file === "string" && USERS_FILE.test(file) && !isLibrary(file, frame)) {
      return `${file}:${frame.getPosition?.() ?? `${frame.getLineNumber()}:${frame.getColumnNumber()}`}`;
    }
  }
  return frames.length < SHALLOW ? undefined : FURTHER;
}

function written(): string | undefined {
  const { stackTraceLimit } = traces;
  traces.stackTraceLimit = DEPTH + 8;
  const { stack = "" } = new Error("call site");
  traces.stackTraceLimit = stackTraceLimit;
  return String(stack)
    .split("\n")
    .slice(1)
    .map(usersPosition)
    .find((position) => position !== undefined);
}

/** The position in a line of a stack, unless it is the library's or the platform's. */
export function usersPosition(line: string): string | undefined {
  const position = POSITION.exec(line);
  if (position === null) return undefined;
  const [, file, row, column] = position as unknown as [string, string, string, string];
  const place = { getLineNumber: () => Number(row), getColumnNumber: () => Number(column) };
  return isLibrary(file, place) ? undefined : shortPosition(pathOf(file), Number(row), Number(column));
}

/** It is of this library, or of a package that belongs to it: whoever called that is the user. */
function isLibrary(file: string, place: Pick<Frame, "getLineNumber" | "getColumnNumber">): boolean {
  let owner = owners.get(file);
  if (owner === undefined) owners.set(file, (owner = ownerOf(file)));
  return owner === "both"
    ? isLibraryPlace(file, place.getLineNumber() ?? 1, place.getColumnNumber() ?? 1)
    : owner === "library";
}
function ownerOf(file: string): Owner {
  const isOurs = isOfFamily(file);
  if (isOurs && !isBundled) return "library";
  const sources = sourcesOf(pathOf(file));
  if (sources === undefined) return isOurs ? "library" : "user";
  return sources.some((source) => FAMILY.test(source)) ? "both" : "user";
}
function isLibraryPlace(file: string, line: number, column: number): boolean {
  const place = `${file}:${line}:${column}`;
  let isOurs = placesOfLibrary.get(place);
  if (isOurs === undefined) {
    const source = sourceOf(pathOf(file), line, column);
    placesOfLibrary.set(place, (isOurs = source === undefined || FAMILY.test(source.file)));
  }
  return isOurs;
}
function isOfFamily(file: string): boolean {
  const own = [libraryUrl, libraryPath, sourcesUrl, sourcesPath];
  if (own.some((folder) => folder !== "" && file.startsWith(folder)) || FAMILY.test(file)) return true;
  if (repository === undefined) return false;
  const root = [repository, pathOf(repository)].find((each) => file.startsWith(each));
  return root !== undefined && /^[\w-]+\/src\//.test(file.slice(root.length));
}
