/** The counters of every runtime that is known. */
import { runtimeOf, type RuntimeMetrics } from "../runtime/runtime.ts";
import { currentRecorder, knownKernels } from "./snapshot.ts";

/**
 * The counters of the caller's runtime, of every `main` under way, and of each runtime of which a task was seen
 * while something recorded. Times are in ms.
 *
 * @example
 * ```ts
 * import { Runtime, sleep } from "millrace";
 * import { enable } from "millrace/diagnostics";
 * import { runtimeMetrics } from "millrace/instrumentation";
 *
 * using recording = enable({ stacks: false });
 * await using jobs = new Runtime({ name: "jobs" });
 * await jobs.run(async () => { await sleep(1); });
 * console.log(runtimeMetrics().find(({ name }) => name === "jobs")?.spawned);
 * ```
 * ```text
 * 1
 * ```
 */
export function runtimeMetrics(): readonly (RuntimeMetrics & { readonly name: string | undefined })[] {
  return [...knownKernels(currentRecorder())].map((kernel) => ({
    name: kernel.name,
    ...runtimeOf(kernel).metrics(),
  }));
}
