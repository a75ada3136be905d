/** The program: traffic, if none is given, beside the pipeline that sums it up; then the report. */
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { ctrlC, fromPromise, scope, type Routine } from "millrace";
import type { Options } from "./options.ts";
import { runPipeline, type Totals } from "./pipeline.ts";
import { SlowSink } from "./sink.ts";
import { writeTraffic } from "./traffic.ts";
import type { Window } from "./window.ts";

export function* run(options: Options, scratch: string): Routine<void> {
  const sink = yield* fromPromise(SlowSink.open(options.out, options.delay));
  const heap = new HeapGauge();
  try {
    const totals = yield* scope(function* (tasks) {
      const path = options.file ?? join(scratch, "access.log");
      const stop = new AbortController();
      let isComplete = !options.follow;
      if (options.file === undefined) {
        isComplete = false;
        yield* fromPromise(writeFile(path, ""));
        tasks.spawn(
          writeTraffic(path, options.lines, options.seed).map(() => void (isComplete = true)),
          {
            name: "traffic",
          },
        );
      } else if (options.follow) {
        tasks.spawn(
          ctrlC().map(() => stop.abort()),
          { name: "ctrl-c" },
        );
      }
      return yield* runPipeline({
        path,
        windowMs: options.window,
        isComplete: () => isComplete,
        pollMs: 20,
        stop: stop.signal,
        *sink(window: Window) {
          heap.look();
          yield* sink.take(window);
        },
      });
    });
    console.log(report(totals, heap.growth));
  } finally {
    yield* fromPromise(sink[Symbol.asyncDispose]());
  }
}

/** The most that the heap was larger than at first, in bytes. */
class HeapGauge {
  readonly #atFirst = process.memoryUsage().heapUsed;
  growth = 0;
  look(): void {
    this.growth = Math.max(this.growth, process.memoryUsage().heapUsed - this.#atFirst);
  }
}

function report({ lines, malformed, windows, requests, late, bytes }: Totals, heap: number): string {
  const mb = (count: number): string => `${(count / 1e6).toFixed(1)} MB`;
  return [
    `read       ${lines} lines, ${mb(bytes)}`,
    `malformed  ${malformed} lines`,
    `requests   ${requests}, ${late} of them late`,
    `windows    ${windows}`,
    `heap       at most ${mb(heap)} more than at first, garbage included`,
  ].join("\n");
}
