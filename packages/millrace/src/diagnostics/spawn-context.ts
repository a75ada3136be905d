/**
 * The async context of a task is that of whoever spawned it. Here others may put something of their own into it,
 * for each task: the span that traces it, say.
 */
import { host } from "../runtime/host.ts";
import type { Task } from "../runtime/task.ts";
import { captureFor } from "../runtime/trail.ts";
import type { TaskInfo } from "./reports.ts";

type Around = (task: TaskInfo, capture: () => void) => void;

const all: Set<Around> = new Set();

/**
 * Calls `around` for every task that is spawned while something records (`enable`). In there `capture()` takes
 * the async context that is current as that of the task: what an `AsyncLocalStorage` holds around the call is
 * what the body finds, in either style and after every wait. Of several the first is the outermost. The task's
 * "spawn" event has been published by then.
 *
 * It is called in the middle of the spawner's work and must not wait. What it throws is reported. Runtimes with
 * `asyncContext: false` do not call it.
 *
 * @throws TypeError unless `around` is a function.
 *
 * @example
 * ```ts
 * import { AsyncLocalStorage } from "node:async_hooks";
 * import { sleep, spawn } from "millrace";
 * import { enable } from "millrace/diagnostics";
 * import { aroundSpawn } from "millrace/instrumentation";
 *
 * const title = new AsyncLocalStorage<string>();
 * using recording = enable({ stacks: false });
 * using subscription = aroundSpawn((task, capture) => title.run(`the task '${task.name}'`, capture));
 * await spawn(async () => { await sleep(1); console.log(title.getStore()); }, { name: "nap" });
 * ```
 * ```text
 * the task 'nap'
 * ```
 */
export function aroundSpawn(around: (task: TaskInfo, capture: () => void) => void): Disposable {
  if (typeof around !== "function") {
    throw new TypeError(`aroundSpawn expects a function, got ${around === null ? "null" : typeof around}`);
  }
  // One function may be given more than once.
  const own: Around = (task, capture) => around(task, capture);
  all.add(own);
  return {
    [Symbol.dispose]() {
      all.delete(own);
    },
  };
}

/** Captures the context of a task anew, if anybody wants something to be in it. */
export function enterSpawnContext(task: Task<unknown>, info: () => TaskInfo): void {
  if (all.size === 0 || !task.kernel.asyncContext) return;
  const described = info();
  const layers = [...all];
  const enter = (index: number): void => {
    const layer = layers[index];
    if (layer === undefined) {
      task.context = captureFor(task);
      return;
    }
    try {
      layer(described, () => enter(index + 1));
    } catch (error) {
      host.report("millrace: what was to set the async context of a task failed:", error);
    }
  };
  enter(0);
}
