/** What a property test prints when it fails. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomPrograms } from "./random-programs.ts";

test("a failure is made as short as it can be, and printed with what replays it", () => {
  const step = fc.tuple(fc.constantFrom("add", "remove"), fc.nat(100));
  // It fails as soon as two are added.
  const property = fc.property(fc.boolean(), fc.array(step), (_, program) => {
    expect(program.filter(([name]) => name === "add").length).toBeLessThan(2);
  });
  let message = "";
  try {
    fc.assert(property, randomPrograms(1, 7));
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message.split("\n").slice(1, -2)).toEqual(["  with false", "  add(0)", "  add(0)"]);
  const [, seed, path, file] = /MILLRACE_SEED=(\S+) MILLRACE_PATH=(\S+) npx vitest run (\S+) -t "/.exec(
    message,
  )!;
  expect(file).toBe("packages/millrace/test/random-programs.test.ts");
  const replayed = fc.check(property, { seed: Number(seed), path: path!, endOnFailure: true });
  expect(replayed).toMatchObject({
    failed: true,
    numRuns: 1,
    counterexample: [
      false,
      [
        ["add", 0],
        ["add", 0],
      ],
    ],
  });
});
