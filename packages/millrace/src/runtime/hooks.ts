/**
 * Where diagnostics plug in. `hooks.current` is null unless something records, so that each call site
 * costs a null check.
 */
import type { Branch } from "./branch.ts";
import type { Future } from "./future.ts";
import type { TaskFailure } from "./kernel.ts";
import type { Resource } from "./resource.ts";
import type { Task } from "./task.ts";

export interface Hooks {
  /** A lazy future was made: if it is never used, "created here, never awaited" can be told. */
  futureCreated?(future: Future<unknown>): void;
  futureUsed?(future: Future<unknown>): void;
  /** A future that many may await is awaited by an async body, right here. */
  futureAwaited?(future: Future<unknown>): void;
  taskSpawned?(task: Task<unknown>): void;
  /** It was pushed on the run queue, unless it is there already. */
  taskWoken?(task: Task<unknown>): void;
  pollStarted?(task: Task<unknown>): void;
  pollEnded?(task: Task<unknown>): void;
  /** An await of an async body was woken. */
  bodyWoken?(branch: Branch<unknown>): void;
  /** What an async body awaits is about to be polled for the first time; if it is ready, the body goes on at once. */
  awaitStarted?(branch: Branch<unknown>): void;
  /** What an await of an async body waits for is polled again: calls, scopes and callbacks run in there. */
  awaitPollStarted?(branch: Branch<unknown>): void;
  awaitPollEnded?(branch: Branch<unknown>): void;
  /** An async body has what it awaited, and goes on in a microtask. */
  bodyResumed?(branch: Branch<unknown>, awaited: Future<unknown>): void;
  /** An async body waits again, or has ended. */
  bodySuspended?(branch: Branch<unknown>): void;
  taskCancelled?(task: Task<unknown>): void;
  taskEnded?(task: Task<unknown>): void;
  /** A call or task has failed, or has ended after it was cancelled. */
  branchSpoilt?(branch: Branch<unknown>): void;
  failureUnobserved?(failure: TaskFailure): void;
  /** The source position of the caller of `below` outside the library, for `spawnedAt`. */
  callSite?(below?: object): string | undefined;
  /** Where a future was made, or where a generator stands. */
  siteOf?(what: object): string | undefined;
  /** " for 4.2 s at harvest.ts:88" */
  waitDetail?(task: Branch<unknown>): string;

  resourceMade?(resource: Resource): void;
  resourceId?(resource: Resource): number;
  /** A guard or the like was opened by whoever runs. */
  handleOpened?(handles: object, handle: object): void;
  handleClosed?(handles: object, handle: object): void;
  /** The collector watches it from now on; `remains` is what will be left of it. `of` is its list, or its resource. */
  handleWatched?(of: object, handle: object, remains: { readonly what: string }): void;
  /** It was garbage-collected while open, and that is reported. */
  handleLost?(remains: { readonly what: string }): void;

  mainStarted?(): void;
  mainEnded?(): void;
}

export const hooks: { current: Hooks | null } = { current: null };
