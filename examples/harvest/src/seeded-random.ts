/** Reproducible randomness: the same seed gives the same faults and the same jitter. */
import { createHash } from "node:crypto";

/** Uniform numbers in [0, 1). Different texts give unrelated sequences (mulberry32, seeded with a hash). */
export function seededRandom(seed: string): () => number {
  let state = createHash("sha256").update(seed).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
