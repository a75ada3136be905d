/** Every program of the guide runs and prints what its page shows, the same in both styles. */
import { expect, test } from "vitest";
import { expected, programs, runAlone, runTogether } from "./programs.ts";

const virtual = programs.filter(({ isReal }) => !isReal);
const together = virtual.filter(({ isAlone }) => !isAlone);
const alone = virtual.filter(({ isAlone }) => isAlone);
const real = programs.filter(({ isReal }) => isReal);

test.concurrent(
  "those that need nothing but the library, in virtual time",
  { timeout: 180_000 },
  async ({ expect }) => {
    const printed = await runTogether(together.map(({ file }) => file));
    for (const { name, file } of together) expect.soft(printed[file], file).toBe(expected(name, ".txt"));
  },
);

test.concurrent.each(alone)("$file, in virtual time", { timeout: 180_000 }, async ({ name, file }) => {
  const printed = await runTogether([file]);
  // The style shows in the position, no more.
  expect(withoutPositions(printed[file]!)).toBe(withoutPositions(expected(name, ".txt")!));
});

test.concurrent.each(real)("$file, in real time", { timeout: 180_000 }, async ({ name, file }) => {
  const { stdout, stderr } = await runAlone(file);
  expect(withoutPositions(stdout)).toBe(withoutPositions(expected(name, ".txt")!));
  // A machine under load may add a warning of its own, where none is expected.
  const told = expected(name, ".stderr.txt");
  if (told === undefined) expect(stderr).not.toContain("exit code");
  else expect(stderr).toBe(told);
});

function withoutPositions(text: string): string {
  return text.replaceAll(/[\w./-]+\.ts:\d+:\d+/g, "AT");
}
