/** A primitive that somebody might have written, with a classic mistake in it, and without. */
import type { Body } from "millrace";
import type { ExploreOptions } from "millrace/testing";
import type { Style } from "../../both-styles.ts";

export interface Mutant {
  readonly name: string;
  /** What the broken one does, as the exploration puts it. */
  readonly failure: RegExp;
  readonly options: ExploreOptions;
  program(style: Style, isBroken: boolean): Body<void>;
}
