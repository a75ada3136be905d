/**
 * Tasks of a pool's shared memory on one of its threads, each from the claim of its slot to its result.
 *
 *   claim ──► arguments ──► call-runner.ts ──► result or error into the slot, DONE, owner woken
 */
import { packError } from "../internal/error-envelope.ts";
import { CallRunner, type Desk } from "./call-runner.ts";
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
import { ThreadFunctions } from "./thread-functions.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** How results leave that shared memory cannot hold, and how arguments come. */
export interface Mail {
  sendResult(owner: number, result: PayloadMessage): void;
  /** Arguments that were sent for that slot: now, or when they come. */
  argumentsFor(slot: number, generation: number): PayloadMessage | Promise<PayloadMessage>;
}

export class TaskRunner implements Desk {
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;
  readonly #block: number;
  readonly #payloads: Payloads;
  readonly #calls: CallRunner;
  readonly #mail: Mail;
  readonly #running: number;
  readonly #queuedForMe: number;
  readonly #done: number;
  /** That were begun when a function got the thread. */
  #turns: number = 0;

  constructor(memory: SharedMemory, self: number, incarnation: number, table: FunctionTable, mail: Mail) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#block = memory.layout.block(self);
    this.#payloads = new Payloads(memory);
    this.#calls = new CallRunner(new ThreadFunctions(table), this);
    this.#mail = mail;
    this.#running = ownedBy(RUNNING, self, incarnation);
    this.#queuedForMe = ownedBy(QUEUED, self, incarnation);
    this.#done = ownedBy(DONE, self, incarnation);
  }

  /** What it begins now waits until a module has been imported. */
  get isImporting(): boolean {
    return this.#calls.isImporting;
  }
  /** Tasks that have begun and wait for something. */
  get waiting(): number {
    return this.#calls.waiting;
  }
  /** Looks which of the waiting tasks were abandoned by their callers. */
  cancelAbandoned(): void {
    this.#calls.cancelAbandoned();
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
      this.#calls.begin(slot, words[at + FUNCTION]!, this.#arguments(slot, at));
    } catch (error) {
      this.#calls.fail(slot, error);
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

  entered(slot: number): void {
    this.#words[this.#block + CURRENT] = slot + 1;
    this.#turns = this.#memory.tenure.pause();
  }
  left(): void {
    const { tenure } = this.#memory;
    tenure.resume(this.#turns);
    this.#words[this.#block + CURRENT] = 0;
  }
  cancelWord(slot: number): readonly [words: Int32Array, at: number] {
    return [this.#words, this.#memory.layout.slot(slot) + CANCEL];
  }

  complete(slot: number, hasFailed: boolean, result: unknown): void {
    const { tenure } = this.#memory;
    tenure.begin();
    try {
      this.#complete(slot, hasFailed, result);
    } finally {
      tenure.end();
    }
  }
  #complete(slot: number, hasFailed: boolean, result: unknown): void {
    const { layout, completed, parking } = this.#memory;
    const words = this.#words;
    const at = layout.slot(slot);
    const owner = layout.ownerOf(slot);
    this.#calls.forget(slot);
    let place = this.#payloads.write(slot, result);
    if (place === IN_MESSAGE) {
      try {
        this.#mail.sendResult(owner, message("result", slot, words[at + GENERATION]!, result));
      } catch (error) {
        // The result cannot be cloned; the error that says so can, and may name all of it.
        if (!hasFailed) return this.#calls.fail(slot, error);
        place = this.#payloads.write(slot, packError(new Error(`${String(error).slice(0, 1000)} …`)));
      }
    }
    words[at + FLAGS] = (hasFailed ? FAILED : 0) | (place << RESULT_SHIFT);
    words[this.#block + STAT_RUNNING]!--;
    words[this.#block + STAT_COMPLETED]!++;
    Atomics.store(words, at + STATE, this.#done);
    if (completed[owner]!.add(slot - layout.firstSlot(owner))) parking.wake(owner);
  }
}
