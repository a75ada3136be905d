/**
 * What few branches have: made when one does, so that the many stay small (the spawn, skynet and idle rows
 * of the bench). The second half is for tasks.
 */
import type { AbortController } from "../internal/platform.ts";
import type { Cancellation } from "./cancellation.ts";
import type { FailureNote } from "./failure.ts";
import type { PendingAwaits } from "./pending-awaits.ts";
import { BUDGET } from "./scheduler.ts";

/** A value that travels down the branches of a task (`taskLocal`). */
export interface LocalBinding {
  readonly local: object;
  readonly value: unknown;
  readonly next: LocalBinding | null;
}

export class Extras {
  /** Of an async body, or of async functions that a generator body has called. */
  awaits: PendingAwaits | null = null;
  cancellation: Cancellation | null = null;
  /** Dropped branches below that are still cleaning up. */
  cleanups: number = 0;
  /** Operations that the awaits of the body may still complete before others must run. */
  budget: number = BUDGET;

  name: string | undefined = undefined;
  failure: FailureNote | null = null;
  spawnedAt: string | undefined = undefined;
  kind: "task" | "thread" | "actor" = "task";
  locals: LocalBinding | null = null;
  controller: AbortController | null = null;
  onEnd: (() => void) | null = null;
}
