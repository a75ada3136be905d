/** `npm run example examples/mandelbrot/src/main.ts -- --out FILE`: begin with the README beside this folder. */
import { rename, writeFile } from "node:fs/promises";
import { CancelledError, fromPromise, main, now, type Routine } from "millrace";
import { ThreadPool } from "millrace/threads";
import { parseOptions, UsageError, type Options } from "./options.ts";
import { drawPicture, Progress } from "./picture.ts";
import { png } from "./png.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function* draw({ out, threads, view }: Options): Routine<void> {
  const pool = new ThreadPool({ name: "mandelbrot", ...(threads === undefined ? {} : { threads }) });
  const progress = new Progress(view.height);
  const started = now();
  try {
    const rows = yield* drawPicture(view, pool, progress, say);
    // Whoever looks at the file finds a whole picture or none.
    yield* fromPromise(writeFile(`${out}.part`, png(view.width, rows)));
    yield* fromPromise(rename(`${out}.part`, out));
    const ms = Math.round(now() - started);
    const { stolen } = pool.metrics();
    console.log(
      `${out}: ${view.width} × ${view.height} in ${ms} ms on ${pool.metrics().threads} threads, ${stolen} stolen`,
    );
  } catch (error) {
    // Ctrl-C. The threads are told, and the program ends with 130.
    if (error instanceof CancelledError)
      say(`mandelbrot: stopped at ${progress.toString()}; nothing was written`);
    throw error;
  } finally {
    yield* fromPromise(pool.shutdown({ timeout: 500 }));
  }
}

try {
  const options = parseOptions(process.argv.slice(2));
  await main(() => draw(options), { name: "mandelbrot" });
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(`mandelbrot: ${error.message}`);
  process.exitCode = 2;
}
