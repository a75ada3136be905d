/** Turns tracing and metrics on and off. */
import { metrics, trace, type MeterProvider, type TracerProvider } from "@opentelemetry/api";
import { enable, type TaskInfo } from "millrace/diagnostics";
import { isRecording } from "millrace/instrumentation";
import { observeRuntimes } from "./runtime-metrics.ts";
import { countTasks } from "./task-metrics.ts";
import { traceTasks } from "./task-spans.ts";
import { together } from "./together.ts";

/** What is traced and measured, and where it goes. */
export interface InstrumentOptions {
  /** Default: the global one. `null` for no spans. */
  tracerProvider?: TracerProvider | null;
  /** Default: the global one. `null` for no metrics. */
  meterProvider?: MeterProvider | null;
  /** Which tasks get a span. Default: all. What is done in one that gets none belongs to the span around its `spawn`. */
  spanFor?: (task: TaskInfo) => boolean;
  /**
   * Which tasks begin a trace of their own, with no more than a link to the task that spawned them; what runs for
   * as long as the program does must, or the trace never ends. Default: none.
   */
  isRoot?: (task: TaskInfo) => boolean;
  /** Records how long each poll takes, which costs about a microsecond a poll. Default false. */
  pollDurations?: boolean;
}

const LIBRARY = "millrace";

/**
 * Gives every task that is spawned from now on a span, which is the active one in its body, and registers metrics
 * of the runtimes. Ends with what it returns; spans of tasks that are alive are then ended as they are.
 *
 * It starts a recording without stacks (`enable({ stacks: false })`) unless something records already.
 *
 * @throws TypeError when an option is not what it should be.
 *
 * @example
 * ```ts
 * import { trace } from "@opentelemetry/api";
 * import { main, sleep } from "millrace";
 * import { instrument } from "@millrace/opentelemetry";
 *
 * using instrumentation = instrument(); // after the SDK was set up
 *
 * await main(async () => {
 *   await sleep(10);
 *   trace.getActiveSpan()?.addEvent("ten milliseconds later");
 * });
 * ```
 */
export function instrument(options: InstrumentOptions = {}): Disposable {
  const { spanFor = () => true, isRoot = () => false, pollDurations = false } = options;
  requireFunction("spanFor", spanFor);
  requireFunction("isRoot", isRoot);
  const tracer = (options.tracerProvider === undefined ? trace : options.tracerProvider)?.getTracer(LIBRARY);
  const meter = (options.meterProvider === undefined ? metrics : options.meterProvider)?.getMeter(LIBRARY);
  const parts: Disposable[] = [];
  if (!isRecording()) parts.push(enable({ stacks: false }));
  if (tracer !== undefined) parts.push(traceTasks(tracer, spanFor, isRoot));
  if (meter !== undefined) parts.push(observeRuntimes(meter), countTasks(meter, pollDurations));
  return together(parts);
}

function requireFunction(name: string, value: unknown): void {
  if (typeof value === "function") return;
  const got = value === null ? "null" : typeof value;
  throw new TypeError(`instrument expects ${name} to be a function, got ${got}`);
}
