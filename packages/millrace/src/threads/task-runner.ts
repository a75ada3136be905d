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
import type { JoinHandle } from "../runtime/join-handle.ts";
import { spawn } from "../runtime/spawn.ts";
import { RunningCall, runAsCurrent, runWithin } from "./call-context.ts";
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
    this.#done = ownedBy(DONE, self, incarnation);
  }

  /** Tasks that have begun and wait for something. */
  get waiting(): number {
    return this.#tasks.size;
  }

  /** Claims the task and runs it as far as it goes. False when it is not there to be run. */
  run(slot: number): boolean {
    const words = this.#words;
    const at = this.#memory.layout.slot(slot);
    if (Atomics.compareExchange(words, at + STATE, QUEUED, this.#running) !== QUEUED) return false;
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
    const words = this.#words;
    return new RunningCall(() => Atomics.load(words, at + CANCEL) !== 0);
  }

  #call(slot: number, at: number, runnable: Runnable, args: unknown[]): void {
    const words = this.#words;
    const call = this.#context(at);
    if (runnable.how !== SYNCHRONOUS) return this.#spawn(slot, call, runnable, args);
    words[this.#block + CURRENT] = slot + 1;
    let result: unknown;
    try {
      result = runAsCurrent(call, () => (runnable.fn as (...all: unknown[]) => unknown)(...args));
    } catch (error) {
      words[this.#block + CURRENT] = 0;
      return this.#fail(slot, error);
    }
    words[this.#block + CURRENT] = 0;
    if (typeof result !== "object" || result === null || !(isThenable(result) || isRoutine(result)))
      return this.#complete(slot, 0, result);
    // From now on it is called within a task, so that what it awaits can be cancelled.
    runnable.how = TASK;
    this.#watch(
      slot,
      call,
      runWithin(call, () => spawn(() => result as Routine<unknown> | PromiseLike<unknown>)),
    );
  }

  #spawn(slot: number, call: RunningCall, runnable: Runnable, args: unknown[]): void {
    const words = this.#words;
    const body = (): unknown => {
      words[this.#block + CURRENT] = slot + 1;
      try {
        const result = (runnable.fn as (...all: unknown[]) => unknown)(...args);
        if (runnable.how === UNKNOWN)
          runnable.how = isThenable(result) || isRoutine(result) ? TASK : SYNCHRONOUS;
        return result;
      } finally {
        words[this.#block + CURRENT] = 0;
      }
    };
    // A native generator function is driven by its task directly.
    const run = runnable.fn.constructor.name === "GeneratorFunction" ? generatorOf(runnable, args) : body;
    this.#watch(
      slot,
      call,
      runWithin(call, () => spawn(run as () => PromiseLike<unknown>, { name: runnable.name })),
    );
  }

  #watch(slot: number, call: RunningCall, handle: JoinHandle<unknown>): void {
    this.#tasks.set(slot, { call, handle });
    if (call.isCancelled) this.#cancel({ call, handle });
    handle.then(
      (value) => this.#complete(slot, 0, value),
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
        // The result cannot be cloned.
        failed = FAILED;
        place = this.#payloads.write(slot, packError(error));
      }
    }
    words[at + FLAGS] = failed | (place << RESULT_SHIFT);
    words[this.#block + STAT_RUNNING]!--;
    words[this.#block + STAT_COMPLETED]!++;
    Atomics.store(words, at + STATE, this.#done);
    if (completed[owner]!.add(slot - layout.firstSlot(owner))) parking.wake(owner);
  }
}

function generatorOf(runnable: Runnable, args: unknown[]): () => Routine<unknown> {
  return function* () {
    return yield* (runnable.fn as (...all: unknown[]) => Routine<unknown>)(...args);
  };
}
