/**
 * Attempts until one succeeds: exponential backoff with full jitter.
 * See "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
import { sleep, type CancellationToken, type Future, type Routine } from "millrace";
import { DocumentFailure, isTransient } from "./failure.ts";

export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly retries: number;
  /** The most the first wait can take, in ms; it doubles with every further one. */
  readonly baseDelay: number;
  /** No wait is longer, whatever a server asks for, in ms. */
  readonly maxDelay: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Ends the waiting: no new attempt is made after it. */
  readonly stop: CancellationToken;
  readonly onRetry?: (failure: Error) => void;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or has used up its retries.
 *
 * @throws the last attempt's own failure
 * @throws CancelledError when `stop` fires between two attempts
 */
export function* retry<T>(policy: RetryPolicy, attempt: () => Routine<T> | Future<T>): Routine<T> {
  for (let failures = 0; ; failures++) {
    try {
      return yield* attempt();
    } catch (error) {
      if (!isTransient(error) || failures === policy.retries) throw error;
      policy.onRetry?.(error);
      const retryAfter = error instanceof DocumentFailure ? error.retryAfter : undefined;
      yield* sleep(backoff(policy, failures, retryAfter)).until(policy.stop);
    }
  }
}

/** Full jitter: anywhere between zero and the exponential ceiling, but not before the server wants us back. */
export function backoff(policy: RetryPolicy, failures: number, retryAfter = 0): number {
  const jittered = policy.random() * policy.baseDelay * 2 ** failures;
  return Math.min(policy.maxDelay, Math.max(jittered, retryAfter));
}
