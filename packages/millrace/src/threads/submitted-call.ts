import type { Reference } from "./function-table.ts";

/** A call as its submitter sees it. */
export interface SubmittedCall {
  readonly entry: Reference;
  readonly args: readonly unknown[];
  readonly transfer: readonly Transferable[] | undefined;
  readonly isPinned: boolean;
  readonly isIdempotent: boolean;
  /** Set by the submitter; −1 while there is none. */
  slot: number;
  settle(value: unknown): void;
  fail(error: unknown, classesOf: string | undefined): void;
}
