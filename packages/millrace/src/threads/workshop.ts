/** What a pool is made of, once it is used: its threads, and the calls under way. */
import type { Resource } from "../runtime/resource.ts";
import type { Engine } from "./home.ts";

/** What is said of a call that has not begun when its pool is shut down. */
export const NEVER_STARTED = "the thread pool was shut down before the call started";

export interface WorkshopOptions {
  readonly threads: number;
  readonly name: string;
  readonly queue: number;
  readonly idleTimeout: number;
  readonly resourceLimits: { maxOldGenerationSizeMb?: number } | undefined;
}

export interface Workshop extends Engine, Resource {
  closed: (() => Error) | undefined;
  /** Nothing is queued or under way, on whichever thread it was called. */
  readonly isQuiet: boolean;
  /** Withdraws what has not started, also what waits for room; the rest goes on. */
  cancelQueued(why: string): void;
  /** Ends all threads, and fails what they were at. */
  end(why: string, error: () => unknown): Promise<void>;
}
