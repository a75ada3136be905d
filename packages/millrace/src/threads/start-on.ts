/** Starting a call at once, as a task. */
import { JoinHandle } from "../runtime/join-handle.ts";
import { spawnOn } from "../runtime/spawn.ts";
import { ambientKernel } from "../runtime/trail.ts";
import type { Engine } from "./home.ts";
import { callOf, type ThreadFn } from "./threaded.ts";

export function startOn<A extends unknown[], R>(
  caller: string,
  fn: ThreadFn<A, R>,
  args: A,
  engine?: () => Engine,
): JoinHandle<R> {
  const call = callOf(caller, fn, args, engine);
  call.start();
  const task = spawnOn(ambientKernel(), call, { name: call.entry.name }, true, "thread");
  return new JoinHandle(task);
}

/**
 * Starts a call on a thread now: it is dispatched before this returns. The handle is a task like any
 * other: join it, abort it, put it in a `JoinSet`.
 *
 * **Cancel safety.** Aborted before it started, it never runs. Aborted while it runs, `cx().signal` fires
 * on the thread, and the handle settles when the function has ended or, `killAfter` later, its thread was
 * replaced.
 *
 * A call with options of its own is a task like this: `spawn(fn.with({ pin: true })(…))`.
 *
 * @throws TypeError when `fn` is not a threaded function.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { spawnBlocking, threaded } from "millrace/threads";
 *
 * export const fib = threaded(import.meta, (n: number): number => (n < 2 ? n : nth(n)));
 * function nth(n: number): number {
 *   return n < 2 ? n : nth(n - 1) + nth(n - 2);
 * }
 * main(async () => {
 *   const handle = spawnBlocking(fib, 20);
 *   console.log(await handle); // 6765
 * });
 * ```
 */
export function spawnBlocking<A extends unknown[], R>(fn: ThreadFn<A, R>, ...args: A): JoinHandle<R> {
  return startOn("spawnBlocking", fn, args);
}
