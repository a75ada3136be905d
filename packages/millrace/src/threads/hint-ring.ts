/**
 * A participant's ring of hints: slots that were queued, oldest first. The participant pushes; it and
 * every thief take from the head.
 *
 * Invariants
 *  1. Only the participant moves the tail. Anybody moves the head, by compare-and-set, so a hint is taken
 *     once; what is read before a successful one was not overwritten, because a full ring refuses.
 *  2. A hint is a hint: what it names may be running, free, or queued anew (slot-state.ts).
 *
 * The counters run on for ever and wrap at 32 bits; only their difference means anything.
 */
import { RING_CAPACITY, RING_HEAD, RING_TAIL } from "./layout.ts";

const MASK = RING_CAPACITY - 1;

export class HintRing {
  readonly #words: Int32Array;
  readonly #head: number;
  readonly #tail: number;
  readonly #cells: number;
  /** The participant's last look at the head, which others move: a push needs it only when the ring seems full. */
  #seen: number;

  constructor(words: Int32Array, block: number, cells: number) {
    this.#words = words;
    this.#head = block + RING_HEAD;
    this.#tail = block + RING_TAIL;
    this.#cells = cells;
    this.#seen = Atomics.load(words, this.#head);
  }

  get length(): number {
    const head = Atomics.load(this.#words, this.#head);
    return (Atomics.load(this.#words, this.#tail) - head) | 0;
  }
  get isEmpty(): boolean {
    return Atomics.load(this.#words, this.#head) === Atomics.load(this.#words, this.#tail);
  }
  /** Places left. */
  get room(): number {
    return RING_CAPACITY - this.length;
  }

  /** By the participant only. False when full: `compact` makes room. */
  push(slot: number): boolean {
    const words = this.#words;
    const tail = words[this.#tail]!;
    if (((tail - this.#seen) | 0) >= RING_CAPACITY) {
      this.#seen = Atomics.load(words, this.#head);
      if (((tail - this.#seen) | 0) >= RING_CAPACITY) return false;
    }
    words[this.#cells + (tail & MASK)] = slot;
    Atomics.store(words, this.#tail, (tail + 1) | 0);
    return true;
  }

  /** The oldest hint, or −1. */
  take(): number {
    const words = this.#words;
    for (;;) {
      const head = Atomics.load(words, this.#head);
      if (head === Atomics.load(words, this.#tail)) return -1;
      const slot = words[this.#cells + (head & MASK)]!;
      if (Atomics.compareExchange(words, this.#head, head, (head + 1) | 0) === head) return slot;
    }
  }

  /** Moves the older half to the thief's own ring, but one hint, which is the result; −1 when there was none. */
  stealHalf(into: HintRing): number {
    const words = this.#words;
    for (;;) {
      const head = Atomics.load(words, this.#head);
      const length = (Atomics.load(words, this.#tail) - head) | 0;
      if (length <= 0) return -1;
      const count = Math.min((length + 1) >> 1, into.room);
      if (count <= 1) return this.take();
      const hints: number[] = [];
      for (let i = 0; i < count; i++) hints.push(words[this.#cells + ((head + i) & MASK)]!);
      if (Atomics.compareExchange(words, this.#head, head, (head + count) | 0) !== head) continue;
      for (let i = 1; i < count; i++) into.push(hints[i]!);
      return hints[0]!;
    }
  }

  /** By the participant only: drops the hints that `isUseful` refuses, and duplicates. */
  compact(isUseful: (slot: number) => boolean): void {
    const kept = new Set<number>();
    for (let slot = this.take(); slot >= 0; slot = this.take()) if (isUseful(slot)) kept.add(slot);
    for (const slot of kept) this.push(slot);
  }
}
