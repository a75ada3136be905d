/** How long each operation of a run took. */
export class Laps {
  readonly #times: Float64Array;
  #count: number = 0;
  #last: number = performance.now();

  constructor(operations: number) {
    this.#times = new Float64Array(operations);
  }
  /** An operation is over, and the next begins. */
  readonly lap = (): void => {
    const now = performance.now();
    this.#times[this.#count++] = (now - this.#last) * 1e6;
    this.#last = now;
  };
  /** Nanoseconds that `percent` of the operations took at most (nearest rank). */
  percentile(percent: number): number {
    const count = this.#times.length;
    if (this.#count !== count) throw new Error(`expected ${count} laps, got ${this.#count}`);
    return this.#times.toSorted()[Math.ceil((count * percent) / 100) - 1]!;
  }
}
