/** Turns recording on and off. */
import { hooks, type Hooks } from "../runtime/hooks.ts";
import { callSite } from "./call-site.ts";

/** Recorders that were not disposed yet, the latest last. */
const active: Hooks[] = [];

export interface DiagnosticsOptions {
  /** Notes the line that spawned each task; reports of failures, leaks and deadlocks then name it. Default true. */
  stacks?: boolean;
  /** How many past events are kept. */
  history?: number;
  /** How long the loop may be blocked before it is reported, in ms. */
  blockedAfter?: number;
}

/**
 * Starts recording. Before it is called, and after what it returns is disposed, recording costs a null
 * check. Calls nest: the latest that is not disposed counts.
 *
 * @example
 * ```ts
 * import { spawn } from "millrace";
 * import { enable } from "millrace/diagnostics";
 *
 * using recording = enable();
 * spawn(async () => "the report of a failure here would name this line").detach();
 * ```
 */
export function enable(options: DiagnosticsOptions = {}): Disposable {
  const recorder: Hooks = options.stacks === false ? {} : { callSite };
  active.push(recorder);
  hooks.current = recorder;
  return {
    [Symbol.dispose]() {
      const index = active.indexOf(recorder);
      if (index < 0) return;
      active.splice(index, 1);
      hooks.current = active.at(-1) ?? null;
    },
  };
}
