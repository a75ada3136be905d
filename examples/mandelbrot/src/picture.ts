/** The picture: rows in parallel, and somebody who says how far it is. */
import { interval, spawn, type Routine } from "millrace";
import { parMap, type ThreadPool } from "millrace/threads";
import { renderRow, type Row, type View } from "./rows.ts";

/** How often progress is told, in ms. */
const PERIOD = 200;

export class Progress {
  begun: number = 0;
  readonly rows: number;
  constructor(rows: number) {
    this.rows = rows;
  }
  toString(): string {
    return `${Math.floor((100 * this.begun) / this.rows)} % (${this.begun} of ${this.rows} rows)`;
  }
}

/** `parMap` takes a row when a thread is about to be free for it, so what was taken is how far it is. */
function* rowsOf(view: View, progress: Progress): Generator<Row> {
  for (let y = 0; y < view.height; y++) {
    progress.begun++;
    yield { y, view };
  }
}

export function* drawPicture(
  view: View,
  pool: ThreadPool,
  progress: Progress,
  say: (line: string) => void,
): Routine<Uint8Array[]> {
  // It ends with this block, whether the picture is done, has failed or was given up.
  using _reporter = spawn(() => report(progress, say), { name: "progress" });
  return yield* parMap(rowsOf(view, progress), renderRow, { pool });
}

function* report(progress: Progress, say: (line: string) => void): Routine<void> {
  const ticks = interval(PERIOD);
  for (;;) {
    yield* ticks.tick();
    say(`mandelbrot: ${progress.toString()}`);
  }
}
