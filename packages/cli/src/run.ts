/**
 * `millrace run`: the program runs in this very process, as if Node had been started with it. So signals,
 * the terminal and the exit code are the program's own, and nothing has to be passed on.
 */
import { existsSync, statSync } from "node:fs";
import Module from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./exit-codes.ts";
import { notice } from "./notice.ts";
import { ProgramPackages } from "./program-packages.ts";
import { watch } from "./watch.ts";

export interface RunOptions {
  readonly seed?: number;
  readonly paused?: true;
  readonly console?: true;
  readonly port?: number;
  readonly record?: string;
}

/** What the library looks for when it starts (`runtime/launch.ts`). */
const LAUNCH: unique symbol = Symbol.for("millrace.launch");

export async function run(file: string, args: readonly string[], options: RunOptions): Promise<void> {
  const path = programAt(file);
  const packages = new ProgramPackages(path);
  process.argv.splice(1, Infinity, path, ...args);
  const isWatched = await watch(packages, options);
  let hasMain = false;
  Object.defineProperty(globalThis, LAUNCH, {
    value: {
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.paused === undefined ? {} : { clock: "paused" }),
      mainStarted(isRecorded: boolean): void {
        hasMain = true;
        if (isWatched && !isRecorded) notice(ANOTHER_COPY);
      },
    },
  });
  const body = await defaultExport(path);
  if (hasMain || !isBody(body)) return;
  const library = await packages.load<{ main(this: void, body: unknown): Promise<void> }>("millrace");
  // From outside of any function of ours: nobody wants to read in a report that the body was spawned here.
  setImmediate(library.main, body);
}

const ANOTHER_COPY =
  "the program uses another copy of the library (is it bundled?) than its packages do, so nothing is seen of it";

function programAt(file: string): string {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`cannot find the program ${file} (looked for ${path})`);
  if (!statSync(path).isFile()) throw new UsageError(`${file} is not a file`);
  return path;
}

/**
 * Runs the program as Node's entry point, so that `import.meta.main`, `require.main` and a top-level await
 * that never ends are what they always are, and waits until it is loaded. What it throws meanwhile is
 * Node's to report.
 */
async function defaultExport(path: string): Promise<unknown> {
  Module.runMain();
  // By then the entry point is known to Node, and importing it gives the one that is running.
  await new Promise((started) => setImmediate(started));
  try {
    const namespace = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    return namespace.default;
  } catch {
    return undefined;
  }
}

/** What `main` takes: a function of nothing or a task's context. Others are handlers, apps, classes. */
function isBody(value: unknown): boolean {
  if (typeof value !== "function" || value.length > 1) return false;
  return !/^class\b/.test(Function.prototype.toString.call(value));
}
