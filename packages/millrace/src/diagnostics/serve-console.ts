/** The console is a package of its own, since it has dependencies; it is loaded when it is asked for. */
import { fromPromise } from "../combinators/from-promise.ts";
import { checkCount, optionsOf } from "../runtime/argument.ts";
import type { Future } from "../runtime/future.ts";
import { captureContext } from "../runtime/host.ts";
import { Feed } from "./feed.ts";

/** Where the console listens. */
export interface ConsoleOptions {
  /** Default: one that is free. */
  port?: number;
  /** The address to listen on. Default "127.0.0.1", which only this machine reaches. */
  host?: string;
}
/** A console that is being served. */
export interface ServedConsole {
  /** With a one-time token in it, a new one each time it is read. */
  readonly url: string;
  /** Ends it. */
  close(): Future<void>;
}

interface ConsolePackage {
  serve(options: { port?: number; host?: string; feed: () => Feed }): Promise<{
    readonly url: string;
    close(): Promise<void>;
  }>;
}

const NAME = "@millrace/console";
/** What the console does is no part of the task that asked for it. */
const outside = captureContext();

/**
 * Serves a page that shows the program while it runs: its tasks and resources, who waits for whom, who ran
 * when, and warnings. It listens on this machine only, and to whoever has `url`. It records (`enable`) while
 * nobody else does, keeps no program alive, and never makes one wait.
 *
 * The package `@millrace/console` must be installed.
 *
 * **Cancel safety.** Abandoned before it is done, the console is closed as soon as it is there.
 *
 * @throws RangeError for a bad port; TypeError for a bad host. It rejects when the package is missing, or the
 * port is taken.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { serveConsole } from "millrace/diagnostics";
 *
 * await main(async () => {
 *   const shown = await serveConsole();
 *   console.log(`open ${shown.url}`);
 *   await shown.close();
 * });
 * ```
 */
export function serveConsole(options: ConsoleOptions = {}): Future<ServedConsole> {
  const { port = 0, host = "127.0.0.1" } = optionsOf("serveConsole", options);
  checkCount("serveConsole", "port", port, 0);
  if (port > 65_535) throw new RangeError(`serveConsole expects port to be at most 65535, got ${port}`);
  if (typeof host !== "string" || host === "") {
    throw new TypeError(`serveConsole expects host to be an address or a name, got ${JSON.stringify(host)}`);
  }
  return fromPromise(async (signal) => {
    const served = await started({ port, host });
    if (signal.aborted) await served.close();
    return {
      get url() {
        return served.url;
      },
      close: () => fromPromise(() => served.close()),
    };
  });
}

function started(options: { port: number; host: string }): ReturnType<ConsolePackage["serve"]> {
  let result: ReturnType<ConsolePackage["serve"]> | undefined;
  const start = (): void => {
    result = load().then((found) => found.serve({ ...options, feed: () => new Feed() }));
  };
  if (outside === undefined) start();
  else outside.runInAsyncScope(start, undefined, undefined);
  return result!;
}

async function load(): Promise<ConsolePackage> {
  try {
    return (await import(NAME)) as ConsolePackage;
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    const isMissing = code === "ERR_MODULE_NOT_FOUND" && message?.includes(NAME) === true;
    if (!isMissing) throw error;
    throw new Error(`serveConsole needs the package ${NAME}, which is not installed: npm install ${NAME}`, {
      cause: error,
    });
  }
}
