/** `cx()`: what a function on a thread knows of the call it runs for. */
import { CancelledError } from "../errors.ts";
import type { AbortSignal } from "../internal/platform.ts";
import { rootTask } from "../runtime/call.ts";
import { contextStore, type ContextStore } from "../runtime/host.ts";
import { ambientBranch } from "../runtime/trail.ts";
import { home } from "./home.ts";

/** The running call. */
export interface ThreadContext {
  /** Aborts when the caller has abandoned the call. */
  readonly signal: AbortSignal;
  /** Whether the caller has abandoned the call. */
  readonly isCancelled: boolean;
  /** Its number in the pool, from 1; 0 outside of any. */
  readonly thread: number;
}

/** A call on this thread. Its cancel word is read, not awaited: a loop that never waits sees it, too. */
export class RunningCall implements ThreadContext {
  readonly #words: Int32Array;
  readonly #cancelWord: number;
  #controller: AbortController | null = null;
  #isTold: boolean = false;

  constructor(words: Int32Array, cancelWord: number) {
    this.#words = words;
    this.#cancelWord = cancelWord;
  }

  get thread(): number {
    return home.thread;
  }
  get isCancelled(): boolean {
    return Atomics.load(this.#words, this.#cancelWord) !== 0;
  }
  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = (this.#controller = new AbortController());
      const { signal } = controller;
      const look = (): void => {
        if (this.isCancelled) this.cancel();
      };
      Object.defineProperty(signal, "aborted", {
        get() {
          look();
          return Reflect.get(globalThis.AbortSignal.prototype, "aborted", signal) as boolean;
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
  /** The caller has abandoned the call. Once: `abort` may read `aborted` itself (it does in Deno). */
  cancel(): void {
    if (this.#controller === null || this.#isTold) return;
    this.#isTold = true;
    this.#controller.abort(new CancelledError("the call was abandoned by its caller"));
  }
}

const store: ContextStore<RunningCall> | undefined = contextStore();

/** The call whose function runs now, and does not wait: made when it is asked for, because few ask. */
let current: RunningCall | null = null;
let currentWords: Int32Array | null = null;
let currentCancelWord = 0;

/** A function is called now that does not wait. */
export function enterCall(words: Int32Array, cancelWord: number): void {
  currentWords = words;
  currentCancelWord = cancelWord;
}
/** It has returned. */
export function leaveCall(): void {
  currentWords = null;
  current = null;
}
/** What `body` spawns and awaits belongs to the call as well. */
export function runWithin<R>(call: RunningCall, body: () => R): R {
  return store === undefined ? body() : store.run(call, body);
}

const never = new AbortController().signal;

/**
 * The running call on this thread: cancelled when its caller abandons it. In a loop that never waits, look
 * at `isCancelled` (it stays false there where threads share no memory); hand `signal` to what takes one. Outside of a pool's threads it stands for the running
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
  if (currentWords !== null) return (current ??= new RunningCall(currentWords, currentCancelWord));
  const call = store?.getStore();
  if (call !== undefined) return call;
  const task = rootTask(ambientBranch());
  if (task === null) return { signal: never, isCancelled: false, thread: home.thread };
  return { signal: task.signal, isCancelled: task.isCancelled, thread: home.thread };
}
