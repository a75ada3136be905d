/** Uniform numbers in [0, 1), the same ones for the same seed (xorshift32). */
export function seededRandom(seed: number): () => number {
  let state = Math.imul(seed ^ 0x2545f491, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
