/**
 * Where everything is in the pool's shared memory, counted in 32-bit words.
 *
 *   globals │ sleepers, searchers │ one block a participant │ rings │ bitmaps │ slots │ payloads │ functions
 *
 * Participant 0 is the thread that made the pool, 1 … n are its threads. Words that different threads
 * write stand on different cache lines (`LINE`). The memory is reserved, not used: a page that nobody
 * touches costs nothing, so every slot can have a payload area of its own and nobody needs an allocator.
 */

/** Words of a cache line. */
export const LINE = 16;

// Globals.
export const DEATHS: number = 0;
/** Threads that have been started and have not ended, and that were replaced. */
export const LIVE: number = 1;
export const RESTARTED: number = 2;
/** Where the next function is written in the function table. */
export const FUNCTIONS_END: number = 2 * LINE;
const SLEEPERS = 3 * LINE;

// A participant's block.
export const PARK = 0;
export const COMPLETED_DIRTY: number = LINE;
export const ATTENTION: number = 2 * LINE;
export const INBOX_DIRTY: number = 3 * LINE;
export const STAT_COMPLETED: number = 4 * LINE;
export const STAT_STOLEN: number = 4 * LINE + 1;
export const STAT_RUNNING: number = 4 * LINE + 2;
/** The slot whose function occupies the thread right now, plus one; 0 when none does. */
export const CURRENT: number = 4 * LINE + 3;
export const INCARNATION: number = 5 * LINE;
/** The first life that has not been told to end (tenure.ts). */
export const TENURE: number = 5 * LINE + 1;
/** Whether it acts (tenure.ts). */
export const TURN: number = 5 * LINE + 2;
export const RING_HEAD: number = 6 * LINE;
export const RING_TAIL: number = 7 * LINE;
const BLOCK = 8 * LINE;

// A slot.
export const STATE = 0;
export const GENERATION = 1;
export const FUNCTION = 2;
export const FLAGS = 3;
export const CANCEL = 4;
/** Order of submission by the owner. */
export const SEQUENCE = 5;
export const INLINE = 6;
export const SLOT_WORDS = 64;

/** Slots of the thread that made the pool, and of each of its threads. */
const MAIN_SLOTS = 1024;
const THREAD_SLOTS = 256;
export const RING_CAPACITY = 4096;
/** Of the payload area of one slot. */
export const AREA_WORDS: number = 8192;
const FUNCTION_WORDS = 65_536;

export class Layout {
  readonly threads: number;
  readonly slotCount: number;
  readonly sleeperWords: number;
  readonly words: number;
  readonly functions: number;
  readonly functionsEnd: number;
  readonly #blocks: number;
  readonly #rings: number;
  readonly #completed: number;
  readonly #inboxes: number;
  readonly #slots: number;
  readonly #areas: number;

  constructor(threads: number) {
    this.threads = threads;
    this.slotCount = MAIN_SLOTS + threads * THREAD_SLOTS;
    this.sleeperWords = Math.ceil((threads + 1) / 32);
    let end = SLEEPERS + 2 * LINE * this.sleeperWords;
    const reserve = (words: number): number => {
      const start = end;
      end += Math.ceil(words / LINE) * LINE;
      return start;
    };
    const participants = threads + 1;
    this.#blocks = reserve(participants * BLOCK);
    this.#rings = reserve(participants * RING_CAPACITY);
    this.#completed = reserve(this.slotCount / 32);
    this.#inboxes = reserve((participants * this.slotCount) / 32);
    this.#slots = reserve(this.slotCount * SLOT_WORDS);
    this.functions = reserve(FUNCTION_WORDS);
    this.functionsEnd = this.functions + FUNCTION_WORDS;
    this.#areas = reserve(this.slotCount * AREA_WORDS);
    this.words = end;
  }

  get sleepers(): number {
    return SLEEPERS;
  }
  get searchers(): number {
    return SLEEPERS + LINE * this.sleeperWords;
  }
  block(participant: number): number {
    return this.#blocks + participant * BLOCK;
  }
  ring(participant: number): number {
    return this.#rings + participant * RING_CAPACITY;
  }
  /** The bitmap of a participant's completed slots. */
  completed(participant: number): number {
    return this.#completed + this.firstSlot(participant) / 32;
  }
  /** The bitmap, over all slots, of what was put in a participant's inbox. */
  inbox(participant: number): number {
    return this.#inboxes + (participant * this.slotCount) / 32;
  }
  firstSlot(participant: number): number {
    return participant === 0 ? 0 : MAIN_SLOTS + (participant - 1) * THREAD_SLOTS;
  }
  slotsOf(participant: number): number {
    return participant === 0 ? MAIN_SLOTS : THREAD_SLOTS;
  }
  ownerOf(slot: number): number {
    return slot < MAIN_SLOTS ? 0 : (1 + (slot - MAIN_SLOTS) / THREAD_SLOTS) | 0;
  }
  slot(slot: number): number {
    return this.#slots + slot * SLOT_WORDS;
  }
  area(slot: number): number {
    return this.#areas + slot * AREA_WORDS;
  }
}
