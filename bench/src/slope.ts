/** How the cost of an operation grows with the number of things alive, and what counts as not growing. */
export interface Slope {
  readonly name: string;
  readonly operation: string;
  readonly sizes: readonly number[];
  /** Nanoseconds an operation at each size. */
  readonly costs: readonly number[];
  /** The last cost over the first. */
  readonly factor: number;
  /** Heap bytes that each of all the operations left behind. */
  readonly retained: number;
}

/**
 * "Flat" between 10³ and 10⁶, or what plain promises show in the same run if that is more: an algorithm that
 * looks at its neighbours only still pays for cache misses and for the collector's copying once the live set
 * no longer fits the caches.
 */
export const FLAT_FACTOR = 3;
/** "Back at its floor": what the heap may have gained, in bytes an operation. */
export const FLOOR_BYTES = 1;

/** The series that ours are compared with. */
export const REFERENCE = "promises";
