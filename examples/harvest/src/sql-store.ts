/**
 * Documents in a database: an SQLite file, which needs nothing installed, or PostgreSQL. What differs between
 * them is one line of the schema and how they are opened.
 *
 * A batch is one transaction, so a killed process loses what was not committed and nothing else. Bodies stand
 * apart from documents, so a body that many documents share is stored once.
 */
import {
  join,
  repository,
  raw,
  sql,
  type Database,
  type TableRepository,
  type Transaction,
} from "@millrace/sql";
import { asyncFn, fromPromise, type Future, type Routine } from "millrace";
import * as v from "valibot";
import type { DocumentStore, HarvestedDocument } from "./document-store.ts";

/** A document as it is stored: its body is elsewhere, under its hash. */
const StoredDocument = v.object({
  url: v.string(),
  format: v.picklist(["json", "markdown", "other"]),
  title: v.nullable(v.string()),
  summary: v.nullable(v.string()),
  bytes: v.number(),
  hash: v.string(),
});
type StoredDocument = v.InferOutput<typeof StoredDocument>;

export class SqlStore implements DocumentStore {
  readonly #database: Database;
  readonly #documents: TableRepository<StoredDocument, string>;

  private constructor(database: Database) {
    this.#database = database;
    this.#documents = repository(database, {
      table: "documents",
      id: "url",
      columns: ["url", "format", "title", "summary", "bytes", "hash"],
      schema: StoredDocument,
    });
  }

  /** @throws SqlError when it cannot be opened and written */
  static *open(target: string): Routine<SqlStore> {
    const database = yield* openDatabase(target);
    let isOpen = false;
    try {
      const bytes = isPostgres(target) ? raw("BYTEA") : raw("BLOB");
      yield* database.execute(
        sql`CREATE TABLE IF NOT EXISTS bodies (hash TEXT PRIMARY KEY, body ${bytes} NOT NULL)`,
      );
      yield* database.execute(sql`
        CREATE TABLE IF NOT EXISTS documents (
          url     TEXT PRIMARY KEY,
          format  TEXT NOT NULL,
          title   TEXT,
          summary TEXT,
          bytes   INTEGER NOT NULL,
          hash    TEXT NOT NULL REFERENCES bodies (hash)
        )
      `);
      isOpen = true;
      return new SqlStore(database);
    } finally {
      if (!isOpen) yield* database.close();
    }
  }

  stored(urls: readonly string[]): Future<ReadonlySet<string>> {
    return this.#documents.findMany(urls).map((found) => new Set(found.map(({ url }) => url)));
  }

  save(documents: readonly HarvestedDocument[]): Future<{ readonly duplicates: number }> {
    return this.#database.transaction((tx) => this.#save(tx, documents));
  }

  close(): Future<void> {
    return this.#database.close();
  }

  *#save(tx: Transaction, documents: readonly HarvestedDocument[]): Routine<{ readonly duplicates: number }> {
    const rows = documents.map(({ hash, body }) => sql`(${hash}, ${body})`);
    const added = yield* tx.execute(
      sql`INSERT INTO bodies VALUES ${join(rows)} ON CONFLICT (hash) DO NOTHING`,
    );
    yield* this.#documents
      .in(tx)
      .saveMany(documents.map(({ body, ...document }) => ({ ...document, bytes: body.byteLength })));
    return { duplicates: documents.length - added };
  }
}

export function isPostgres(target: string): boolean {
  return /^postgres(ql)?:/.test(target);
}

/** The driver of PostgreSQL is loaded by those who use it. */
function openDatabase(target: string): Future<Database> {
  return asyncFn(function* (): Routine<Database> {
    if (isPostgres(target)) {
      const { openPostgres } = yield* fromPromise(import("@millrace/sql/postgres"));
      return yield* openPostgres(target, { applicationName: "harvest" });
    }
    const { openSqlite } = yield* fromPromise(import("@millrace/sql/sqlite"));
    return yield* openSqlite(target, { readers: 0, lockWait: 1000 });
  })();
}
