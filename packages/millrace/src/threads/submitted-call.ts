import type { Transferable } from "../internal/platform.ts";
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

/** A call that has cost so many threads is likelier the cause of their end than its victim. */
const MAX_DEATHS = 3;
const deaths: WeakMap<SubmittedCall, number> = new WeakMap();

/** Its thread died while it ran: whether it runs again. */
export function mayRepeat(call: SubmittedCall): boolean {
  if (!call.isIdempotent || call.transfer !== undefined) return false;
  const died = (deaths.get(call) ?? 0) + 1;
  deaths.set(call, died);
  return died < MAX_DEATHS;
}
