/** Why a document is not there: one class with a kind, so that the report can count and the retry can decide. */
import { ConnectionError, ContentionError, PoolError } from "@millrace/sql";

export const failureKinds = ["malformed", "network", "timeout", "status", "too large", "decode"] as const;
export type FailureKind = (typeof failureKinds)[number];

export interface FailureDetails {
  /** Whether another attempt may succeed. */
  readonly isTransient?: boolean;
  /** How long the server asked us to stay away, in ms. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A document could not be harvested. It stays the document's own failure: the rest of the harvest goes on. */
export class DocumentFailure extends Error {
  override readonly name = "DocumentFailure";
  readonly kind: FailureKind;
  /** The document, by the name it has in the repository. */
  readonly url: string;
  readonly isTransient: boolean;
  readonly retryAfter: number | undefined;

  constructor(kind: FailureKind, url: string, message: string, details: FailureDetails = {}) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.url = url;
    this.isTransient = details.isTransient ?? false;
    this.retryAfter = details.retryAfter;
  }
}

/** The harvest itself cannot go on. The message is all its user needs, so it is shown without a stack. */
export class HarvestError extends Error {
  override readonly name = "HarvestError";
}

/** Whether another attempt may succeed: of a request, or of a batch, since saving one twice is harmless. */
export function isTransient(error: unknown): error is Error {
  if (error instanceof DocumentFailure) return error.isTransient;
  return [ConnectionError, ContentionError, PoolError].some((type) => error instanceof type);
}
