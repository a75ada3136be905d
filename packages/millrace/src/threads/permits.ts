/** Permits that any thread takes and gives back, whatever they are made of. */
import type { Future } from "../runtime/future.ts";
import type { SharedParts } from "./shareable.ts";

/** What is held until it is released; releasing twice does nothing. */
export interface SharedGuard extends Disposable {
  /** The thread that held it before died without releasing it: what it protects may be half-done. */
  readonly isAbandoned: boolean;
  /** Gives it back. */
  release(): void;
}

export interface Permits {
  /** `what` they are, for reports. */
  take(count: number, what: string): Future<SharedGuard>;
  /** If there are so many. */
  tryHold(count: number): SharedGuard | undefined;
  /** To be made again of on another thread. */
  parts(): Omit<SharedParts, "kind" | "data">;
}
