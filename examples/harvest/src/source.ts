/** Where documents come from: a list of URLs (`url-list.ts`) or the local corpus (`corpus.ts`). */
import type { DocumentFailure } from "./failure.ts";

/** One document to harvest. */
export interface Target {
  /** What it is known by: its key in the repository, the same in every run. */
  readonly url: string;
  /** Where it can be had in this run. The local corpus is served on another port each time. */
  readonly location: string;
}

export interface Source extends Disposable {
  /** For people: "urls.txt", "node_modules". */
  readonly name: string;
  readonly targets: readonly Target[];
  /** What was asked for but cannot even be tried. */
  readonly failures: readonly DocumentFailure[];
}
