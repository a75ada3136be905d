/** Where in the user's program the library was called, as a short source position. */

/** The folder of the library's own files, with its trailing slash. */
const library: string = readable(new URL("../", import.meta.url).href);

/** "/app/src/harvest.ts:88:5", of the innermost frame outside the library; `undefined` when there is none. */
export function callSite(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const { stack = "" } = new Error("call site");
  Error.stackTraceLimit = stackTraceLimit;
  for (const line of stack.split("\n").slice(1)) {
    const position = /\(?((?:file|https?):\/\/[^\s)]+|\/[^\s)]+|[A-Za-z]:\\[^)]+):(\d+):(\d+)\)?$/.exec(line);
    if (position === null) continue;
    const file = readable(position[1]!);
    if (!file.startsWith(library)) return `${file}:${position[2]}:${position[3]}`;
  }
  return undefined;
}

function readable(file: string): string {
  return file.startsWith("file://") ? decodeURIComponent(new URL(file).pathname) : file;
}
