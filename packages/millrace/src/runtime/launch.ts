/**
 * What whoever started the program wants of it (`millrace run --seed 7 --paused app.ts`): left in the
 * global object before the program's first line, where every copy of the library finds it, also one that
 * was bundled into the program. `main` and the default runtime obey it, whatever the program says itself;
 * a `new Runtime` is the program's own, and gets no more than a seed if it has none.
 */
import { host } from "./host.ts";

export interface Launch {
  readonly seed?: number;
  readonly clock?: "paused";
  /** A `main` begins. Whether this copy of the library is recorded tells a launcher that it has the right one. */
  mainStarted?(isRecorded: boolean): void;
}

const LAUNCH: unique symbol = Symbol.for("millrace.launch");

/** Nothing, for a program that was started by itself. */
export function launched(): Launch | undefined {
  return (globalThis as { [LAUNCH]?: Launch })[LAUNCH];
}

/** Options of a runtime that the launcher's take precedence over. */
export function launchOptions(): Pick<Launch, "seed" | "clock"> {
  const { seed, clock } = launched() ?? {};
  return { ...(seed === undefined ? {} : { seed }), ...(clock === undefined ? {} : { clock }) };
}

let derived = 0;

/** For a runtime that was given no seed: by chance, unless the launcher wants every choice to come again. */
export function freshSeed(): number {
  const seed = launched()?.seed;
  return seed === undefined ? host.seed() : seed + ++derived;
}
