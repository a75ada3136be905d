/**
 * Who holds how many permits of a semaphore, in shared memory: so that those of a thread that died can be
 * given back.
 *
 * Only a thread itself writes what it holds; what a dead one held becomes that of the one thread that finds it,
 * so it is given back once. A thread that dies in the few instructions between taking a permit and saying so takes it along.
 */
import { graves } from "./graves.ts";

const PLACES = 64;
export const HELD_WORDS: number = PLACES * 2;

export class HeldPermits {
  readonly #words: Int32Array;
  readonly #start: number;
  /** Where this thread's were last. */
  #place: number;

  constructor(words: Int32Array, start: number) {
    this.#words = words;
    this.#start = start;
    this.#place = start;
  }

  add(count: number): void {
    const place = this.#find();
    // With more holders than places the rest is not known, and not given back.
    if (place >= 0) Atomics.add(this.#words, place + 1, count);
  }
  remove(count: number): void {
    const words = this.#words;
    const place = this.#place;
    if (words[place] !== graves.self) return;
    if (Atomics.sub(words, place + 1, count) === count) Atomics.store(words, place, 0);
  }

  #find(): number {
    const words = this.#words;
    const { self } = graves;
    const last = this.#place;
    if (words[last] === self || Atomics.compareExchange(words, last, 0, self) === 0) return last;
    for (let place = this.#start; place < this.#start + HELD_WORDS; place += 2)
      if (Atomics.load(words, place) === self) return (this.#place = place);
    for (let place = this.#start; place < this.#start + HELD_WORDS; place += 2)
      if (Atomics.compareExchange(words, place, 0, self) === 0) return (this.#place = place);
    return -1;
  }

  /** Takes away what dead threads hold: how many permits that was. */
  inherit(): number {
    const words = this.#words;
    let count = 0;
    for (let place = this.#start; place < this.#start + HELD_WORDS; place += 2) {
      const holder = Atomics.load(words, place);
      if (holder === 0 || !graves.isDead(holder)) continue;
      // As their holder: another who looked as well does not find what somebody has taken there since.
      if (Atomics.compareExchange(words, place, holder, graves.self) !== holder) continue;
      count += Atomics.exchange(words, place + 1, 0);
      Atomics.store(words, place, 0);
    }
    return count;
  }
}
