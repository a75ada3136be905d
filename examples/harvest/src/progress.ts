/** What the stages report and everybody else reads: the one account of the harvest. */
import { now, Runtime } from "millrace";
import type { HarvestedDocument } from "./document-store.ts";
import type { DocumentFailure, FailureKind } from "./failure.ts";

/** The account at one instant. */
export interface ProgressSnapshot {
  readonly total: number;
  /** By an earlier run. */
  readonly alreadyStored: number;
  readonly stored: number;
  readonly bytes: number;
  /** Stored documents whose body was stored before, under another URL. */
  readonly duplicates: number;
  readonly retries: number;
  readonly failures: ReadonlyMap<FailureKind, number>;
  readonly inFlight: number;
  /** Most tasks alive at once. */
  readonly peakTasks: number;
  /** In ms. */
  readonly elapsed: number;
  readonly isFinished: boolean;
  /** Stored last, the latest first. */
  readonly recent: readonly RecentDocument[];
  readonly recentFailures: readonly RecentFailure[];
}

/** What failed last, the latest first. */
export type RecentFailure = Pick<DocumentFailure, "url" | "kind" | "message">;
export type RecentDocument = Pick<HarvestedDocument, "url" | "format" | "title"> & { readonly bytes: number };
const RECENT = 12;

export class Progress {
  readonly #total: number;
  readonly #startedAt = now();
  readonly #onFailure: (failure: DocumentFailure) => void;
  readonly #failures = new Map<FailureKind, number>();
  #alreadyStored = 0;
  #stored = 0;
  #bytes = 0;
  #duplicates = 0;
  #retries = 0;
  #inFlight = 0;
  #peakTasks = 0;
  #endedAt: number | undefined;
  #recent: readonly RecentDocument[] = [];
  #recentFailures: readonly RecentFailure[] = [];

  constructor(total: number, onFailure: (failure: DocumentFailure) => void) {
    this.#total = total;
    this.#onFailure = onFailure;
  }

  skipped(count: number): void {
    this.#alreadyStored += count;
  }

  started(): void {
    this.#inFlight++;
    this.#peakTasks = Math.max(this.#peakTasks, Runtime.current().metrics().aliveTasks);
  }

  retried(): void {
    this.#retries++;
  }

  /** Ends a document that was started: it is left to the next run. */
  postponed(): void {
    this.#inFlight--;
  }

  /** Ends a document that was started. */
  failed(failure: DocumentFailure): void {
    this.#inFlight--;
    this.refused(failure);
  }

  /** For what could not even be started. */
  refused(failure: DocumentFailure): void {
    const { url, kind, message } = failure;
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
    this.#recentFailures = [{ url, kind, message }, ...this.#recentFailures].slice(0, RECENT);
    this.#onFailure(failure);
  }

  /** Ends documents that were started. */
  stored(documents: readonly HarvestedDocument[], duplicates: number): void {
    this.#inFlight -= documents.length;
    this.#stored += documents.length;
    this.#duplicates += duplicates;
    for (const { body } of documents) this.#bytes += body.byteLength;
    const latest = documents.slice(-RECENT).map(({ url, format, title, body }) => {
      return { url, format, title, bytes: body.byteLength };
    });
    this.#recent = [...latest.toReversed(), ...this.#recent].slice(0, RECENT);
  }

  /** Nothing more will come. */
  finished(): ProgressSnapshot {
    this.#endedAt = now();
    return this.snapshot();
  }

  snapshot(): ProgressSnapshot {
    return {
      total: this.#total,
      alreadyStored: this.#alreadyStored,
      stored: this.#stored,
      bytes: this.#bytes,
      duplicates: this.#duplicates,
      retries: this.#retries,
      failures: new Map(this.#failures),
      inFlight: this.#inFlight,
      peakTasks: this.#peakTasks,
      elapsed: (this.#endedAt ?? now()) - this.#startedAt,
      isFinished: this.#endedAt !== undefined,
      recent: this.#recent,
      recentFailures: this.#recentFailures,
    };
  }
}

export function countFailures({ failures }: ProgressSnapshot): number {
  return [...failures.values()].reduce((sum, count) => sum + count, 0);
}
