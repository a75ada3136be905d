/** Starting tasks. */
import type { AbortSignal } from "../internal/platform.ts";
import type { Awaitable, Routine, Waker } from "./body.ts";
import { claim, Future } from "./future.ts";
import { hooks } from "./hooks.ts";
import type { Branch } from "./branch.ts";
import type { Kernel } from "./kernel.ts";
import { ambientBranch, ambientKernel } from "./trail.ts";
import { checkName, optionsOf, OR_FUTURE, requireBody } from "./argument.ts";
import { checkStop, Stop } from "./stop.ts";
import { JoinHandle } from "./join-handle.ts";
import { Task, type TaskBody, type TaskContext } from "./task.ts";

/**
 * The part of a cancellation token that the runtime needs.
 *
 * @ignore
 */
export interface StopToken {
  readonly isCancelled: boolean;
  readonly reason: unknown;
  cancelled(): Future<void>;
}
/** What `spawn` may be told. */
export interface SpawnOptions {
  /** For reports. */
  name?: string;
  /** Aborts the task when it fires. */
  signal?: AbortSignal | StopToken;
}

/**
 * Starts a task on the current runtime. It runs whether or not the handle is awaited, starting no
 * earlier than the caller's next suspension. A failure that nobody observes is reported (see
 * `onTaskFailure`); it is never lost.
 *
 * @throws TypeError when `body` is neither a function nor a future.
 *
 * @example
 * ```ts
 * import { sleep, spawn } from "millrace";
 *
 * const handle = spawn(async () => { await sleep(10); return "done"; }, { name: "worker" });
 * console.log(await handle);
 * ```
 */
export function spawn<T>(body: (cx: TaskContext) => Routine<T>, options?: SpawnOptions): JoinHandle<T>;
/** The same with an async function, a plain one or a future. */
export function spawn<T>(
  body: ((cx: TaskContext) => Awaitable<T>) | Future<T>,
  options?: SpawnOptions,
): JoinHandle<T>;
export function spawn<T>(body: TaskBody<T>, options?: SpawnOptions): JoinHandle<T> {
  return new JoinHandle(spawnOn(ambientKernel(), body, options, true));
}

/** What task-locals that are inherited need: set when there is one. */
export const atSpawn: { inherit: ((task: Task<unknown>, spawner: Branch<unknown> | null) => void) | null } = {
  inherit: null,
};

/** Makes a task; `starts` false leaves it held until `release`. `kind` is for reports. */
export function spawnOn<T>(
  kernel: Kernel,
  body: TaskBody<T>,
  options: SpawnOptions | undefined,
  starts: boolean,
  kind?: Exclude<Task<T>["kind"], "task">,
): Task<T> {
  if (options !== undefined) {
    const { signal, name } = optionsOf("spawn", options);
    if (signal !== undefined) checkStop("spawn expects signal to be", signal);
    checkName("spawn", name);
  }
  if (typeof body === "object" && body instanceof Future) body = claim(body);
  else requireBody("spawn", body, OR_FUTURE);
  const task = new Task(kernel, body);
  task.register(options?.name);
  if (kind !== undefined) task.kind = kind;
  if (hooks.current !== null) task.announce(hooks.current, hooks.current.callSite?.(spawnOn));
  atSpawn.inherit?.(task as Task<unknown>, ambientBranch());
  if (kernel.isClosed) task.abort("the runtime was shut down");
  else {
    if (options?.signal !== undefined) abortOn(task as Task<unknown>, options.signal);
    if (starts) task.wake();
    else task.list();
  }
  return task;
}

/** Tasks that something outside the runtime may abort. */
const abortableFromOutside: WeakSet<Task<unknown>> = new WeakSet();

export function isAbortableFromOutside(task: Task<unknown>): boolean {
  return abortableFromOutside.has(task);
}

/** Aborts the task when the signal fires; leaves no listener behind once it has ended. */
function abortOn(task: Task<unknown>, signal: AbortSignal | StopToken): void {
  const stop = new Stop(signal);
  if (stop.hasFired) return task.abort(stop.reason);
  // A wake-up means "try again", not that the token was cancelled.
  const waker: Waker = {
    wake() {
      if (stop.hasFired) task.abort(stop.reason);
      else if (!task.isSettled) stop.listen(waker);
    },
  };
  stop.listen(waker);
  if (stop.wait!.isExternalWait) abortableFromOutside.add(task);
  task.onEnd(() => stop.close());
}
