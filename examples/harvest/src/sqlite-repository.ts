/**
 * Documents in an SQLite file, through `node:sqlite`: nothing to install.
 *
 * A batch is one transaction, so a killed process loses what was not committed and nothing else: the
 * write-ahead log survives the process, and `synchronous = NORMAL` gives up durability only against a power
 * cut. Bodies stand apart from documents, so a body that many documents share is stored once.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pollFn, type Future } from "millrace";
import type { DocumentRepository, HarvestedDocument } from "./document-repository.ts";
import { HarvestError } from "./failure.ts";

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS bodies (
    hash TEXT PRIMARY KEY,
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS documents (
    url     TEXT PRIMARY KEY,
    format  TEXT NOT NULL,
    title   TEXT,
    summary TEXT,
    bytes   INTEGER NOT NULL,
    hash    TEXT NOT NULL REFERENCES bodies (hash)
  ) STRICT;
`;

export class SqliteRepository implements DocumentRepository, Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #selectDocument: StatementSync;
  readonly #insertBody: StatementSync;
  readonly #insertDocument: StatementSync;

  /**
   * `lockWait` is how long to wait for another program that is writing, in ms. That wait blocks the event loop.
   *
   * @throws HarvestError when the file cannot be opened and written
   */
  constructor(path: string, { lockWait = 1000 }: { lockWait?: number } = {}) {
    this.#path = path;
    try {
      this.#database = new DatabaseSync(path, { timeout: lockWait });
      this.#database.exec(schema);
      this.#database.exec("BEGIN IMMEDIATE; COMMIT"); // a file that can only be read is found out now
      this.#selectDocument = this.#database.prepare("SELECT 1 FROM documents WHERE url = ?");
      this.#insertBody = this.#database.prepare("INSERT OR IGNORE INTO bodies VALUES (?, ?)");
      this.#insertDocument = this.#database.prepare(
        "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)",
      );
    } catch (cause) {
      throw this.#unwritable(cause);
    }
  }

  // This driver answers at once, so these futures are ready when first polled. One that has to wait would
  // return `fromPromise(…)` here, and nothing else in the program would change.

  has(url: string): Future<boolean> {
    return pollFn(() => this.#selectDocument.get(url) !== undefined);
  }

  save(documents: readonly HarvestedDocument[]): Future<{ readonly duplicates: number }> {
    return pollFn(() => this.#transaction(() => this.#insert(documents)));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #insert(documents: readonly HarvestedDocument[]): { readonly duplicates: number } {
    let duplicates = 0;
    for (const { url, format, title, summary, hash, body } of documents) {
      if (this.#insertBody.run(hash, body).changes === 0) duplicates++;
      this.#insertDocument.run(url, format, title, summary, body.byteLength, hash);
    }
    return { duplicates };
  }

  #transaction<T>(work: () => T): T {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw this.#unwritable(cause);
    }
  }

  #unwritable(cause: unknown): HarvestError {
    return new HarvestError(`cannot write the database ${this.#path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
