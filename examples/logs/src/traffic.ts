/** A service that writes its log as fast as the disk takes it, and waits for nobody who reads it. */
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { asyncFn, fromEvent, fromPromise, type Future } from "millrace";
import { seededRandom } from "./seeded-random.ts";

const ROUTES = ["/users", "/orders", "/search", "/health"];
const LINES_PER_WRITE = 1000;

/** Lines `from` to `to` of a day; one in a thousand is torn. */
function lines(random: () => number, from: number, to: number): string {
  let text = "";
  for (let n = from; n < to; n++) {
    const time = new Date(Date.UTC(2026, 0, 1) + n).toISOString();
    const route = ROUTES[Math.floor(random() * ROUTES.length)]!;
    const status = random() < 0.01 ? 503 : 200;
    const line = `${time} GET ${route}/${n % 100} ${status} ${Math.floor(-50 * Math.log(1 - random()))} ms\n`;
    text += n % 1000 === 999 ? `${line.slice(0, 30)}\n` : line;
  }
  return text;
}

/** Appends `count` lines to the file. Cancel safety: what was written stays; the file is closed. */
export const writeTraffic: (path: string, count: number, seed: number) => Future<void> = asyncFn(function* (
  path: string,
  count: number,
  seed: number,
) {
  const random = seededRandom(seed);
  const file = createWriteStream(path);
  try {
    for (let n = 0; n < count; n += LINES_PER_WRITE) {
      const hasRoom = file.write(lines(random, n, Math.min(n + LINES_PER_WRITE, count)));
      if (!hasRoom) yield* fromEvent(file, "drain");
    }
  } finally {
    file.end();
    yield* fromPromise(finished(file));
  }
});
