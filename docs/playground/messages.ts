/** What the worker of the playground tells its page. */

/** One thing that a task did. `at` is virtual time in ms; `step` counts everything that happened. */
export type Entry =
  | {
      readonly kind: "spawn";
      readonly step: number;
      readonly at: number;
      readonly task: number;
      readonly name: string;
      readonly parent: number | undefined;
    }
  /** The task has run, and now waits for `wait`, unless that is undefined. */
  | {
      readonly kind: "poll";
      readonly step: number;
      readonly at: number;
      readonly task: number;
      wait: string | undefined;
    }
  | {
      readonly kind: "end";
      readonly step: number;
      readonly at: number;
      readonly task: number;
      readonly state: string;
    };

export interface Line {
  readonly text: string;
  readonly isError: boolean;
  /** When it was written, among the entries. */
  readonly step: number;
  readonly at: number;
}

export interface Run {
  readonly entries: readonly Entry[];
  readonly lines: readonly Line[];
  /** More happened than is kept. */
  readonly isCut: boolean;
}
