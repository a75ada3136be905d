/**
 * How often property tests run, and what they print when they fail.
 *
 * - `MILLRACE_RUNS` is the number of random programs for each property; a slow property takes a share.
 * - A failure is shrunk, printed step by step, and followed by the command that replays it
 *   (`MILLRACE_SEED` and `MILLRACE_PATH`).
 */
import fc from "fast-check";
import { expect } from "vitest";
import { setting } from "./setting.ts";
import { tally } from "./tally.ts";

const MILLRACE_RUNS = setting("MILLRACE_RUNS") ?? "1000";
const MILLRACE_SEED = setting("MILLRACE_SEED");
const MILLRACE_PATH = setting("MILLRACE_PATH");

/**
 * The parameters of every `fc.assert`. `share`: how many of the usual number of runs it takes; less
 * than 1 where one run is slow. `seed`: the same programs each time, unless a seed is given.
 */
export function randomPrograms<Ts>(share: number = 1, seed?: number): fc.Parameters<Ts> {
  const replayed = MILLRACE_SEED === undefined ? seed : Number(MILLRACE_SEED);
  const numRuns = Math.max(1, Math.round(Number(MILLRACE_RUNS) * share));
  tally("properties", 1);
  tally("random programs", numRuns);
  return {
    numRuns,
    ...(replayed === undefined ? {} : { seed: replayed }),
    ...(MILLRACE_PATH === undefined ? {} : { path: MILLRACE_PATH }),
    reporter: report,
  };
}

function report<Ts>(details: fc.RunDetails<Ts>): void {
  if (!details.failed) return;
  const { counterexample, errorInstance, numRuns, numShrinks, seed, counterexamplePath } = details;
  if (counterexample === null) throw new Error(fc.defaultReportMessage(details));
  const { currentTestName = "", testPath = "" } = expect.getState();
  const name = currentTestName
    .split(" > ")
    .at(-1)!
    .replaceAll(/[^\w -]/g, ".");
  throw new Error(
    [
      `A random program fails: run ${numRuns}, made shorter ${numShrinks} times. What it does:`,
      ...printProgram(counterexample as readonly unknown[]),
      `And then: ${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)}`,
      `Replay it with: MILLRACE_SEED=${seed} MILLRACE_PATH=${counterexamplePath} npx vitest run ${testPath.slice(testPath.lastIndexOf("packages/"))} -t "${name}"`,
    ].join("\n"),
    { cause: errorInstance },
  );
}

/** One line a step, and one for each argument that is not a program. */
function printProgram(args: readonly unknown[]): string[] {
  return args.flatMap((arg) => {
    if (arg === undefined) return [];
    return Array.isArray(arg) ? arg.map(printStep) : [`  with ${fc.stringify(arg)}`];
  });
}
function printStep(step: unknown): string {
  if (!Array.isArray(step) || typeof step[0] !== "string") return `  ${fc.stringify(step)}`;
  const [name, ...args] = step;
  return `  ${name}(${args.map((arg) => fc.stringify(arg)).join(", ")})`;
}
