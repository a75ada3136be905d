/**
 * A FIFO in a circular array: the buffer of channels and mailboxes. `Array.shift` moves every element
 * once an array is large; a linked list costs an object an element.
 *
 * Invariants
 *  1. The capacity is a power of two, at least `FLOOR`, so that wrapping is a mask. Before the first
 *     push there is no storage: many channels stay empty.
 *  2. Places that hold no element hold `undefined`: what was shifted can be collected.
 *  3. Full storage doubles; storage of which a quarter is used halves. Between two changes of size
 *     lie at least a quarter of the capacity in pushes or shifts, so each costs O(1) amortised, and
 *     after a burst the memory goes back to the floor, or to what the owner wants to keep.
 */

const FLOOR = 16;

/** The storage of every empty ring. */
const NOTHING: never[] = [];

export class Ring<T> {
  #items: (T | undefined)[] = NOTHING;
  #mask: number = -1;
  #head: number = 0;
  #length: number = 0;
  /** Storage of at most this many places is not given back. */
  readonly #kept: number;

  /** `kept`: as many elements are never worth giving back storage for. */
  constructor(kept: number = 0) {
    let places = FLOOR;
    while (places < kept) places *= 2;
    this.#kept = places;
  }

  get length(): number {
    return this.#length;
  }

  /** Places that are allocated. */
  get capacity(): number {
    return this.#mask + 1;
  }

  push(value: T): void {
    if (this.#length > this.#mask) this.#resize(Math.max(this.#length * 2, FLOOR));
    this.#items[(this.#head + this.#length) & this.#mask] = value;
    this.#length++;
  }

  /** Takes the oldest element; `undefined` when empty. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const value = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length--;
    const places = this.#mask + 1;
    if (this.#length <= places >>> 2 && places > this.#kept) this.#resize(places >>> 1);
    return value;
  }

  /** Takes the element `index` places behind the oldest; those before it move up. O(index). */
  takeAt(index: number): T | undefined {
    if (index === 0) return this.shift();
    if (index < 0 || index >= this.#length) return undefined;
    const items = this.#items;
    const value = items[(this.#head + index) & this.#mask];
    for (let i = index; i > 0; i--)
      items[(this.#head + i) & this.#mask] = items[(this.#head + i - 1) & this.#mask];
    this.shift();
    return value;
  }

  /** The oldest element, left in place; `undefined` when empty. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#head];
  }

  /** The element `index` places behind the oldest; `undefined` outside of [0, length). */
  get(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#items[(this.#head + index) & this.#mask];
  }

  clear(): void {
    this.#items = NOTHING;
    this.#mask = -1;
    this.#head = 0;
    this.#length = 0;
  }

  /** From the oldest to the newest. The ring must not be changed meanwhile. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let index = 0; index < this.#length; index++) {
      // In range, so it is an element; T itself may include undefined.
      yield this.get(index) as T;
    }
  }

  #resize(capacity: number): void {
    // Array.from is ten times slower.
    // oxlint-disable-next-line unicorn/no-new-array
    const items = new Array<T | undefined>(capacity).fill(undefined);
    for (let index = 0; index < this.#length; index++) {
      items[index] = this.#items[(this.#head + index) & this.#mask];
    }
    this.#items = items;
    this.#mask = capacity - 1;
    this.#head = 0;
  }
}
