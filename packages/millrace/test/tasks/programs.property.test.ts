/** Random programs of tasks that spawn, sleep, join, abort and fail, against a model of their ends. */
import { CancelledError, Runtime, sleep, spawn, type JoinHandle, type Outcome } from "millrace";
import { paused } from "millrace/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { get, styles, type Steps, type Style } from "../both-styles.ts";
import { randomPrograms } from "../random-programs.ts";

/** What one task does, one after the other; `target` is an earlier task, by index. */
type Action =
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "abort"; readonly target: number }
  | { readonly kind: "join"; readonly target: number }
  | { readonly kind: "fail" }
  | { readonly kind: "swallow"; readonly ms: number };

interface Plan {
  readonly actions: readonly Action[];
  readonly cleanup: number;
  readonly style: number;
}

const ms = fc.integer({ min: 1, max: 40 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("sleep" as const), ms }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("abort" as const), target: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("join" as const), target: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "fail" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("swallow" as const), ms }) },
);
const plan: fc.Arbitrary<Plan> = fc.record({
  actions: fc.array(action, { maxLength: 6 }),
  cleanup: fc.nat(10),
  style: fc.nat(1),
});

interface Entry {
  handle: JoinHandle<number>;
  wasAborted: boolean;
  swallowed: boolean;
  cleanups: number;
  started: boolean;
}

function* act(entries: Entry[], index: number, each: Plan): Steps<number> {
  const own = entries[index]!;
  own.started = true;
  try {
    for (const step of each.actions) {
      const target = "target" in step && index > 0 ? entries[step.target % index] : undefined;
      if (step.kind === "sleep") yield* get(sleep(step.ms));
      else if (step.kind === "fail") throw new RangeError(`task ${index}`);
      else if (step.kind === "swallow") {
        try {
          yield* get(sleep(step.ms));
        } catch (error) {
          expect(error).toBeInstanceOf(CancelledError);
          own.swallowed = true;
        }
      } else if (target === undefined) continue;
      else if (step.kind === "abort") {
        if (!target.handle.isFinished) target.wasAborted = true;
        target.handle.abort(index);
      } else {
        const outcome = yield* get(target.handle.settled());
        // A handle completes only when everything of the task is over.
        expect(target.handle.isFinished).toBe(true);
        if (target.started) expect(target.cleanups).toBe(1);
        expect(outcome.status === "fulfilled" || outcome.status === "rejected" || target.wasAborted).toBe(
          true,
        );
      }
    }
    return index;
  } finally {
    // The cancellation may as well arrive here.
    try {
      yield* get(sleep(each.cleanup));
    } finally {
      own.cleanups++;
    }
  }
}

async function run(plans: readonly Plan[]): Promise<{ outcomes: Outcome<number>[]; log: string }> {
  let log = "";
  const outcomes = await paused(
    async (clock) => {
      const entries: Entry[] = [];
      for (const [index, each] of plans.entries()) {
        const style: Style = styles[each.style]!;
        const entry = { wasAborted: false, swallowed: false, cleanups: 0, started: false } as Entry;
        entries.push(entry);
        entry.handle = spawn(style.body(() => act(entries, index, each)));
      }
      const ends: Outcome<number>[] = [];
      for (const [index, { handle }] of entries.entries()) {
        const outcome = await handle.settled();
        ends.push(outcome);
        log += `${index} ${outcome.status} ${clock.now()}\n`;
      }
      for (const [index, outcome] of ends.entries()) {
        const { wasAborted, swallowed, cleanups, started } = entries[index]!;
        const mayFail = plans[index]!.actions.some(({ kind }) => kind === "fail");
        if (outcome.status === "cancelled") expect(wasAborted).toBe(true);
        if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(RangeError);
        if (outcome.status === "rejected") expect(mayFail).toBe(true);
        if (outcome.status === "fulfilled") expect(outcome.value).toBe(index);
        if (!wasAborted) expect(outcome.status).toBe(mayFail ? "rejected" : "fulfilled");
        if (swallowed) expect(wasAborted).toBe(true);
        expect(cleanups).toBe(started ? 1 : 0);
      }
      const { aliveTasks, timers, queueDepth } = Runtime.current().metrics();
      expect({ aliveTasks, timers, queueDepth }).toEqual({ aliveTasks: 1, timers: 0, queueDepth: 0 });
      return ends;
    },
    { cleanupWindow: 2 ** 50 },
  );
  return { outcomes, log };
}

test("every handle settles as the model says, every cleanup runs once, and nothing is left behind", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 8 }), async (plans) => {
      await run(plans);
    }),
    randomPrograms(0.4),
  );
}, 20_000);

test("the same program ends the same way twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 8 }), async (plans) => {
      expect((await run(plans)).log).toBe((await run(plans)).log);
    }),
    randomPrograms(0.1),
  );
}, 20_000);

/**
 * The same program with no two things at the same instant, for their order is not the same in both
 * styles: every wait takes a power of two of its own, ranked as drawn, and nobody joins.
 */
function apart(plans: readonly Plan[]): Plan[] {
  const waits: { ms: number }[] = [];
  const wait = <T extends { ms: number }>(each: T): T => {
    waits.push(each);
    return each;
  };
  const copies = plans.map(({ actions, cleanup, style }) => ({
    actions: [
      wait({ kind: "sleep" as const, ms: cleanup }),
      ...actions
        .filter(({ kind }) => kind !== "join")
        .map((each) => ("ms" in each ? wait({ ...each }) : each)),
    ],
    cleanup: wait({ ms: cleanup }),
    style,
  }));
  waits.sort((a, b) => a.ms - b.ms);
  for (const [rank, each] of waits.entries()) each.ms = 2 ** rank;
  return copies.map(({ actions, cleanup, style }) => ({ actions, cleanup: cleanup.ms, style }));
}

test("both styles end alike, at the same instants", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 5 }), async (plans) => {
      const inStyle = (style: number) => run(apart(plans).map((each) => ({ ...each, style })));
      expect((await inStyle(0)).log).toBe((await inStyle(1)).log);
    }),
    randomPrograms(0.2),
  );
}, 20_000);
