/**
 * Sleeping and waking, without a lost wake-up and without a stampede.
 *
 *            announce                                   a waker's CAS, then notify
 *   AWAKE ────────────► BLOCKED (in Atomics.wait)  ──────────────────────────────► AWAKE
 *     │                                             the sleeper's own CAS: found work after all
 *     └───────────────► IDLE (in its event loop: a message, or Atomics.waitAsync) ► AWAKE
 *
 * Invariants
 *  1. The compare-and-set on the park word decides a wake-up: whoever makes it, waker or sleeper, ends the
 *     sleep, so none is lost and none is counted twice.
 *  2. A sleeper announces first and looks at all queues again afterwards. A submitter publishes first and
 *     looks for sleepers afterwards. One of the two sees the other.
 *  3. Only a thread itself writes its bit among the sleepers and the searchers (the main thread clears the
 *     bits of one that has died). A stale sleeper's bit makes a compare-and-set fail, no more.
 *  4. A searcher's bit may only suppress wake-ups: while one searches, what is published will be found. It
 *     is set while the thread does nothing but look. A searcher that goes to sleep clears its bit before it
 *     looks again, and whatever it finds next, it wakes one more if there is more. So wake-ups ramp up
 *     instead of stampeding (test/threads/model.test.ts).
 */
import { cores } from "./backend.ts";
import { type Layout, LIVE, PARK } from "./layout.ts";

export const AWAKE = 0;
export const BLOCKED = 1;
export const IDLE = 2;

/** Looking for so long is always cheaper than being woken, in ms. */
const LEAST = 0.02;

const processors = cores();

export class Parking {
  /** How a participant is woken that waits in its event loop, if there is a better way than `notify`. */
  bell: ((participant: number) => boolean) | null = null;
  readonly #words: Int32Array;
  readonly #layout: Layout;

  constructor(words: Int32Array, layout: Layout) {
    this.#words = words;
    this.#layout = layout;
  }

  // ── sleepers

  /** Announces that the participant is about to sleep; it must look at its queues once more. */
  announce(participant: number, how: typeof BLOCKED | typeof IDLE): void {
    Atomics.store(this.#words, this.#park(participant), how);
    if (participant > 0) this.#set(this.#layout.sleepers, participant);
  }
  /** The participant is up, by its own decision or after it was woken. */
  rise(participant: number): void {
    Atomics.store(this.#words, this.#park(participant), AWAKE);
    if (participant > 0) this.#clear(this.#layout.sleepers, participant);
  }
  isAwake(participant: number): boolean {
    return Atomics.load(this.#words, this.#park(participant)) === AWAKE;
  }
  /** Blocks the thread until it is woken, at most `ms`. */
  block(participant: number, ms: number): void {
    Atomics.wait(this.#words, this.#park(participant), BLOCKED, ms);
  }
  /** Resolves when the participant is woken; `undefined` when it already was. */
  idle(participant: number): Promise<unknown> | undefined {
    const wait = Atomics.waitAsync(this.#words, this.#park(participant), IDLE);
    return wait.async ? wait.value : undefined;
  }

  /** False when it does not sleep, or somebody else has just woken it. */
  wake(participant: number): boolean {
    const words = this.#words;
    const park = this.#park(participant);
    const how = Atomics.load(words, park);
    if (how === AWAKE || Atomics.compareExchange(words, park, how, AWAKE) !== how) return false;
    if (how !== IDLE || this.bell?.(participant) !== true) Atomics.notify(words, park);
    return true;
  }

  /** Wakes it, whatever its word says: who should have done it may have died after saying so. */
  rouse(participant: number): void {
    const park = this.#park(participant);
    Atomics.store(this.#words, park, AWAKE);
    Atomics.notify(this.#words, park);
    this.bell?.(participant);
  }

  /** Wakes one thread of the pool, unless one searches already. False when nobody sleeps or searches. */
  wakeOne(): boolean {
    if (this.hasSearchers) return true;
    const { sleepers, sleeperWords } = this.#layout;
    for (let word = 0; word < sleeperWords; word++) {
      let bits = Atomics.load(this.#words, sleepers + word);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        if (this.wake((word << 5) | bit)) return true;
      }
    }
    return false;
  }

  /** There is a processor for each participant. */
  get hasCores(): boolean {
    return this.#layout.threads < processors;
  }
  /**
   * More participants are awake than there are processors: who looks for work takes one from who has some.
   * Threads that were never needed, or have ended, are not among them.
   */
  get isCrowded(): boolean {
    const awake = Atomics.load(this.#words, LIVE) - this.sleeping + (this.isAwake(0) ? 1 : 0);
    return awake > processors;
  }
  /** Of the time that a participant would look for work, so much, in ms. */
  timeToLook(ms: number): number {
    return this.isCrowded ? Math.min(ms, LEAST) : ms;
  }
  get sleeping(): number {
    return this.#count(this.#layout.sleepers);
  }

  // ── searchers

  get hasSearchers(): boolean {
    const { searchers, sleeperWords } = this.#layout;
    for (let word = 0; word < sleeperWords; word++)
      if (Atomics.load(this.#words, searchers + word) !== 0) return true;
    return false;
  }
  /** At most half of the threads search at a time. */
  beginSearch(participant: number): boolean {
    if (this.#layout.threads > 2 && this.#count(this.#layout.searchers) * 2 >= this.#layout.threads)
      return false;
    if (this.#layout.threads === 2 && this.hasSearchers) return false;
    this.#set(this.#layout.searchers, participant);
    return true;
  }
  endSearch(participant: number): void {
    this.#clear(this.#layout.searchers, participant);
  }

  /** The thread has died: its bits are nobody's. */
  forget(participant: number): void {
    Atomics.store(this.#words, this.#park(participant), AWAKE);
    this.#clear(this.#layout.sleepers, participant);
    this.#clear(this.#layout.searchers, participant);
  }

  #park(participant: number): number {
    return this.#layout.block(participant) + PARK;
  }
  #set(map: number, participant: number): void {
    Atomics.or(this.#words, map + (participant >>> 5), 1 << (participant & 31));
  }
  #clear(map: number, participant: number): void {
    Atomics.and(this.#words, map + (participant >>> 5), ~(1 << (participant & 31)));
  }
  #count(map: number): number {
    let count = 0;
    for (let word = 0; word < this.#layout.sleeperWords; word++) {
      for (let bits = Atomics.load(this.#words, map + word); bits !== 0; bits &= bits - 1) count++;
    }
    return count;
  }
}
