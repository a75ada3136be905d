/**
 * Where diagnostics plug in. `hooks.current` is null unless something records, so that each call site
 * costs a null check.
 */
import type { Future } from "./future.ts";
import type { Task } from "./task.ts";

export interface Hooks {
  /** A lazy future was made: if it is never used, "created here, never awaited" can be told. */
  futureCreated?(future: Future<unknown>): void;
  futureUsed?(future: Future<unknown>): void;
  taskSpawned?(task: Task<unknown>): void;
  taskEnded?(task: Task<unknown>): void;
  /** The source position of the caller outside the library, for `spawnedAt`. */
  callSite?(): string | undefined;
}

export const hooks: { current: Hooks | null } = { current: null };
