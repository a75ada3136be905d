/**
 * How many items travel together, and whether any should: learned from what items were measured to cost.
 *
 *   SPREAD (on threads) ──an item costs less than sending it──► LOCAL (on the calling thread)
 *      ▲                                                             │
 *      └───────────────── items became dear, or cannot stay ─────────┘
 *
 * Sending an item there and its result back costs the calling thread about a microsecond, so for cheaper
 * items no number of threads is faster than none. The first items always go to threads: nobody knows how
 * long they take, and the calling thread's event loop must not be blocked to find out.
 */

/** What a chunk should take, in ms: long beside its dispatch, short beside the whole. */
const CHUNK_MS = 2;
const MAX_CHUNK = 4096;
/** The first chunks are small, because nothing is known yet. */
const FIRST_CHUNK = 1;

/** What an item must cost to be worth sending, in ms. The first of a function, not compiled yet, cost more. */
const WORTH_SENDING_MS = 0.002;
/** Items that stayed and cost more than this go to threads again: apart, so that it does not go to and fro. */
const TOO_DEAR_MS = 0.005;
/** So many looks in a row are believed. */
const DEAR_LOOKS = 3;
/** The clock is read once in so many items. */
const STRIDE = 8;
/** Fewer items at a time say little about the cost of one. */
const ENOUGH_ITEMS = 4;

export class ChunkSize {
  /** Items a chunk, so that one takes about `CHUNK_MS`. */
  items: number = FIRST_CHUNK;
  /** Items should stay on the calling thread. */
  isLocal: boolean = false;
  #perItem: number = -1;
  #mayStay: boolean = true;
  /** Looks in a row, on the calling thread, at items that were too dear. */
  #dear: number = 0;

  /** How often items that stayed became too dear. */
  turns: number = 0;

  /**
   * So many items took `ms` on a thread; `canStay` says that they might as well have run here. They were sent
   * at the turn `sentAt`: what was sent before the items became dear tells nothing about those to come.
   */
  learn(ms: number, items: number, canStay: boolean, sentAt: number = this.turns): void {
    if (!canStay) this.leave();
    if (sentAt !== this.turns) return;
    const each = ms / items;
    this.#perItem = this.#perItem < 0 ? each : this.#perItem * 0.75 + each * 0.25;
    const wanted = this.#perItem <= 0 ? MAX_CHUNK : Math.round(CHUNK_MS / this.#perItem);
    // At most eight times more than what this was learned from: the next items may be dearer.
    this.items = Math.max(1, Math.min(wanted, Math.max(this.items, items * 8), MAX_CHUNK));
    const isCheap = items >= ENOUGH_ITEMS && each < WORTH_SENDING_MS;
    this.isLocal = this.#mayStay && (this.isLocal || isCheap);
  }

  /** Items between two looks at the clock, on the calling thread. */
  stride: number = STRIDE;
  /**
   * So many items took `ms` on the calling thread. One look is not believed, nor a second: something else may
   * have had the processor. The next items are looked at one by one.
   */
  learnLocal(ms: number, items: number): void {
    const each = ms / items;
    this.#dear = each > TOO_DEAR_MS ? this.#dear + 1 : 0;
    this.stride = this.#dear === 0 ? STRIDE : 1;
    if (this.#dear < DEAR_LOOKS) return;
    this.#dear = 0;
    this.stride = STRIDE;
    this.isLocal = false;
    this.turns++;
    this.#perItem = each;
    this.items = Math.max(1, Math.min(Math.round(CHUNK_MS / each), MAX_CHUNK));
  }

  /** An item, or its result, would have been copied. */
  leave(): void {
    this.isLocal = false;
    this.#mayStay = false;
  }
}

/** Copied and shared are the same for it. */
export function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}
