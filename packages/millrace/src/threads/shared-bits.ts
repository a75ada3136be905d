/**
 * A set of small integers that any thread adds to and one thread empties: completed slots, inboxes.
 *
 * Invariants
 *  1. Adding twice is adding once, and adding what is no longer true does no harm: whoever takes a number
 *     looks at the slot's state. So nothing has to be undone when a thread dies half-way.
 *  2. The bit is set before the dirty word, and the dirty word is cleared before the bits are taken. So a
 *     bit that a scan missed leaves the set dirty.
 *  3. `add` says whether the set was clean: only then must its owner be woken.
 */
export class SharedBits {
  readonly #words: Int32Array;
  readonly #dirty: number;
  readonly #start: number;
  readonly #length: number;

  /** `length` in words, from `start`. */
  constructor(words: Int32Array, dirty: number, start: number, length: number) {
    this.#words = words;
    this.#dirty = dirty;
    this.#start = start;
    this.#length = length;
  }

  /** How many it can hold. */
  get size(): number {
    return this.#length * 32;
  }
  get isDirty(): boolean {
    return Atomics.load(this.#words, this.#dirty) !== 0;
  }

  add(bit: number): boolean {
    Atomics.or(this.#words, this.#start + (bit >>> 5), 1 << (bit & 31));
    return Atomics.exchange(this.#words, this.#dirty, 1) === 0;
  }

  /** Empties the set into `into`, in no order. How many there were. */
  take(into: { [index: number]: number }): number {
    const words = this.#words;
    if (Atomics.exchange(words, this.#dirty, 0) === 0) return 0;
    let count = 0;
    for (let i = 0; i < this.#length; i++) {
      if (words[this.#start + i] === 0) continue;
      let bits = Atomics.exchange(words, this.#start + i, 0);
      while (bits !== 0) {
        into[count++] = (i << 5) | (31 - Math.clz32(bits & -bits));
        bits &= bits - 1;
      }
    }
    return count;
  }
}
