/** Where harvested documents are kept. The pipeline knows this interface only; `sql-store.ts` implements it. */
import type { Future } from "millrace";

export interface HarvestedDocument {
  readonly url: string;
  readonly format: "json" | "markdown" | "other";
  readonly title: string | null;
  readonly summary: string | null;
  /** SHA-256 of the body, in hexadecimal. */
  readonly hash: string;
  readonly body: Uint8Array;
}

export interface DocumentStore {
  /** Those of these documents that are stored, and so need not be fetched again. */
  stored(urls: readonly string[]): Future<ReadonlySet<string>>;
  /**
   * Stores all of them or, when it fails, none; doing it twice is harmless. Tells how many have a body that
   * was stored before.
   */
  save(documents: readonly HarvestedDocument[]): Future<{ readonly duplicates: number }>;
}
