/**
 * One thread's calls into the pool: its slots, what waits for one, and what comes back.
 *
 *   NEW ──submit──► BACKLOG ──slot free──► IN A SLOT (slot-state.ts) ──drain──► SETTLED
 *                      └──────────────abandon──────────┴── running: it is told, and then waited for
 *
 * Invariants
 *  1. A call settles exactly once: it leaves `#calls` in the moment it settles, and only what is in there
 *     is ever settled.
 *  2. After the death of a thread (`reclaim`), what it ran fails or runs again, and all that is queued is
 *     hinted at anew: the dead may have taken a hint and not the task.
 */
import { CancelledError, ThreadError } from "../errors.ts";
import { Ring } from "../internal/ring.ts";
import { unpackError, type ErrorEnvelope, type FindClass } from "../internal/error-envelope.ts";
import type { FunctionEntry, FunctionTable } from "./function-table.ts";
import {
  ATTENTION,
  CANCEL,
  CURRENT,
  FLAGS,
  FUNCTION,
  GENERATION,
  INCARNATION,
  SEQUENCE,
  STATE,
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
import { DONE, FREE, isCurrent, kindOf, QUEUED, RUNNING, threadOf } from "./slot-state.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** A call as its submitter sees it. */
export interface SubmittedCall {
  readonly entry: FunctionEntry;
  readonly args: readonly unknown[];
  readonly transfer: readonly Transferable[] | undefined;
  readonly isPinned: boolean;
  readonly isIdempotent: boolean;
  /** Set by the submitter; −1 while there is none. */
  slot: number;
  settle(value: unknown): void;
  fail(error: unknown, classesOf: string | undefined): void;
}

/** What a submitter asks of whoever runs the threads. */
export interface Threads {
  /** A task was published (for that thread) and nobody sleeps or searches: threads may have to be started. */
  grow(thread?: number): void;
  /** Why that thread died last. */
  obituary(thread: number): {
    readonly text: string;
    readonly exitCode: number | undefined;
    readonly cause: unknown;
  };
  send(thread: number, message: PayloadMessage, transfer: readonly Transferable[]): void;
  /** The thread for a task that must be sent to one; it will be started. */
  choose(): number;
  /** A task that was bound to that thread is over. */
  released(thread: number): void;
  /** Calls wait for their results, or none does any more. */
  busy(isBusy: boolean): void;
}

export class Submitter {
  readonly memory: SharedMemory;
  readonly self: number;
  readonly table: FunctionTable;
  inFlight: number = 0;
  /** Tasks that only one thread may run: which, and in which of its lives it was sent their arguments. */
  readonly #targets: Map<number, { readonly thread: number; readonly incarnation: number }> = new Map();
  readonly #payloads: Payloads;
  readonly #threads: Threads;
  readonly #first: number;
  readonly #free: number[] = [];
  readonly #calls: (SubmittedCall | null)[];
  readonly #backlog: Ring<SubmittedCall> = new Ring();
  readonly #withdrawn: Set<SubmittedCall> = new Set();
  /** Results that came by message before or after their slot was marked as done. */
  readonly #results: Map<number, PayloadMessage> = new Map();
  readonly #take: (bit: number) => void = (bit) => this.#completed(this.#first + bit);
  #sequence: number = 0;

  constructor(memory: SharedMemory, self: number, table: FunctionTable, threads: Threads) {
    this.memory = memory;
    this.self = self;
    this.table = table;
    this.#threads = threads;
    this.#payloads = new Payloads(memory);
    const { layout } = memory;
    this.#first = layout.firstSlot(self);
    const count = layout.slotsOf(self);
    this.#calls = Array.from({ length: count }, () => null);
    // A thread that died may have left slots in use; they come back as their tasks end.
    for (let slot = this.#first + count - 1; slot >= this.#first; slot--) this.#inherit(slot);
  }

  get backlog(): number {
    return this.#backlog.length - this.#withdrawn.size;
  }

  #inherit(slot: number): void {
    const state = this.memory.state(slot);
    if (state === FREE) this.#free.push(slot);
    else if (state === QUEUED) this.#hint(slot);
    else if (kindOf(state) === DONE || !isCurrent(state, this.memory.incarnation(threadOf(state))))
      this.#release(slot);
  }

  /** @throws DataCloneError when its arguments cannot be sent. */
  submit(call: SubmittedCall): void {
    call.slot = -1;
    if (this.#free.length === 0) this.#backlog.push(call);
    else this.#publish(call, this.#free.pop()!);
    if (this.inFlight++ === 0) this.#threads.busy(true);
  }

  #publish(call: SubmittedCall, slot: number): void {
    const { memory } = this;
    const { words } = memory;
    const at = memory.layout.slot(slot);
    let target = call.isPinned ? (this.self > 0 ? this.self : this.#threads.choose()) : -1;
    let place: number;
    try {
      words[at + FUNCTION] = this.table.idOf(call.entry);
      place = call.transfer === undefined ? this.#payloads.write(slot, call.args) : IN_MESSAGE;
      if (place === IN_MESSAGE) {
        if (target < 0) target = this.#threads.choose();
        const sent = message("arguments", slot, words[at + GENERATION]!, call.args);
        this.#threads.send(target, sent, call.transfer ?? []);
      }
    } catch (error) {
      this.#free.push(slot);
      throw error;
    }
    words[at + FLAGS] = place;
    words[at + CANCEL] = 0;
    words[at + SEQUENCE] = this.#sequence = (this.#sequence + 1) | 0;
    this.#calls[slot - this.#first] = call;
    call.slot = slot;
    if (target >= 0) {
      const life = Atomics.load(words, memory.layout.block(target) + INCARNATION);
      this.#targets.set(slot, { thread: target, incarnation: life });
    }
    Atomics.store(words, at + STATE, QUEUED);
    this.#hint(slot);
  }

  #hint(slot: number): void {
    const { rings, inboxes, parking, words, layout } = this.memory;
    const thread = this.#targets.get(slot)?.thread;
    if (thread !== undefined) {
      inboxes[thread]!.add(slot);
      if (!parking.wake(thread)) this.#threads.grow(thread);
      return;
    }
    const ring = rings[this.self]!;
    if (!ring.push(slot)) {
      ring.compact((each) => Atomics.load(words, layout.slot(each) + STATE) === QUEUED);
      ring.push(slot);
    }
    if (!parking.wakeOne()) this.#threads.grow();
  }

  /**
   * The caller gave the call up. True when it is over with that; otherwise it runs, is told, and settles
   * when it has ended or its thread has.
   */
  abandon(call: SubmittedCall): boolean {
    const { slot } = call;
    if (slot < 0) {
      this.#withdrawn.add(call);
      this.#ended();
      return true;
    }
    const { words, layout, parking } = this.memory;
    const at = layout.slot(slot);
    if (Atomics.compareExchange(words, at + STATE, QUEUED, FREE) === QUEUED) {
      this.#calls[slot - this.#first] = null;
      this.#release(slot);
      this.#ended();
      return true;
    }
    Atomics.store(words, at + CANCEL, 1);
    const state = Atomics.load(words, at + STATE);
    if (kindOf(state) === RUNNING) {
      const thread = threadOf(state);
      Atomics.store(words, layout.block(thread) + ATTENTION, 1);
      parking.wake(thread);
    }
    return false;
  }

  /** The thread that runs a call, and its life; undefined when none does. */
  runner(call: SubmittedCall): { readonly thread: number; readonly incarnation: number } | undefined {
    if (call.slot < 0 || this.#calls[call.slot - this.#first] !== call) return undefined;
    const state = this.memory.state(call.slot);
    if (kindOf(state) !== RUNNING) return undefined;
    const thread = threadOf(state);
    return { thread, incarnation: this.memory.incarnation(thread) };
  }

  // ── what comes back

  get hasResults(): boolean {
    return this.memory.completed[this.self]!.isDirty;
  }

  drain(): void {
    this.memory.completed[this.self]!.take(this.#take);
  }

  #completed(slot: number): void {
    const { words, layout } = this.memory;
    const at = layout.slot(slot);
    if (kindOf(Atomics.load(words, at + STATE)) !== DONE) return;
    const call = this.#calls[slot - this.#first];
    // Of a thread's former life: nobody waits for it.
    if (call === null || call === undefined) return this.#release(slot);
    const flags = words[at + FLAGS]!;
    const place = (flags >> RESULT_SHIFT) & 3;
    let value: unknown;
    if (place === IN_MESSAGE) {
      const sent = this.#results.get(slot);
      if (sent?.generation !== words[at + GENERATION]) return; // it comes
      this.#results.delete(slot);
      value = opened(sent!);
    } else value = this.#payloads.read(slot, place);
    this.#calls[slot - this.#first] = null;
    this.#release(slot);
    this.#ended();
    if (flags & FAILED) call.fail(value, call.entry.url);
    else call.settle(value);
  }

  /** A result arrived by message. */
  receive(payload: PayloadMessage): void {
    this.#results.set(payload.slot, payload);
    this.#completed(payload.slot);
  }

  #release(slot: number): void {
    const { words, layout } = this.memory;
    const at = layout.slot(slot);
    words[at + GENERATION] = (words[at + GENERATION]! + 1) | 0;
    const target = this.#targets.size > 0 ? this.#targets.get(slot) : undefined;
    if (target !== undefined) {
      this.#targets.delete(slot);
      this.#threads.released(target.thread);
    }
    Atomics.store(words, at + STATE, FREE);
    let next = this.#backlog.shift();
    while (next !== undefined && this.#withdrawn.delete(next)) next = this.#backlog.shift();
    if (next === undefined) {
      this.#free.push(slot);
      return;
    }
    try {
      this.#publish(next, slot);
    } catch (error) {
      this.#ended();
      next.fail(error, undefined);
    }
  }

  #ended(): void {
    if (--this.inFlight === 0) this.#threads.busy(false);
  }

  // ── faults

  /** A thread has died: settles what it ran, and hints at what is still queued. */
  reclaim(): void {
    this.drain();
    const { memory } = this;
    for (let index = 0; index < this.#calls.length; index++) {
      const slot = this.#first + index;
      const state = memory.state(slot);
      const kind = kindOf(state);
      if (kind === FREE) continue;
      if (kind === QUEUED) this.#requeue(slot);
      else if (!isCurrent(state, memory.incarnation(threadOf(state)))) this.#lost(slot, state);
    }
  }

  #requeue(slot: number): void {
    const target = this.#targets.get(slot);
    const call = this.#calls[slot - this.#first];
    const { words, layout } = this.memory;
    const at = layout.slot(slot);
    const isSent = (words[at + FLAGS]! & 3) === IN_MESSAGE;
    const isLost =
      target !== undefined && isSent && this.memory.incarnation(target.thread) !== target.incarnation;
    if (!isLost || call === null || call === undefined) return this.#hint(slot);
    if (Atomics.compareExchange(words, at + STATE, QUEUED, FREE) !== QUEUED) return;
    this.#again(slot, call, target.thread, call.transfer === undefined);
  }

  #lost(slot: number, state: number): void {
    const call = this.#calls[slot - this.#first];
    if (kindOf(state) === DONE) {
      this.#completed(slot);
      if (this.#calls[slot - this.#first] !== call || call === null) return;
      // Its result was a message that was never sent whole.
    }
    if (call === null || call === undefined) return this.#release(slot);
    this.#again(slot, call, threadOf(state), call.isIdempotent && call.transfer === undefined);
  }

  /** Its thread died: runs the call anew, or fails it. */
  #again(slot: number, call: SubmittedCall, thread: number, mayRepeat: boolean): void {
    this.#calls[slot - this.#first] = null;
    this.#release(slot);
    if (mayRepeat) {
      this.inFlight--;
      try {
        return this.submit(call);
      } catch (error) {
        this.inFlight++;
        this.#ended();
        return call.fail(error, undefined);
      }
    }
    this.#ended();
    const { text, exitCode, cause } = this.#threads.obituary(thread);
    const reason = `${text} while it ran ${call.entry.name}`;
    call.fail(new ThreadError(reason, exitCode, cause === undefined ? undefined : { cause }), undefined);
  }

  /** Withdraws what has not started; the rest goes on. */
  cancelQueued(why: string): void {
    for (const call of [...this.#calls, ...this.#backlog]) {
      if (call === null || this.#withdrawn.has(call)) continue;
      if (call.slot >= 0 && this.memory.state(call.slot) !== QUEUED) continue;
      if (this.abandon(call)) call.fail(new CancelledError(why), undefined);
    }
  }

  /** Fails everything. */
  failAll(error: () => unknown): void {
    const calls = [...this.#calls, ...this.#backlog];
    this.#calls.fill(null);
    for (let call = this.#backlog.shift(); call !== undefined;) call = this.#backlog.shift();
    for (const call of calls) {
      if (call === null || this.#withdrawn.delete(call)) continue;
      this.#ended();
      call.fail(error(), undefined);
    }
  }

  /** What a thread executes right now, by name, for reports. */
  currentOf(thread: number): string | undefined {
    const { words, layout } = this.memory;
    const slot = words[layout.block(thread) + CURRENT]! - 1;
    return slot < 0 ? undefined : this.table.describe(words[layout.slot(slot) + FUNCTION]!).name;
  }
}

/** What a failed call throws: the error of the thread, with the stack of the call below its own. */
export function thrownBy(failure: unknown, callStack: string | undefined, findClass: FindClass): unknown {
  const error = unpackError(failure as ErrorEnvelope, findClass);
  if (error instanceof Error && callStack !== undefined) {
    const stack = `${error.stack ?? String(error)}\n    at <called from>\n${callStack}`;
    Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  }
  return error;
}
