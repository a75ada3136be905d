/** Turns recording on and off. */
import { rootTask } from "../runtime/call.ts";
import { checkCount, optionsOf } from "../runtime/argument.ts";
import { hooks } from "../runtime/hooks.ts";
import { hostProcess } from "../runtime/host.ts";
import { ambientBranch } from "../runtime/trail.ts";
import { updateSignal } from "./dump-signal.ts";
import { dump } from "./dump.ts";
import { active, Recorder } from "./recorder.ts";

/** What is recorded, and what is warned of. */
export interface DiagnosticsOptions {
  /**
   * Notes the source positions at which tasks are spawned, futures made and locks taken, and tells of futures
   * that are never awaited. Default true.
   */
  stacks?: boolean;
  /** How many ended tasks, and how many warnings, are kept. Default 1000. */
  history?: number;
  /** How long the event loop may be blocked before that is a warning, in ms. Default 200. */
  blockedAfter?: number;
}

/**
 * Starts recording: who spawned what where, how long polls take, what each task waits for and who holds
 * that. Before it is called, and after what it returns is disposed, recording costs a null check. Calls
 * nest: the latest that is not disposed counts.
 *
 * While it records and a `main` runs, SIGUSR2 prints the dump. A thread of its own watches for a blocked
 * event loop; it does not keep the process alive.
 *
 * @throws RangeError unless `history` is a non-negative integer and `blockedAfter` a positive number.
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
  const { stacks = true, history = 1000, blockedAfter = 200 } = optionsOf("enable", options);
  checkCount("enable", "history", history, 0);
  if (typeof blockedAfter !== "number" || !(blockedAfter > 0)) {
    throw new RangeError(
      `enable expects blockedAfter to be a positive number of ms, got ${String(blockedAfter)}`,
    );
  }
  const recorder = new Recorder({ stacks, history, blockedAfter, onMain: update });
  active.at(-1)?.covered();
  active.push(recorder);
  update();
  // A program that failed did not come to the place where it would have used what it made.
  const programEnds = (code: number): void => {
    if (code === 0) recorder.programEnded();
  };
  hostProcess?.on("exit", programEnds);
  const caller = rootTask(ambientBranch());
  if (caller !== null && !caller.isSettled) recorder.record(caller);
  return {
    [Symbol.dispose]() {
      const index = active.indexOf(recorder);
      if (index < 0) return;
      active.splice(index, 1);
      hostProcess?.off("exit", programEnds);
      recorder.stop();
      update();
    },
  };
}

/** Whether something records now. */
export function isRecording(): boolean {
  return active.length > 0;
}

function update(): void {
  hooks.current = active.at(-1) ?? null;
  updateSignal(hooks.current !== null, dump);
}
