import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.ts";
import { randomPrograms } from "../random-programs.ts";

/** The published C sources, word by word, over unbounded integers. */
function* reference(seed: number): Generator<number, never, undefined> {
  const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);
  const rotl = (x: bigint, k: bigint): bigint => u32((x << k) | (x >> (32n - k)));
  let counter = u32(BigInt(seed));
  const s = Array.from({ length: 4 }, () => {
    counter = u32(counter + 0x9e3779b9n);
    let z = counter;
    z = u32((z ^ (z >> 16n)) * 0x85ebca6bn);
    z = u32((z ^ (z >> 13n)) * 0xc2b2ae35n);
    return z ^ (z >> 16n);
  }) as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number(u32(rotl(u32(s[1] * 5n), 7n) * 9n));
    const t = u32(s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
  }
}

test("the numbers are those of xoshiro128**, seeded by splitmix32", () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer(), fc.maxSafeInteger()), (seed) => {
      const random = new Random(seed);
      const expected = reference(seed);
      for (let count = 0; count < 100; count++) expect(random.next()).toBe(expected.next().value);
    }),
    randomPrograms(),
  );
});

test("the same seed gives the same numbers in every release", () => {
  const random = new Random(42);
  expect([random.next(), random.next(), random.next(), random.below(6), random.float()])
    .toMatchInlineSnapshot(`
    [
      2837322924,
      544945897,
      479756282,
      0,
      0.0791056456144914,
    ]
  `);
});

describe("below", () => {
  test("stays in its range", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
        const random = new Random(seed);
        for (let count = 0; count < 20; count++) {
          const value = random.below(n);
          expect(Number.isInteger(value) && value >= 0 && value < n).toBe(true);
        }
      }),
      randomPrograms(),
    );
  });

  test("gives every value equally often", () => {
    for (const n of [2, 3, 7, 10]) {
      const random = new Random(n);
      const seen = Array.from({ length: n }, () => 0);
      for (let count = 0; count < 10_000 * n; count++) seen[random.below(n)]!++;
      // Four standard deviations of a binomial with mean 10 000.
      for (const times of seen) expect(Math.abs(times - 10_000)).toBeLessThan(400);
    }
  });

  test("does not favour small values where 2^32 is not a multiple of n", () => {
    const n = 3 * 2 ** 30; // A plain remainder would fall into the first third half of the time.
    const random = new Random(1);
    let small = 0;
    for (let count = 0; count < 30_000; count++) if (random.below(n) < n / 3) small++;
    expect(Math.abs(small - 10_000)).toBeLessThan(400);
  });

  test("refuses a range that is empty or too large", () => {
    for (const n of [0, -1, NaN, 2 ** 32 + 1]) expect(() => new Random(1).below(n)).toThrow(RangeError);
  });
});

test("floats are in [0, 1) and spread evenly", () => {
  const random = new Random(7);
  let sum = 0;
  for (let count = 0; count < 10_000; count++) {
    const value = random.float();
    expect(value >= 0 && value < 1).toBe(true);
    sum += value;
  }
  expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.012);
});
