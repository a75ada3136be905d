/**
 * Runs tasks on a thread, each from the claim of its slot to its result.
 *
 *   claim ──► function known? ──no──► import, then on ─┐
 *                   │yes                               │
 *                   ▼                                  ▼
 *              plain: called right here          async, generator: a task of the thread's runtime
 *                   └──────────────► result or error into the slot, DONE, owner woken
 */
import { packError } from "../internal/error-envelope.ts";
import { isRoutine, isThenable, type Routine } from "../runtime/body.ts";
import { Future } from "../runtime/future.ts";
import type { JoinHandle } from "../runtime/join-handle.ts";
import { spawn } from "../runtime/spawn.ts";
import { enterCall, leaveCall, RunningCall, runWithin } from "./call-context.ts";
import type { FunctionTable } from "./function-table.ts";
import {
  CANCEL,
  CURRENT,
  FLAGS,
  FUNCTION,
  GENERATION,
  STATE,
  STAT_COMPLETED,
  STAT_RUNNING,
} from "./layout.ts";
import {
  FAILED,
  IN_MESSAGE,
  message,
  opened,
  Payloads,
  RESULT_SHIFT,
  type PayloadMessage,
} from "./payload.ts";
import { DONE, ownedBy, QUEUED, RUNNING } from "./slot-state.ts";
import { SYNCHRONOUS, TASK, ThreadFunctions, UNKNOWN, type Runnable } from "./thread-functions.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** How results leave that shared memory cannot hold, and how arguments come. */
export interface Mail {
  sendResult(owner: number, result: PayloadMessage): void;
  /** Arguments that were sent for that slot: now, or when they come. */
  argumentsFor(slot: number, generation: number): PayloadMessage | Promise<PayloadMessage>;
}

interface Task {
  readonly call: RunningCall;
  readonly handle: JoinHandle<unknown> | null;
}

export class TaskRunner {
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;
  readonly #block: number;
  readonly #payloads: Payloads;
  readonly #functions: ThreadFunctions;
  readonly #mail: Mail;
  readonly #running: number;
  readonly #queuedForMe: number;
  readonly #done: number;
  /** Tasks that wait for something. */
  readonly #tasks: Map<number, Task> = new Map();

  constructor(memory: SharedMemory, self: number, incarnation: number, table: FunctionTable, mail: Mail) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#block = memory.layout.block(self);
    this.#payloads = new Payloads(memory);
    this.#functions = new ThreadFunctions(table);
    this.#mail = mail;
    this.#running = ownedBy(RUNNING, self, incarnation);
    this.#queuedForMe = ownedBy(QUEUED, self, incarnation);
    this.#done = ownedBy(DONE, self, incarnation);
  }

  /** What it begins now waits until a module has been imported. */
  get isImporting(): boolean {
    return this.#functions.isImporting;
  }
  /** Tasks that have begun and wait for something. */
  get waiting(): number {
    return this.#tasks.size;
  }

  /** Claims the task and runs it as far as it goes. False when it is not there to be run. */
  run(slot: number): boolean {
    const words = this.#words;
    const at = this.#memory.layout.slot(slot);
    const mine = this.#queuedForMe;
    const state = Atomics.compareExchange(words, at + STATE, QUEUED, this.#running);
    if (state !== QUEUED) {
      if (state !== mine || Atomics.compareExchange(words, at + STATE, mine, this.#running) !== mine)
        return false;
    }
    words[this.#block + STAT_RUNNING]!++;
    try {
      const known = this.#functions.get(words[at + FUNCTION]!);
      const args = this.#arguments(slot, at);
      if (known instanceof Promise || args instanceof Promise) this.#later(slot, at, known, args);
      else this.#call(slot, at, known, args);
    } catch (error) {
      this.#fail(slot, error);
    }
    return true;
  }

  #arguments(slot: number, at: number): unknown[] | Promise<unknown[]> {
    const place = this.#words[at + FLAGS]! & 3;
    if (place !== IN_MESSAGE) return this.#payloads.read(slot, place) as unknown[];
    const sent = this.#mail.argumentsFor(slot, this.#words[at + GENERATION]!);
    if (sent instanceof Promise) return sent.then((each) => opened(each) as unknown[]);
    return opened(sent) as unknown[];
  }

  #later(
    slot: number,
    at: number,
    known: Runnable | Promise<Runnable>,
    args: unknown[] | Promise<unknown[]>,
  ): void {
    const call = this.#context(at);
    this.#tasks.set(slot, { call, handle: null });
    Promise.all([known, args]).then(
      ([runnable, values]) => {
        this.#tasks.delete(slot);
        this.#call(slot, at, runnable, values);
      },
      (error: unknown) => this.#fail(slot, error),
    );
  }

  #context(at: number): RunningCall {
    return new RunningCall(this.#words, at + CANCEL);
  }

  #call(slot: number, at: number, runnable: Runnable, args: unknown[]): void {
    if (runnable.how !== SYNCHRONOUS) return this.#spawn(slot, at, runnable, args);
    const words = this.#words;
    const current = this.#block + CURRENT;
    words[current] = slot + 1;
    enterCall(words, at + CANCEL);
    let result: unknown;
    try {
      result = (runnable.fn as (...all: unknown[]) => unknown)(...args);
    } catch (error) {
      leaveCall();
      words[current] = 0;
      return this.#fail(slot, error);
    }
    leaveCall();
    words[current] = 0;
    if (typeof result !== "object" || result === null || !(isThenable(result) || isRoutine(result)))
      return this.#complete(slot, 0, result);
    // From now on it is called within a task, so that what it awaits can be cancelled.
    runnable.how = TASK;
    this.#watch(slot, this.#context(at), () => guarded(result), undefined);
  }

  #spawn(slot: number, at: number, runnable: Runnable, args: unknown[]): void {
    const words = this.#words;
    const current = this.#block + CURRENT;
    const fn = runnable.fn as (...all: unknown[]) => unknown;
    const body = (): unknown => {
      words[current] = slot + 1;
      try {
        const result = fn(...args);
        if (runnable.how === UNKNOWN)
          runnable.how = isThenable(result) || isRoutine(result) ? TASK : SYNCHRONOUS;
        return guarded(result);
      } catch (error) {
        return new Failure(error);
      } finally {
        words[current] = 0;
      }
    };
    // A native generator function is driven by its task directly.
    const isGenerator = fn.constructor.name === "GeneratorFunction";
    const run = isGenerator ? () => guardedRoutine(fn(...args) as Routine<unknown>) : body;
    this.#watch(slot, this.#context(at), run, runnable.name);
  }

  #watch(slot: number, call: RunningCall, body: () => unknown, name: string | undefined): void {
    const options = name === undefined ? {} : { name };
    const handle = runWithin(call, () => spawn(body as () => Routine<unknown>, options));
    this.#tasks.set(slot, { call, handle });
    if (call.isCancelled) this.#cancel({ call, handle });
    handle.then(
      (value) => (value instanceof Failure ? this.#fail(slot, value.error) : this.#complete(slot, 0, value)),
      (error: unknown) => this.#fail(slot, error),
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

  #fail(slot: number, error: unknown): void {
    this.#complete(slot, FAILED, packError(error));
  }

  #complete(slot: number, failed: number, result: unknown): void {
    const { layout, completed, parking } = this.#memory;
    const words = this.#words;
    const at = layout.slot(slot);
    const owner = layout.ownerOf(slot);
    if (this.#tasks.size > 0) this.#tasks.delete(slot);
    let place = this.#payloads.write(slot, result);
    if (place === IN_MESSAGE) {
      try {
        this.#mail.sendResult(owner, message("result", slot, words[at + GENERATION]!, result));
      } catch (error) {
        // The result cannot be cloned; the error that says so can, and may name all of it.
        if (failed !== FAILED) return this.#fail(slot, error);
        place = this.#payloads.write(slot, packError(new Error(`${String(error).slice(0, 1000)} …`)));
      }
    }
    words[at + FLAGS] = failed | (place << RESULT_SHIFT);
    words[this.#block + STAT_RUNNING]!--;
    words[this.#block + STAT_COMPLETED]!++;
    Atomics.store(words, at + STATE, this.#done);
    if (completed[owner]!.add(slot - layout.firstSlot(owner))) parking.wake(owner);
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
