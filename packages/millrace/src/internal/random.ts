/**
 * A small seeded generator, so that everything chosen at random (which select branch is polled first,
 * which interleaving is explored) can be chosen again from its seed. Not for secrets.
 *
 * Source: xoshiro128** 1.1 (Blackman & Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021),
 * period 2^128 - 1. Its state is seeded by splitmix32 (Steele, Lea & Flood 2014, with the MurmurHash3
 * finaliser), a bijection of a counter: at most one of the four words is 0, and all must not be.
 */

const UINT32 = 2 ** 32;

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Seeds are told apart by their low 32 bits. */
  constructor(seed: number) {
    this.#a = splitmix32(seed, 1);
    this.#b = splitmix32(seed, 2);
    this.#c = splitmix32(seed, 3);
    this.#d = splitmix32(seed, 4);
  }

  /** An integer in [0, 2^32). */
  next(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /**
   * An integer in [0, n), every one equally likely.
   * @throws RangeError unless 1 <= n <= 2^32
   */
  below(n: number): number {
    if (!(n >= 1 && n <= UINT32)) throw new RangeError(`below(n) needs 1 <= n <= 2^32, got ${n}`);
    // A last, incomplete group of n values would favour small results: draw again when it is hit.
    const complete = UINT32 - (UINT32 % n);
    let value = this.next();
    while (value >= complete) value = this.next();
    return value % n;
  }

  /** A multiple of 2^-53 in [0, 1). */
  float(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The `step`-th number of the sequence that starts at `seed`. */
function splitmix32(seed: number, step: number): number {
  let word = ((seed | 0) + Math.imul(0x9e3779b9, step)) | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
