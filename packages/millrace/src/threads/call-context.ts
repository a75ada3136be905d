/** `cx()`: what a function on a thread knows of the call it runs for. */
import { CancelledError } from "../errors.ts";
import { rootTask } from "../runtime/call.ts";
import { contextStore, type ContextStore } from "../runtime/host.ts";
import { ambientBranch } from "../runtime/trail.ts";
import { home } from "./home.ts";

/** The running call. */
export interface ThreadContext {
  readonly signal: AbortSignal;
  readonly isCancelled: boolean;
  /** Its number in the pool, from 1; 0 outside of any. */
  readonly thread: number;
}

/** A call on this thread. Its cancel word is read, not awaited: a loop that never waits sees it, too. */
export class RunningCall implements ThreadContext {
  readonly #isCancelled: () => boolean;
  #controller: AbortController | null = null;

  constructor(isCancelled: () => boolean) {
    this.#isCancelled = isCancelled;
  }

  get thread(): number {
    return home.thread;
  }
  get isCancelled(): boolean {
    return this.#isCancelled();
  }
  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = (this.#controller = new AbortController());
      const { signal } = controller;
      const look = (): void => {
        if (this.#isCancelled()) this.cancel();
      };
      Object.defineProperty(signal, "aborted", {
        get() {
          look();
          return Reflect.get(AbortSignal.prototype, "aborted", signal) as boolean;
        },
      });
      Object.defineProperty(signal, "throwIfAborted", {
        value: () => {
          if (signal.aborted) throw signal.reason;
        },
      });
      look();
    }
    return this.#controller.signal;
  }
  /** The caller has abandoned the call. */
  cancel(): void {
    this.#controller?.abort(new CancelledError("the call was abandoned by its caller"));
  }
}

const store: ContextStore<RunningCall> | undefined = contextStore();

/** The function that runs now, and does not wait. */
let current: RunningCall | null = null;

export function runAsCurrent<R>(call: RunningCall, body: () => R): R {
  const outer = current;
  current = call;
  try {
    return body();
  } finally {
    current = outer;
  }
}
/** What `body` spawns and awaits belongs to the call as well. */
export function runWithin<R>(call: RunningCall, body: () => R): R {
  return store === undefined ? body() : store.run(call, body);
}

const never = new AbortController().signal;

/**
 * The running call on this thread: cancelled when its caller abandons it. In a loop that never waits, look
 * at `isCancelled`; hand `signal` to what takes one. Outside of a pool's threads it stands for the running
 * task, if there is one.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { cx, threaded } from "millrace/threads";
 *
 * export const count = threaded(import.meta, (limit: number) => {
 *   let n = 0;
 *   while (n < limit && !cx().isCancelled) n++;
 *   return n;
 * });
 * main(async () => console.log(await count(1000)));
 * ```
 */
export function cx(): ThreadContext {
  const call = current ?? store?.getStore();
  if (call !== undefined && call !== null) return call;
  const task = rootTask(ambientBranch());
  if (task === null) return { signal: never, isCancelled: false, thread: home.thread };
  return { signal: task.signal, isCancelled: task.isCancelled, thread: home.thread };
}
