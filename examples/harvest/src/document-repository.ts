/** Where harvested documents are kept. The pipeline knows this interface only; `sqlite-repository.ts` implements it. */
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

export interface DocumentRepository {
  /** Whether this document is stored, and so need not be fetched again. */
  has(url: string): Future<boolean>;
  /** Stores all of them or, when it fails, none. Tells how many have a body that was stored before. */
  save(documents: readonly HarvestedDocument[]): Future<{ readonly duplicates: number }>;
}
