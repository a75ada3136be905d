/**
 * Makes a failing schedule shorter: fewer choices that differ from what would happen anyway, in fewer
 * steps. Any failure counts, for an easier one is as good a start.
 */
import type { Ending } from "./execution.ts";

/** At most. */
const MAX_RUNS = 300;
const MAX_STEPS = 100_000;

export async function shrink(
  found: Ending,
  run: (choices: readonly number[]) => Promise<Ending>,
): Promise<Ending> {
  let best = found;
  let runs = 0;
  let steps = 0;
  const attempt = async (choices: readonly number[]): Promise<boolean> => {
    if (runs++ >= MAX_RUNS || steps > MAX_STEPS) return false;
    const ending = await run(choices);
    steps += ending.steps;
    if (ending.failure === null || !isSimpler(ending, best)) return false;
    best = ending;
    return true;
  };
  // What was found must fail again by its choices alone; then the simplest schedule of all is tried.
  await attempt([]);
  for (let isBetter = true; isBetter && runs < MAX_RUNS;) {
    isBetter = false;
    const { choices } = best;
    for (let at = choices.length - 1; at >= 0 && !isBetter; at--) {
      const [before, after] = [choices.slice(0, at), choices.slice(at + 1)];
      const isDefault = choices[at] === 0;
      // Without all that comes after it; the default in its place; what comes after it, earlier.
      isBetter =
        (!isDefault && ((await attempt(before)) || (await attempt([...before, 0, ...after])))) ||
        (after.some((choice) => choice !== 0) && (await attempt([...before, ...after])));
    }
  }
  return best;
}

function weight({ choices }: Ending): number {
  let weight = 0;
  for (const choice of choices) if (choice !== 0) weight++;
  return weight;
}

function isSimpler(a: Ending, b: Ending): boolean {
  if (a.steps !== b.steps) return a.steps < b.steps;
  const [ours, theirs] = [weight(a), weight(b)];
  return ours < theirs;
}
