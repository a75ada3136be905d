/** The program's entry point. */
import { optionsOf, requireBody } from "./argument.ts";
import { LEAVING } from "./task-state.ts";
import { isInForeignAwait } from "./branch-waits.ts";
import { liveTasks } from "./live-tasks.ts";
import { CancelledError, DeadlockError } from "../errors.ts";
import type { Body } from "./body.ts";
import { describeTask, listed } from "./deadlock.ts";
import { hooks } from "./hooks.ts";
import { host, hostProcess } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { launched, launchOptions } from "./launch.ts";
import { internalsOf, Runtime, type RuntimeOptions } from "./runtime.ts";
import { setDefaultAction } from "./signals.ts";
import { stage } from "./stage.ts";
import type { Task, TaskContext } from "./task.ts";

const FAILED = 1;
/** Node's code for a program that can never finish. */
const DEADLOCKED = 13;
/** How long bodies may unwind after a deadlock if all that is left waits for foreign promises. */
const DEADLOCK_GRACE_MS = 100;
/** 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs a program. Ctrl-C cancels `body`, and the program exits with 130 after its cleanup (a second one
 * exits at once); a program that listens to Ctrl-C itself (`ctrlC`, `osSignal`) keeps it. When `body`
 * ends, tasks still running are aborted and named as leaked on stderr. A failure prints and exits with
 * 1; a deadlock prints what everything waits for and exits with 13. On a thread of a pool, which loads the
 * program's modules for their functions, it does nothing.
 *
 * @example
 * ```ts
 * import { main, sleep } from "millrace";
 *
 * main(function* () {
 *   yield* sleep(100);
 *   console.log("hello");
 * });
 * ```
 */
export async function main(body: Body<unknown, [TaskContext]>, options: RuntimeOptions = {}): Promise<void> {
  requireBody("main", body);
  optionsOf("main", options);
  if (stage.isPoolThread) return;
  const runtime = new Runtime({ ...options, ...launchOptions() });
  const { kernel } = internalsOf(runtime);
  const interrupt = new Interrupt();
  let exitCode: number | undefined;
  stage.mains.add(kernel);
  launched()?.mainStarted?.(hooks.current !== null);
  hooks.current?.mainStarted?.();
  try {
    await runtime.run((cx): unknown => {
      interrupt.watch(cx as Task<unknown>);
      return body(cx);
    });
  } catch (error) {
    if (!interrupt.hasFired || !(error instanceof CancelledError)) {
      host.report(error instanceof DeadlockError ? `millrace: ${error.message}` : error);
      exitCode = error instanceof DeadlockError ? DEADLOCKED : FAILED;
    }
  }
  // Should the host's loop run empty meanwhile, the code stands already.
  if (exitCode !== undefined && hostProcess !== undefined) hostProcess.exitCode = exitCode;
  // A deadlock has already named everything that still waits.
  if (exitCode !== DEADLOCKED && !interrupt.hasFired) reportLeaks(kernel);
  if (exitCode !== DEADLOCKED || !(await isBeyondHelp(runtime, kernel))) await runtime.shutdown();
  interrupt.stop();
  stage.mains.delete(kernel);
  hooks.current?.mainEnded?.();
  if (interrupt.hasFired) exitCode = INTERRUPTED;
  if (exitCode === undefined) return;
  // Open sockets and timers of others must not keep a failed program alive.
  if (hostProcess !== undefined) hostProcess.exit(exitCode);
}

/** Ctrl-C as the default action of `main`: the first cancels, the second exits. */
class Interrupt {
  hasFired: boolean = false;
  #stopWatching: (() => void) | null = null;
  readonly #exit: () => void = () => hostProcess!.exit(INTERRUPTED);

  watch(task: Task<unknown>): void {
    this.#stopWatching = setDefaultAction("SIGINT", () => {
      this.hasFired = true;
      // Now the cleanup runs. Whoever listens there cannot take the second one. Deno would tell a listener
      // that is added during a delivery of that very delivery.
      host.microtask(() => hostProcess?.on("SIGINT", this.#exit));
      task.abort("interrupted (Ctrl-C)");
    });
  }
  stop(): void {
    this.#stopWatching?.();
    hostProcess?.off("SIGINT", this.#exit);
  }
}

/** The host's loop was empty: a promise that is not the runtime's will not come, whatever the cleanup window. */
async function isBeyondHelp(runtime: Runtime, kernel: Kernel): Promise<boolean> {
  await runtime.shutdown({ timeout: DEADLOCK_GRACE_MS });
  return liveTasks(kernel).every((task) => isInForeignAwait(task));
}

function reportLeaks(kernel: Kernel): void {
  // A task that was aborted, or told to end, and has not had its turn since is not leaked.
  const leaked = liveTasks(kernel)
    .filter((task) => !task.isCancelled && (task.flags & LEAVING) === 0)
    .reverse();
  if (leaked.length === 0) return;
  const lines = leaked.map(describeTask);
  const what = leaked.length === 1 ? "1 task was" : `${leaked.length} tasks were`;
  host.report(`millrace: ${what} still running when main ended, and aborted:\n${listed(lines)}`);
}
