/**
 * The choices of one run as a string, so that it can be run again: "m1:120.3" is option 1, 2, 0 of the
 * first decisions, then of the fourth option 3. Decisions with one option are left out; after the end,
 * and for a blank, the first option is taken.
 *
 * One character a choice, base 36; a larger one is written as `.` and a number and `.`.
 */

const PREFIX = "m1:";
const BASE = 36;

export function encode(choices: readonly number[]): string {
  let last = choices.length;
  while (last > 0 && choices[last - 1] === 0) last--;
  return PREFIX + choices.slice(0, last).map(digit).join("");
}

function digit(choice: number): string {
  return choice < BASE ? choice.toString(BASE) : `.${choice}.`;
}

/** @throws TypeError when it is not a schedule. */
export function decode(schedule: string): number[] {
  const text = typeof schedule === "string" ? schedule.trim() : "";
  if (!/^m1:(?:[0-9a-z]|\.\d+\.)*$/.test(text)) {
    throw new TypeError(
      `replay expects a schedule as an ExploreError gives it, such as "m1:0120", got ${JSON.stringify(schedule)}`,
    );
  }
  return [...text.slice(PREFIX.length).matchAll(/\.(\d+)\.|[0-9a-z]/g)].map(([one, many]) =>
    many === undefined ? Number.parseInt(one, BASE) : Number(many),
  );
}
