/**
 * Runs calls on a thread: plain functions right where they are, others as tasks of the thread's runtime.
 *
 *   function known? ──no──► import, then on ─┐
 *       │yes                                 │
 *       ▼                                    ▼
 *   plain: called right here         async, generator: a task
 *       └────────► result or error to the desk, once
 *
 * Where calls come from, and where their results go, is the desk's business.
 */
import { packError } from "../internal/error-envelope.ts";
import { isRoutine, isThenable, type Routine } from "../runtime/body.ts";
import { Future } from "../runtime/future.ts";
import type { JoinHandle } from "../runtime/join-handle.ts";
import { spawn } from "../runtime/spawn.ts";
import { enterCall, leaveCall, RunningCall, runWithin } from "./call-context.ts";
import { SYNCHRONOUS, TASK, UNKNOWN, type Runnable, type ThreadFunctions } from "./thread-functions.ts";

/** What a call is known by while it runs. */
type Key = number;

export interface Desk {
  /** The call's function has the thread, until `left`. */
  entered(key: Key): void;
  left(): void;
  /** Its word of the call that says that its caller has abandoned it. */
  cancelWord(key: Key): readonly [words: Int32Array, at: number];
  /** A failure is in its envelope. */
  complete(key: Key, hasFailed: boolean, result: unknown): void;
}

interface Task {
  readonly call: RunningCall;
  readonly handle: JoinHandle<unknown> | null;
}

export class CallRunner {
  readonly #desk: Desk;
  readonly #functions: ThreadFunctions;
  /** Calls that wait for something. */
  readonly #tasks: Map<Key, Task> = new Map();

  constructor(functions: ThreadFunctions, desk: Desk) {
    this.#functions = functions;
    this.#desk = desk;
  }

  /** What it begins now waits until a module has been imported. */
  get isImporting(): boolean {
    return this.#functions.isImporting;
  }
  /** Calls that have begun and wait for something. */
  get waiting(): number {
    return this.#tasks.size;
  }
  has(key: Key): boolean {
    return this.#tasks.has(key);
  }
  /** The call is over. */
  forget(key: Key): void {
    if (this.#tasks.size > 0) this.#tasks.delete(key);
  }

  begin(key: Key, id: number, args: unknown[] | Promise<unknown[]>): void {
    const known = this.#functions.get(id);
    if (known instanceof Promise || args instanceof Promise) this.#later(key, known, args);
    else this.#call(key, known, args);
  }

  #later(key: Key, known: Runnable | Promise<Runnable>, args: unknown[] | Promise<unknown[]>): void {
    this.#tasks.set(key, { call: this.#context(key), handle: null });
    Promise.all([known, args]).then(
      ([runnable, values]) => {
        this.#tasks.delete(key);
        this.#call(key, runnable, values);
      },
      (error: unknown) => this.fail(key, error),
    );
  }

  #context(key: Key): RunningCall {
    const [words, at] = this.#desk.cancelWord(key);
    return new RunningCall(words, at);
  }

  #call(key: Key, runnable: Runnable, args: unknown[]): void {
    if (runnable.how !== SYNCHRONOUS) return this.#spawn(key, runnable, args);
    this.#desk.entered(key);
    const [words, at] = this.#desk.cancelWord(key);
    enterCall(words, at);
    let result: unknown;
    try {
      result = (runnable.fn as (...all: unknown[]) => unknown)(...args);
    } catch (error) {
      leaveCall();
      this.#desk.left();
      return this.fail(key, error);
    }
    leaveCall();
    this.#desk.left();
    if (typeof result !== "object" || result === null || !(isThenable(result) || isRoutine(result)))
      return this.#desk.complete(key, false, result);
    // From now on it is called within a task, so that what it awaits can be cancelled.
    runnable.how = TASK;
    this.#watch(key, this.#context(key), () => guarded(result), undefined);
  }

  #spawn(key: Key, runnable: Runnable, args: unknown[]): void {
    const fn = runnable.fn as (...all: unknown[]) => unknown;
    const body = (): unknown => {
      this.#desk.entered(key);
      try {
        const result = fn(...args);
        if (runnable.how === UNKNOWN)
          runnable.how = isThenable(result) || isRoutine(result) ? TASK : SYNCHRONOUS;
        return guarded(result);
      } catch (error) {
        return new Failure(error);
      } finally {
        this.#desk.left();
      }
    };
    // A native generator function is driven by its task directly.
    const isGenerator = fn.constructor.name === "GeneratorFunction";
    const run = isGenerator ? () => guardedRoutine(fn(...args) as Routine<unknown>) : body;
    this.#watch(key, this.#context(key), run, runnable.name);
  }

  #watch(key: Key, call: RunningCall, body: () => unknown, name: string | undefined): void {
    const options = name === undefined ? {} : { name };
    const handle = runWithin(call, () => spawn(body as () => Routine<unknown>, options));
    this.#tasks.set(key, { call, handle });
    if (call.isCancelled) this.#cancel({ call, handle });
    handle.then(
      (value) =>
        value instanceof Failure ? this.fail(key, value.error) : this.#desk.complete(key, false, value),
      (error: unknown) => this.fail(key, error),
    );
  }

  /** Looks which of the waiting tasks were abandoned by their callers. */
  cancelAbandoned(): void {
    for (const task of this.#tasks.values()) if (task.call.isCancelled) this.#cancel(task);
  }
  #cancel({ call, handle }: Task): void {
    call.cancel();
    handle?.abort("the call was abandoned by its caller");
  }

  fail(key: Key, error: unknown): void {
    this.#desk.complete(key, true, packError(error));
  }
}

/**
 * A failure as the outcome of a task: the caller is going to observe it, wherever it is. Were it the failure
 * of a task here, one that came just before the thread was ended would be reported as seen by nobody.
 */
class Failure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}
const asFailure = (error: unknown): Failure => new Failure(error);

function guarded(result: unknown): unknown {
  if (isRoutine(result) || result instanceof Future) return guardedRoutine(result);
  return isThenable(result) ? result.then(undefined, asFailure) : result;
}
function* guardedRoutine(routine: Routine<unknown> | Future<unknown>): Routine<unknown> {
  try {
    return yield* routine;
  } catch (error) {
    return asFailure(error);
  }
}
