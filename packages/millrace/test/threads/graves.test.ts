/** What the dead held, step by step; threads are numbers here. */
import { afterEach, expect, test, vi } from "vitest";
import { graves } from "../../src/threads/graves.ts";
import { HELD_WORDS, HeldPermits } from "../../src/threads/held-permits.ts";

/** Numbers that no thread of this process will ever have. */
let number = 500_000;
afterEach(() => vi.restoreAllMocks());

function heldBy(thread: number, count: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(HELD_WORDS * 4));
  words[0] = thread;
  words[1] = count;
  return words;
}

test("what a dead thread held is given back once, though another finds it, too, and takes it again meanwhile", () => {
  const dead = number++;
  const words = heldBy(dead, 1);
  graves.bury(dead);
  const first = new HeldPermits(words, 0);
  const second = new HeldPermits(words, 0);
  vi.spyOn(graves, "isDead").mockImplementationOnce(() => {
    expect(first.inherit()).toBe(1);
    first.add(1);
    return true;
  });
  expect(second.inherit()).toBe(0);
  first.remove(1);
  expect(words.every((word) => word === 0)).toBe(true);
});

test("a thread stays dead, however many die after it", () => {
  const dead = number++;
  const held = new HeldPermits(heldBy(dead, 3), 0);
  expect(held.inherit()).toBe(0);
  graves.bury(dead);
  const { count } = graves;
  for (let i = 0; i < 5000; i++) graves.bury(number++);
  expect(graves.count).toBe(count + 5000);
  expect(held.inherit()).toBe(3);
  expect(graves.isDead(number)).toBe(false);
});

test("a thread that begins is not taken for one of long ago", () => {
  const dead = number++;
  graves.bury(dead);
  const young = dead + (1 << 20);
  graves.register(young);
  expect(graves.isDead(young)).toBe(false);
});
