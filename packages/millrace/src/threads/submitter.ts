/**
 * One thread's calls into the pool: its slots, what waits for one, and what comes back.
 *
 *   NEW ──submit──► BACKLOG ──slot free──► IN A SLOT (slot-state.ts) ──drain──► SETTLED
 *                      └──────────────abandon──────────┴── running: it is told, and then waited for
 *
 * Invariants
 *  1. A call settles exactly once: it leaves `#calls` in the moment it settles, and only what is in there
 *     is ever settled.
 *  2. After the death of a thread (`reclaim`), what it ran fails or runs again, what was queued for it is
 *     queued anew, and all else that is queued is hinted at anew: the dead may have taken a hint and not
 *     the task.
 *  3. A call that has settled here may not be known to have (its error's class is being looked for), and its
 *     slot may have been given to another: a call is only touched through `#calls`.
 */
import { CancelledError, ThreadError } from "../errors.ts";
import type { Transferable } from "../internal/platform.ts";
import { Backlog } from "./backlog.ts";
import { CompletedSlots } from "./completed-slots.ts";
import type { FunctionTable } from "./function-table.ts";
import { Hints } from "./hints.ts";
import type { Calls } from "./home.ts";
import { ATTENTION, CANCEL, CURRENT, FLAGS, FUNCTION, GENERATION, SEQUENCE, STATE } from "./layout.ts";
import {
  FAILED,
  IN_MESSAGE,
  message,
  opened,
  Payloads,
  RESULT_SHIFT,
  type PayloadMessage,
} from "./payload.ts";
import { DONE, FREE, isCurrent, kindOf, ownedBy, QUEUED, RUNNING, threadOf } from "./slot-state.ts";
import type { SharedMemory } from "./shared-memory.ts";
import { mayRepeat, type SubmittedCall } from "./submitted-call.ts";

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

export class Submitter implements Calls {
  readonly memory: SharedMemory;
  readonly self: number;
  readonly table: FunctionTable;
  inFlight: number = 0;
  readonly #payloads: Payloads;
  readonly #hints: Hints;
  readonly #threads: Threads;
  readonly #first: number;
  readonly #free: number[] = [];
  readonly #calls: (SubmittedCall | null)[];
  /** The thread that a slot's task is for; 0: any. */
  readonly #targets: number[];
  readonly #backlog: Backlog = new Backlog();
  /** Results that came by message before or after their slot was marked as done. */
  readonly #results: Map<number, PayloadMessage> = new Map();
  readonly #done: CompletedSlots;
  readonly #take: (slot: number) => void = (slot) => this.#completed(slot);
  #sequence: number = 0;

  constructor(memory: SharedMemory, self: number, table: FunctionTable, threads: Threads) {
    this.memory = memory;
    this.self = self;
    this.table = table;
    this.#threads = threads;
    this.#payloads = new Payloads(memory);
    this.#hints = new Hints(memory, self, threads);
    this.#done = new CompletedSlots(memory, self);
    const { layout } = memory;
    this.#first = layout.firstSlot(self);
    const count = layout.slotsOf(self);
    this.#calls = Array.from({ length: count }, () => null);
    this.#targets = this.#calls.map(() => 0);
    for (let slot = this.#first + count - 1; slot >= this.#first; slot--) this.#inherit(slot);
  }

  get backlog(): number {
    return this.#backlog.length;
  }

  /**
   * A thread that died may have left slots in use, with tasks that nobody waits for: those that have not
   * begun never will, the others are told, and come back as they end.
   */
  #inherit(slot: number): void {
    const state = this.#withdraw(slot);
    const isRunning = kindOf(state) === RUNNING && isCurrent(state, this.memory.incarnation(threadOf(state)));
    if (isRunning) this.#tell(slot, state);
    // In its next generation: messages of the former life may still be on their way.
    else this.#release(slot);
  }

  /** Takes the slot's task back, if it has not begun. The state that the slot has then. */
  #withdraw(slot: number): number {
    const { words, layout } = this.memory;
    const at = layout.slot(slot) + STATE;
    const state = Atomics.load(words, at);
    if (kindOf(state) !== QUEUED) return state;
    // Only its beginning can come between.
    return Atomics.compareExchange(words, at, state, FREE) === state ? FREE : Atomics.load(words, at);
  }

  /** Nobody waits for the task any more: whoever runs it is told. */
  #tell(slot: number, state: number): void {
    const { words, layout, parking } = this.memory;
    Atomics.store(words, layout.slot(slot) + CANCEL, 1);
    if (kindOf(state) !== RUNNING) return;
    const thread = threadOf(state);
    Atomics.store(words, layout.block(thread) + ATTENTION, 1);
    parking.wake(thread);
  }

  submit(call: SubmittedCall, mayDefer: boolean = false): void {
    const { tenure } = this.memory;
    tenure.begin();
    try {
      call.slot = -1;
      if (this.#free.length === 0) this.#backlog.push(call);
      else this.#publish(call, this.#free.pop()!, mayDefer);
      if (this.inFlight++ === 0) this.#threads.busy(true);
    } finally {
      tenure.end();
    }
  }

  #publish(call: SubmittedCall, slot: number, mayDefer: boolean): void {
    const { memory } = this;
    const { words, layout } = memory;
    const at = layout.slot(slot);
    let target = 0;
    let state = QUEUED;
    let place: number;
    try {
      words[at + FUNCTION] = this.table.idOf(call.entry);
      place = call.transfer === undefined ? this.#payloads.write(slot, call.args) : IN_MESSAGE;
      if (call.isPinned || place === IN_MESSAGE) {
        target = call.isPinned && this.self > 0 ? this.self : this.#threads.choose();
        this.#targets[slot - this.#first] = target;
        // Before anything is sent: if the thread dies meanwhile, that will show.
        state = ownedBy(QUEUED, target, memory.incarnation(target));
      }
      if (place === IN_MESSAGE) {
        const sent = message("arguments", slot, words[at + GENERATION]!, call.args);
        this.#threads.send(target, sent, call.transfer ?? []);
      }
    } catch (error) {
      this.#untarget(slot);
      this.#free.push(slot);
      throw error;
    }
    words[at + FLAGS] = place;
    words[at + CANCEL] = 0;
    words[at + SEQUENCE] = this.#sequence = (this.#sequence + 1) | 0;
    this.#calls[slot - this.#first] = call;
    call.slot = slot;
    Atomics.store(words, at + STATE, state);
    this.#hints.give(slot, target, mayDefer);
  }

  #holds(call: SubmittedCall): boolean {
    return call.slot >= 0 && this.#calls[call.slot - this.#first] === call;
  }

  abandon(call: SubmittedCall): boolean {
    const { tenure } = this.memory;
    tenure.begin();
    try {
      return this.#abandon(call);
    } finally {
      tenure.end();
    }
  }
  #abandon(call: SubmittedCall): boolean {
    const { slot } = call;
    if (slot < 0) {
      this.#backlog.withdraw(call);
      this.#ended();
      return true;
    }
    if (!this.#holds(call)) return false;
    const state = this.#withdraw(slot);
    if (state !== FREE) {
      this.#tell(slot, state);
      return false;
    }
    this.#calls[slot - this.#first] = null;
    this.#release(slot);
    this.#ended();
    return true;
  }

  runner(call: SubmittedCall): { readonly thread: number; readonly incarnation: number } | undefined {
    if (!this.#holds(call)) return undefined;
    const state = this.memory.state(call.slot);
    if (kindOf(state) !== RUNNING) return undefined;
    const thread = threadOf(state);
    return { thread, incarnation: this.memory.incarnation(thread) };
  }

  // ── what comes back

  get hasResults(): boolean {
    return this.#done.hasAny;
  }

  drain(): void {
    this.#done.drain(this.#take);
  }

  #completed(slot: number): void {
    const { words, layout } = this.memory;
    const at = layout.slot(slot);
    // Atomically, before all else of it: where a bit comes late, what is done is a task of which none has come yet.
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
    const { slot, generation } = payload;
    // Its thread died, or nobody waits: kept, it would be in the way of the result of the slot's next task.
    if (generation !== this.memory.words[this.memory.layout.slot(slot) + GENERATION]) return;
    this.#results.set(slot, payload);
    // It may have come before all that is in the slot.
    this.#completed(slot);
  }

  #release(slot: number): void {
    const { words, layout } = this.memory;
    const at = layout.slot(slot);
    words[at + GENERATION] = (words[at + GENERATION]! + 1) | 0;
    if (this.#results.size > 0) this.#results.delete(slot);
    this.#untarget(slot);
    words[at + STATE] = FREE;
    this.#free.push(slot);
    if (this.#backlog.length > 0) this.#publishNext();
  }

  #untarget(slot: number): void {
    const target = this.#targets[slot - this.#first]!;
    if (target === 0) return;
    this.#targets[slot - this.#first] = 0;
    this.#threads.released(target);
  }

  #publishNext(): void {
    while (this.#free.length > 0) {
      const next = this.#backlog.shift();
      if (next === undefined) return;
      try {
        this.#publish(next, this.#free.pop()!, true);
      } catch (error) {
        this.#ended();
        next.fail(error, undefined);
      }
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
      if (kind === QUEUED) this.#requeue(slot, state);
      else if (!isCurrent(state, memory.incarnation(threadOf(state)))) this.#lost(slot, state);
    }
  }

  #requeue(slot: number, state: number): void {
    const thread = threadOf(state);
    if (thread === 0 || isCurrent(state, this.memory.incarnation(thread)))
      return this.#hints.give(slot, thread, false);
    // What was sent to the thread that it was for is lost with it.
    const call = this.#calls[slot - this.#first];
    if (this.#withdraw(slot) !== FREE) return;
    if (call === null || call === undefined) this.#release(slot);
    else this.#again(slot, call, thread, call.transfer === undefined);
  }

  #lost(slot: number, state: number): void {
    const call = this.#calls[slot - this.#first];
    if (kindOf(state) === DONE) {
      this.#completed(slot);
      if (this.#calls[slot - this.#first] !== call || call === null) return;
      // Its result was a message that was never sent whole.
    }
    if (call === null || call === undefined) return this.#release(slot);
    const { words, layout } = this.memory;
    const isAbandoned = Atomics.load(words, layout.slot(slot) + CANCEL) !== 0;
    this.#again(slot, call, threadOf(state), !isAbandoned && mayRepeat(call));
  }

  /** Its thread died: runs the call anew, or fails it. */
  #again(slot: number, call: SubmittedCall, thread: number, runsAgain: boolean): void {
    this.#calls[slot - this.#first] = null;
    this.#release(slot);
    if (runsAgain) {
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
    this.#withdrawAll(() => new CancelledError(why));
  }

  #withdrawAll(error: () => unknown): void {
    // Those that wait for a slot first: else they would get those of the others.
    const waiting: SubmittedCall[] = [];
    for (let call = this.#backlog.shift(); call !== undefined; call = this.#backlog.shift())
      waiting.push(call);
    for (const call of waiting) {
      this.#ended();
      call.fail(error(), undefined);
    }
    for (const call of this.#calls) {
      if (call === null || kindOf(this.memory.state(call.slot)) !== QUEUED) continue;
      if (this.abandon(call)) call.fail(error(), undefined);
    }
  }

  /** Fails everything. */
  failAll(error: () => unknown): void {
    this.#withdrawAll(error);
    for (let index = 0; index < this.#calls.length; index++) {
      const call = this.#calls[index];
      if (call === null || call === undefined) continue;
      // Its slot comes back when it has ended.
      this.#calls[index] = null;
      this.#tell(call.slot, this.memory.state(call.slot));
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
