/** Each mutant is found within the default budget, in both styles and by every strategy; none of the fixed ones is. */
import { ExploreError, explore } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { styles } from "../both-styles.ts";
import { tally } from "../tally.ts";
import { depth } from "./depth.ts";
import { checkThenAct } from "./mutants/check-then-act.ts";
import { forgottenClose } from "./mutants/forgotten-close.ts";
import { lockOrder } from "./mutants/lock-order.ts";
import { lostMessage } from "./mutants/lost-message.ts";
import { lostPermit } from "./mutants/lost-permit.ts";
import { missedNotification } from "./mutants/missed-notification.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { unpassedBaton } from "./mutants/unpassed-baton.ts";

/** Schedules that each strategy may take; the figures of docs/testing.md are below. */
const strategies = [
  ["exhaustive", 1000],
  ["random", 100],
  ["pct", 100],
] as const;
const mutants: readonly Mutant[] = [
  lostPermit,
  checkThenAct,
  missedNotification,
  lockOrder,
  lostMessage,
  forgottenClose,
  unpassedBaton,
];

const cases = mutants.flatMap((mutant) => styles.map((style) => ({ mutant, style, name: mutant.name })));

describe.each(cases)("$name, in $style.name", ({ mutant, style }) => {
  test.each(strategies)("%s finds it within %i schedules", async (strategy, most) => {
    const error: unknown = await explore(mutant.program(style, true), { ...mutant.options, strategy }).catch(
      (failure: unknown) => failure,
    );
    if (!(error instanceof ExploreError)) throw new Error("it was not found", { cause: error });
    expect(error.message).toMatch(mutant.failure);
    expect(Number(/found by the (\d+)/.exec(error.message)![1])).toBeLessThanOrEqual(most);
    tally("mutants", 1);
  });

  test("repaired, it stands", { timeout: 20_000 * depth }, async () => {
    const report = await explore(mutant.program(style, false), {
      ...mutant.options,
      maxSchedules: 500 * depth,
    });
    expect(report.schedules).toBeGreaterThan(1);
  });
});
