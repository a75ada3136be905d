/** File to lines to entries to windows to sink: nothing is pulled before the sink is ready for it. */
import { asyncFn, type Future, type Routine } from "millrace";
import { parseEntry } from "./entry.ts";
import { tail, type TailOptions } from "./tail.ts";
import { windows, type Window } from "./window.ts";

export interface PipelineOptions extends TailOptions {
  readonly path: string;
  readonly windowMs: number;
  /** Takes its time. */
  readonly sink: (window: Window) => Routine<void>;
  /** Ends it early; what was read until then is summed up. */
  readonly stop?: AbortSignal;
}

export interface Totals {
  lines: number;
  malformed: number;
  windows: number;
  requests: number;
  late: number;
  bytes: number;
}

/** Cancel safety: abandoning it closes the file; what the sink has not taken is lost. */
export const runPipeline: (options: PipelineOptions) => Future<Totals> = asyncFn(function* (
  options: PipelineOptions,
) {
  const totals: Totals = { lines: 0, malformed: 0, windows: 0, requests: 0, late: 0, bytes: 0 };
  const { path, windowMs, sink, stop, onRead } = options;
  const lines = tail(path, {
    ...options,
    onRead(bytes) {
      totals.bytes += bytes;
      onRead?.(bytes);
    },
  });
  const entries = (stop === undefined ? lines : lines.takeUntil(stop))
    .inspect(() => totals.lines++)
    .filterMap((line) => {
      const entry = parseEntry(line);
      if (entry === undefined) totals.malformed++;
      return entry;
    });
  yield* windows(entries, windowMs).forEach(function* (window) {
    yield* sink(window);
    totals.windows++;
    totals.requests += window.requests;
    totals.late += window.late;
  });
  return totals;
});
