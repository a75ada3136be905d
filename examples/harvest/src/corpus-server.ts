/**
 * The outside world, as a child process: an HTTP server for the `package.json` and Markdown files under a
 * folder, with the faults that real servers have. It is plain Node on purpose; the harvester knows it only
 * by its URLs.
 *
 * It tells its parent over IPC what it serves and where, and ends with it. Signals are not for it, also if a
 * supervisor sends them to both: the harvester has yet to drain.
 */
import { readdir, readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { CorpusAnnouncement, CorpusOptions } from "./corpus.ts";
import { seededRandom } from "./seeded-random.ts";

process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit());
// The parent has ended before anybody listened.
if (!process.connected) process.exit();

const options = JSON.parse(process.argv[2] ?? "") as CorpusOptions;
const paths = await findDocuments(options.root);
const requestsByPath = new Map(paths.map((path) => [encodePath(path), { path, count: 0 }]));

const server = createServer((request, response) => {
  const document = requestsByPath.get(request.url ?? "");
  if (document === undefined) {
    response.writeHead(404).end();
    return;
  }
  document.count++;
  answer(response, document.path, document.count).catch((error: Error) => response.destroy(error));
});

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  const announcement: CorpusAnnouncement = {
    documents: paths.map((path) => ({ path, location: `http://127.0.0.1:${port}${encodePath(path)}` })),
  };
  process.send?.(announcement);
});

/** The dice are thrown for each document and request, so the order in which requests arrive changes nothing. */
async function answer(response: ServerResponse, path: string, request: number): Promise<void> {
  const random = seededRandom(`${options.seed} ${path} ${request}`);
  const fault = random();
  await delay(exponential(random(), options.latency));

  if (fault < options.unavailable) {
    const headers = random() < 0.5 ? { "retry-after": "1" } : {};
    response.writeHead(503, headers).end();
    return;
  }
  const body = await readFile(join(options.root, path));
  response.writeHead(200, { "content-type": mediaType(path), "content-length": body.byteLength });
  if (fault < options.unavailable + options.stalls) {
    response.write(body.subarray(0, body.byteLength / 2)); // and not another byte
  } else {
    response.end(body);
  }
}

/** Most answers come soon, a few late. */
function exponential(uniform: number, mean: number): number {
  return -Math.log(1 - uniform) * mean;
}

function mediaType(path: string): string {
  return path.endsWith(".json") ? "application/json" : "text/markdown; charset=utf-8";
}

function encodePath(path: string): string {
  return `/${path.split(sep).map(encodeURIComponent).join("/")}`;
}

async function findDocuments(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && (entry.name === "package.json" || /\.md$/i.test(entry.name)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
