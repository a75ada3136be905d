/**
 * Where a thread says what it has queued, and whom it wakes for it.
 *
 * When the thread is about to return to its event loop, others are woken once for all that it has queued by
 * then: a thread that is woken at the first of many calls takes the processor from the thread that makes
 * them, and sleeps again before the second (the bench's row of 64 in flight).
 */
import { host } from "../runtime/host.ts";
import { STATE } from "./layout.ts";
import type { SharedMemory } from "./shared-memory.ts";
import { QUEUED } from "./slot-state.ts";

export class Hints {
  readonly #memory: SharedMemory;
  readonly #self: number;
  readonly #threads: { grow(thread?: number): void };
  #owesWaking: boolean = false;

  constructor(memory: SharedMemory, self: number, threads: { grow(thread?: number): void }) {
    this.#memory = memory;
    this.#self = self;
    this.#threads = threads;
  }

  /** Says that the slot is queued, for that thread or, if it is 0, for any. */
  give(slot: number, target: number, mayDefer: boolean): void {
    const { rings, inboxes, parking, words, layout } = this.#memory;
    if (target > 0) {
      inboxes[target]!.add(slot);
      if (!parking.wake(target)) this.#threads.grow(target);
      return;
    }
    const ring = rings[this.#self]!;
    if (!ring.push(slot)) {
      ring.compact((each) => Atomics.load(words, layout.slot(each) + STATE) === QUEUED);
      ring.push(slot);
    }
    if (!mayDefer) {
      if (!parking.wakeOne()) this.#threads.grow();
    } else if (!this.#owesWaking) {
      this.#owesWaking = true;
      host.microtask(this.#wakeThreads);
    }
  }

  readonly #wakeThreads: () => void = () => {
    this.#owesWaking = false;
    const { rings, parking, layout } = this.#memory;
    const ring = rings[this.#self]!;
    // Whoever was woken may have taken this very processor, and all there was, before this went on.
    for (let left = Math.min(ring.length, layout.threads); left > 0; left--) {
      if (ring.isEmpty || parking.hasSearchers) return;
      if (!parking.wakeOne()) this.#threads.grow();
    }
  };
}
