/**
 * The proof of the reduction: with the same bound, the reduced search finds every log that the search
 * without it finds, and nothing else.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { styles } from "../both-styles.ts";
import { randomPrograms } from "../random-programs.ts";
import { depth } from "./depth.ts";
import { ops, program, search, type Op } from "./small-programs.ts";

const MOST = 400;
const task = fc.array(fc.constantFrom<Op>(...ops), { minLength: 1, maxLength: 2 });
const bound = fc.constantFrom(0, 1, 2, 3, Infinity);
const cancel = fc.constantFrom<true | undefined>(true, undefined);

describe.each(styles)("$name: the reduced search", (style) => {
  test("finds whatever there is within the bound", { timeout: 20_000 * depth }, async () => {
    let full = 0;
    let reduced = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(task, { minLength: 2, maxLength: 3 }),
        bound,
        cancel,
        async (tasks, preemptions, mayCancel) => {
          const make = (log: string[]) => program(tasks, style, log);
          const all = await search(make, mayCancel, preemptions, false, MOST);
          if (!all.isComplete) return;
          const some = await search(make, mayCancel, preemptions, true, MOST);
          full += all.runs;
          reduced += some.runs;
          expect([...some.endings].sort()).toEqual([...all.endings].sort());
        },
      ),
      randomPrograms(0.01 * depth),
    );
    expect(reduced).toBeLessThanOrEqual(full);
  });
});
