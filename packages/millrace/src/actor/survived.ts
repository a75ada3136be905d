/** Failures that somebody deals with, but that reach nobody. */
import { reportFailure } from "../runtime/failure.ts";
import { host } from "../runtime/host.ts";
import type { Kernel, TaskFailure } from "../runtime/kernel.ts";

/**
 * Reports as the runtime's `onTaskFailure` says; but a failure that is dealt with does not end everything,
 * not even under `"shutdown"`. `line` says who failed and what is done about it.
 */
export function reportSurvived(kernel: Kernel, failure: TaskFailure, line: string): void {
  const { onTaskFailure } = kernel;
  if (onTaskFailure === "report" || onTaskFailure === "shutdown")
    host.report(`millrace: ${line}:`, failure.error);
  else reportFailure(kernel, failure);
}
