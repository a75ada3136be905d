/**
 * `--serve`: a page that shows the progress while it happens. What changes comes over a
 * WebSocket, as the snapshot of that moment. A browser that is slow gets fewer of them, never old ones: the
 * next is taken when the last one is on its way.
 */
import { readFile } from "node:fs/promises";
import { ListenError, RejectedError, serve, type HttpServer, type SocketRoute } from "@millrace/http/server";
import { fromPromise, interval, joinAll, select, type Routine } from "millrace";
import { HarvestError } from "./failure.ts";
import type { Progress, ProgressSnapshot } from "./progress.ts";

/** How often the page is told, in ms. */
const PERIOD = 100;

/** @throws HarvestError when the port cannot be had */
export function* servePage(progress: Progress, source: string, port: number): Routine<HttpServer> {
  const files = yield* joinAll([
    fromPromise(fileOf("/", "index.html", "text/html")),
    fromPromise(fileOf("/style.css", "style.css", "text/css")),
    fromPromise(fileOf("/live.js", "live.js", "text/javascript")),
  ]);
  const pages = new Map(files.map((file) => [file.path, file]));
  // One for all: its connections are counted by its handler.
  const live = liveProgress(progress, source);
  try {
    return yield* serve({
      port,
      name: "page",
      handler(request) {
        const { text, type } = pages.get(new URL(request.url).pathname) ?? {};
        if (text === undefined) throw new RejectedError(404, "there is nothing here but the page at /");
        return new Response(text, { headers: { "content-type": `${type}; charset=utf-8`, ...security } });
      },
      webSocket: (request) => (new URL(request.url).pathname === "/live" ? live : undefined),
    });
  } catch (cause) {
    if (!(cause instanceof ListenError)) throw cause;
    throw new HarvestError(`cannot serve the page on port ${port}: ${cause.message}`, { cause });
  }
}

function liveProgress(progress: Progress, source: string): SocketRoute {
  return {
    *handle(socket) {
      const ticks = interval(PERIOD, { missedTick: "skip" });
      for (;;) {
        const next = yield* select({ closed: socket.closed(), tick: ticks.tick() });
        if (next.key === "closed") return;
        yield* socket.send(message(progress.snapshot(), source));
      }
    },
  };
}

interface PageFile {
  readonly path: string;
  readonly text: string;
  readonly type: string;
}

async function fileOf(path: string, name: string, type: string): Promise<PageFile> {
  return { path, type, text: await readFile(new URL(`page/${name}`, import.meta.url), "utf8") };
}

/** What is harvested comes from anywhere, and is only ever shown as text. */
const security = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:",
  "x-content-type-options": "nosniff",
};

function message(snapshot: ProgressSnapshot, source: string): string {
  return JSON.stringify({ ...snapshot, failures: Object.fromEntries(snapshot.failures), source });
}
