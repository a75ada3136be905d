/**
 * Whether to try again, and when: exponential backoff with full jitter.
 * See "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
import type { Duration } from "millrace";
import { random } from "millrace/random";
import { NetworkError, RequestTimeoutError, StatusError, type HttpError } from "../errors.ts";
import { milliseconds } from "../option-values.ts";
import { isTransient } from "./network-failure.ts";

/** A failure that another attempt may get around. */
export type AttemptError = HttpError | RequestTimeoutError;

/** Which failures are worth another attempt, and when it is made. */
export interface RetryOptions {
  /** Attempts after the first one. Default 2. */
  readonly limit?: number;
  /** What may be sent twice. Default: the methods that are idempotent, GET, HEAD, OPTIONS, PUT, DELETE. */
  readonly methods?: readonly string[];
  /** Which answers are worth another attempt. Default 408, 425, 429, 500, 502, 503, 504. */
  readonly statuses?: readonly number[];
  /** The most that the first wait can take; it doubles with each further one. Default 200 ms. */
  readonly baseDelay?: Duration;
  /** No wait that we choose is longer. Default 10 s. */
  readonly maxDelay?: Duration;
  /** A server that asks for more patience (`Retry-After`) than this is not asked again. Default 60 s. */
  readonly maxRetryAfter?: Duration;
  /** The last word on a failure that the rules above would try again. */
  readonly when?: (error: AttemptError) => boolean;
  /** Told before each wait (ms). */
  readonly onRetry?: (error: AttemptError, wait: number) => void;
}

export interface RetryPolicy {
  readonly limit: number;
  readonly methods: ReadonlySet<string>;
  readonly statuses: ReadonlySet<number>;
  readonly baseDelay: number;
  readonly maxDelay: number;
  readonly maxRetryAfter: number;
  readonly when: ((error: AttemptError) => boolean) | undefined;
  readonly onRetry: ((error: AttemptError, wait: number) => void) | undefined;
}

const BY_DEFAULT: RetryPolicy = {
  limit: 2,
  methods: new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]),
  statuses: new Set([408, 425, 429, 500, 502, 503, 504]),
  baseDelay: 200,
  maxDelay: 10_000,
  maxRetryAfter: 60_000,
  when: undefined,
  onRetry: undefined,
};

/** What `options` say, and for the rest `base`. `false`: never. */
export function retryPolicy(
  caller: string,
  options: RetryOptions | false | undefined,
  base: RetryPolicy = BY_DEFAULT,
): RetryPolicy {
  if (options === undefined) return base;
  if (options === false) return { ...base, limit: 0 };
  const { limit = base.limit, methods, statuses, when, onRetry } = options;
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new RangeError(
      `${caller} expects retry.limit to be an integer of at least 0, got ${String(limit)}`,
    );
  const ms = (what: "baseDelay" | "maxDelay" | "maxRetryAfter"): number =>
    options[what] === undefined ? base[what] : milliseconds(caller, `retry.${what}`, options[what]);
  return {
    limit,
    methods: methods === undefined ? base.methods : new Set(methods.map((method) => method.toUpperCase())),
    statuses: statuses === undefined ? base.statuses : new Set(statuses),
    baseDelay: ms("baseDelay"),
    maxDelay: ms("maxDelay"),
    maxRetryAfter: ms("maxRetryAfter"),
    when: when ?? base.when,
    onRetry: onRetry ?? base.onRetry,
  };
}

/** How long to wait before the next attempt (ms), or `undefined`: there is none. `failures` counts this one. */
export function waitBefore(
  policy: RetryPolicy,
  method: string,
  error: unknown,
  failures: number,
): number | undefined {
  if (failures > policy.limit || !policy.methods.has(method)) return undefined;
  if (!mayPass(policy, error)) return undefined;
  const asked = error instanceof StatusError ? (error.retryAfter ?? 0) : 0;
  if (asked > policy.maxRetryAfter || policy.when?.(error) === false) return undefined;
  const ceiling = Math.min(policy.maxDelay, policy.baseDelay * 2 ** (failures - 1));
  return Math.max(asked, random() * ceiling);
}

function mayPass(policy: RetryPolicy, error: unknown): error is AttemptError {
  if (error instanceof StatusError) return policy.statuses.has(error.status);
  if (error instanceof NetworkError) return isTransient(error.reason);
  return error instanceof RequestTimeoutError && error.limit === "attempt";
}

/** `Retry-After`: seconds or an HTTP date, in ms from now. */
export function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
