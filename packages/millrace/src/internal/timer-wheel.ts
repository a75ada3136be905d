/**
 * A hierarchical timer wheel: a sorted set of deadlines with O(1) insert and remove, whatever its size.
 * Most timers of a program are timeouts that are removed again, so those two must be cheap; ordering
 * is done late, and only for what survives until shortly before it is due.
 *
 * Source: Varghese & Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987), scheme 7, with slots
 * aligned to absolute time. Nine levels of 64 slots: a slot of level L covers 64^L ticks, a level as
 * much as one slot of the next, and all together every tick there can be.
 *
 *     elapsed = d8 | ... | d3 | d2 | d1 | d0       the nine base-64 digits of the present
 *     tick    = d8 | ... | d3 | x2 | x1 | x0       first differing digit: 2, so level 2, slot x2
 *
 * Invariants
 *  1. An entry's place is a function of (elapsed, tick): the level of the highest digit in which the
 *     two differ, the slot named by the tick's digit there. If they do not differ, it is due. `Infinity` is in a list of its own, at which nobody looks.
 *  2. Hence the lowest occupied slot of the lowest occupied level comes first, and nothing wraps.
 *  3. `advance` stops at the start of every occupied slot on its way and places its entries anew, in
 *     list order. Empty stretches cost nothing, however long.
 *  4. Lists are FIFO and by 1 and 3 entries of one tick are in one list at any moment. So the order of
 *     firing is by deadline, ties by insertion, strictly, with no sequence numbers and no sorting.
 *  5. Ticks are non-negative integers up to 2^53. The low 30 bits and those above are used as 32-bit integers.
 */

const LEVEL_SLOTS = 64;
const WHEEL_WORDS = 18;
/** Two lists stand outside the wheel; they share its arrays, so that unlinking knows no special case. */
const DUE = 576;
/** Of what is set for `Infinity`. */
const NEVER = 577;
const LISTS = 578;
export const NONE = -1;

/** What the lower five levels cover: as many digits as 32-bit integers have room for. */
const LOW_LEVELS = 5;
const LOW_SPAN = 2 ** 30;
const LOW_MASK = LOW_SPAN - 1;

/** Something that fires at a tick. All fields belong to the wheel while `slot` is not -1. */
export interface TimerEntry {
  tick: number;
  prevTimer: TimerEntry | null;
  nextTimer: TimerEntry | null;
  /** The list it is linked in; -1 when in none. */
  slot: number;
  /** Called by whoever pops expired entries, never by the wheel. */
  fire(): void;
}

/** An entry that is nothing else. */
export abstract class Timer implements TimerEntry {
  declare tick: number;
  declare prevTimer: TimerEntry | null;
  declare nextTimer: TimerEntry | null;
  declare slot: number;

  constructor() {
    this.tick = 0;
    this.prevTimer = null;
    this.nextTimer = null;
    this.slot = NONE;
  }
  abstract fire(): void;
}

export class TimerWheel {
  /** The tick up to which time has been advanced. */
  elapsed: number;
  /** Linked entries, due ones that were not popped yet among them. */
  size: number = 0;
  readonly heads: (TimerEntry | null)[] = noEntries();
  readonly tails: (TimerEntry | null)[] = noEntries();
  /** Bit i of word w is set while list 32w + i has entries. */
  readonly occupied: Int32Array = new Int32Array(WHEEL_WORDS + 1);

  constructor(startTick: number = 0) {
    this.elapsed = startTick;
  }

  /**
   * Links `entry` at `tick`, or at `elapsed + 1` if that has passed. An entry already linked in this
   * wheel is moved, behind those that have its new tick.
   */
  insert(entry: TimerEntry, tick: number): void {
    if (entry.slot !== NONE) this.remove(entry);
    entry.tick = tick > this.elapsed ? tick : this.elapsed + 1;
    this.size++;
    place(this, entry);
  }

  /** Unlinks `entry`, wherever in this wheel it is, due or not. Harmless when it is not linked. */
  remove(entry: TimerEntry): void {
    const list = entry.slot;
    if (list === NONE) return;
    const prev = entry.prevTimer;
    const next = entry.nextTimer;
    if (prev === null) this.heads[list] = next;
    else prev.nextTimer = next;
    if (next === null) this.tails[list] = prev;
    else next.prevTimer = prev;
    if (prev === next) this.occupied[list >>> 5]! &= ~(1 << list); // both null: it was the only one
    entry.prevTimer = null;
    entry.nextTimer = null;
    entry.slot = NONE;
    this.size--;
  }

  /**
   * The tick at which `advance` or `popExpired` has something to do: exact within the present,
   * aligned block of 64 ticks, the start of a slot beyond it, so never too late. Not past `elapsed`
   * while an entry is due; `Infinity` when empty.
   */
  nextTick(): number {
    const due = this.heads[DUE]!;
    return due === null ? startOf(this, firstList(this)) : due.tick;
  }

  /** Moves time to `tick`, never back. Entries that are due by then can be popped. */
  advance(tick: number): void {
    for (;;) {
      const list = firstList(this);
      const start = startOf(this, list);
      if (start > tick || list === NONE) break;
      this.elapsed = start;
      placeAnew(this, list);
    }
    if (tick > this.elapsed) this.elapsed = tick;
  }

  /** The next due entry, unlinked, in order of deadline and then of insertion; null when there is none. */
  popExpired(): TimerEntry | null {
    const entry = this.heads[DUE]!;
    if (entry !== null) this.remove(entry);
    return entry;
  }
}

/** The earliest deadline, `Infinity` when empty. Walks one slot if it is in level 1 or above. */
export function earliestIn(wheel: TimerWheel): number {
  return firstIn(wheel)?.tick ?? Infinity;
}

/** The entry that will be popped next, however far off, without unlinking it. Costs as `earliestIn`. */
export function firstIn(wheel: TimerWheel): TimerEntry | null {
  const due = wheel.heads[DUE]!;
  if (due !== null) return due;
  const list = firstList(wheel);
  let first = wheel.heads[list === NONE ? NEVER : list] ?? null;
  if (list < LEVEL_SLOTS) return first;
  for (let entry = first; entry !== null; entry = entry.nextTimer) {
    if (entry.tick < first!.tick) first = entry;
  }
  return first;
}

/** Due entries that were not popped yet, in the order in which they would be. */
export function* dueIn(wheel: TimerWheel): IterableIterator<TimerEntry> {
  for (let entry = wheel.heads[DUE] ?? null; entry !== null; entry = entry.nextTimer) yield entry;
}

/** The first list that has entries, the due ones aside. */
function firstList({ size, occupied }: TimerWheel): number {
  if (size === 0) return NONE;
  for (let word = 0; word < WHEEL_WORDS; word++) {
    const bits = occupied[word]!;
    if (bits !== 0) return word * 32 + 31 - Math.clz32(bits & -bits);
  }
  return NONE;
}

/** No entry of `list` is due before this tick. */
function startOf({ elapsed }: TimerWheel, list: number): number {
  if (list === NONE) return Infinity;
  const slotSpan = LEVEL_SLOTS ** (list >>> 6);
  const levelSpan = slotSpan * LEVEL_SLOTS;
  return Math.floor(elapsed / levelSpan) * levelSpan + (list & 63) * slotSpan;
}

/** Places what `list` holds anew, after `elapsed` has reached its start. */
function placeAnew(wheel: TimerWheel, list: number): void {
  const { heads, tails, occupied } = wheel;
  let entry = heads[list] ?? null;
  heads[list] = tails[list] = null;
  occupied[list >>> 5]! &= ~(1 << list);
  while (entry !== null) {
    const next: TimerEntry | null = entry.nextTimer;
    entry.nextTimer = null;
    place(wheel, entry);
    entry = next;
  }
}

/** Appends `entry`, whose tick is set and whose links are null, to the list of its tick. */
function place(wheel: TimerWheel, entry: TimerEntry): void {
  const list = listOf(wheel.elapsed, entry.tick);
  const tail = wheel.tails[list]!;
  entry.slot = list;
  entry.prevTimer = tail;
  wheel.tails[list] = entry;
  if (tail === null) {
    wheel.heads[list] = entry;
    wheel.occupied[list >>> 5]! |= 1 << list;
  } else {
    tail.nextTimer = entry;
  }
}

/** Invariant 1, for a tick that is not before `elapsed`. */
function listOf(elapsed: number, tick: number): number {
  let from = elapsed & LOW_MASK;
  let to = from + (tick - elapsed);
  let lowest = 0;
  if (to >= LOW_SPAN) {
    if (tick === Infinity) return NEVER;
    from = (elapsed / LOW_SPAN) | 0;
    to = (tick / LOW_SPAN) | 0;
    lowest = LOW_LEVELS;
  }
  const differing = from ^ to;
  if (differing === 0) return DUE;
  const level = ((31 - Math.clz32(differing)) / 6) | 0;
  return (lowest + level) * LEVEL_SLOTS + ((to >>> (level * 6)) & 63);
}

function noEntries(): (TimerEntry | null)[] {
  // Array.from is twenty times slower, and every explored schedule makes a wheel.
  // oxlint-disable-next-line unicorn/no-new-array
  return new Array<TimerEntry | null>(LISTS).fill(null);
}
