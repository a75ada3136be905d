/** When threads look for work, and when they sleep at once. Time is handed in. */
import { expect, test } from "vitest";
import { Hints } from "../../src/threads/hints.ts";
import { LIVE } from "../../src/threads/layout.ts";
import { IDLE } from "../../src/threads/parking.ts";
import { SharedMemory } from "../../src/threads/shared-memory.ts";
import { SpinBudget } from "../../src/threads/spin-budget.ts";

/** Waits one after another, each as long as given; how long was spent looking, in ms. */
function waits(spin: SpinBudget, from: number, count: number, ms: number): { now: number; looked: number } {
  let now = from;
  let looked = 0;
  for (let i = 0; i < count; i++) {
    const { budget } = spin;
    looked += Math.min(budget, ms);
    now += ms;
    spin.learn(now, ms, budget < ms);
  }
  return { now, looked };
}

test("short waits are looked through, for ever", () => {
  const { now, looked } = waits(new SpinBudget(), 0, 10_000, 0.05);
  expect(looked).toBeCloseTo(now);
});

test("long waits cost little once they are known", () => {
  const spin = new SpinBudget();
  const { now } = waits(spin, 0, 2000, 2);
  const { now: later, looked } = waits(spin, now, 5000, 2);
  expect(looked).toBeGreaterThan(0);
  expect(looked / (later - now)).toBeLessThan(0.05);
});

test("when waits become short again, that is found out", () => {
  const spin = new SpinBudget();
  let { now } = waits(spin, 0, 2000, 2);
  ({ now } = waits(spin, now, 20_000, 0.05));
  const { now: later, looked } = waits(spin, now, 1000, 0.05);
  expect(looked).toBeCloseTo(later - now);
});

test("two threads that take turns on one core both look until the kernel must have seen it", () => {
  const spin = new SpinBudget();
  let longest = 0;
  for (let now = 0, i = 0; i < 20; i++) {
    longest = Math.max(longest, spin.budget);
    spin.learn((now += 0.5), 0.5, true);
  }
  expect(longest).toBeGreaterThan(1);
});

test("what is over soon is never held up by a trial, however often it comes", () => {
  const spin = new SpinBudget();
  let now = 0;
  for (let burst = 0; burst < 100; burst++) {
    // Two milliseconds of work, then nothing for a while.
    for (let i = 0; i < 8; i++) {
      expect(spin.budget).toBeLessThan(0.5);
      spin.learn((now += 0.25), 0.25, true);
    }
    now += 30;
    spin.learn(now, 30, true);
  }
});

test("one that was woken and took everything is not woken again", async () => {
  const memory = new SharedMemory(4);
  const ring = memory.rings[0]!;
  const hints = new Hints(memory, 0, { grow() {} });
  let woken = 0;
  memory.parking.wakeOne = () => {
    woken++;
    while (ring.take() >= 0);
    return true;
  };
  for (let slot = 0; slot < 20; slot++) hints.give(slot, 0, true);
  await Promise.resolve();
  expect(woken).toBe(1);
});

test("a ring that seemed full is looked at again", () => {
  const [ring] = new SharedMemory(1).rings;
  let pushed = 0;
  while (ring!.push(pushed)) pushed++;
  expect(ring!.take()).toBe(0);
  expect(ring!.push(pushed)).toBe(true);
  expect(ring!.push(pushed + 1)).toBe(false);
  expect(ring!.length).toBe(pushed);
});

test("threads that do not live make no crowd", () => {
  const { parking, words } = new SharedMemory(250);
  expect(parking.isCrowded).toBe(false);
  words[LIVE] = 250;
  expect(parking.isCrowded).toBe(true);
  for (let thread = 1; thread <= 250; thread++) parking.announce(thread, IDLE);
  expect(parking.isCrowded).toBe(false);
});
