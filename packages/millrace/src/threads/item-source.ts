/** The items of a mapping, taken when they are needed and no earlier. */
export class ItemSource<T> {
  taken: number = 0;
  isOver: boolean = false;
  /** After `hasNext`. */
  next: T = undefined as T;
  #isHeld: boolean = false;
  /** As far as that can be known. */
  readonly #count: number;
  readonly #iterator: Iterator<T>;
  /** Where items can be had without a step for each (the row of items of half a microsecond). */
  readonly #array: readonly T[] | null;

  constructor(items: Iterable<T>) {
    this.#array = Array.isArray(items) && items[Symbol.iterator] === Array.prototype.values ? items : null;
    const { length, size } = items as { readonly length?: unknown; readonly size?: unknown };
    const count = length ?? size;
    this.#count = typeof count === "number" ? count : Infinity;
    this.#iterator = items[Symbol.iterator]();
  }

  /** So many are left to be taken, as far as that can be known; else infinitely many. */
  get left(): number {
    return this.#count - this.taken;
  }

  hasNext(): boolean {
    if (this.#isHeld) return true;
    if (this.isOver) return false;
    const array = this.#array;
    if (array !== null && this.taken < array.length) {
      this.#isHeld = true;
      this.next = array[this.taken]!;
      return true;
    }
    // If it throws, it is over.
    this.isOver = true;
    if (array !== null) return false;
    const step = this.#iterator.next();
    if (step.done === true) return false;
    this.isOver = false;
    this.#isHeld = true;
    this.next = step.value;
    return true;
  }
  shift(): T {
    this.#isHeld = false;
    this.taken++;
    return this.next;
  }
  take(count: number): T[] {
    const batch: T[] = [];
    while (batch.length < count && this.hasNext()) batch.push(this.shift());
    return batch;
  }
  close(): void {
    if (!this.isOver) this.#iterator.return?.();
  }
}
