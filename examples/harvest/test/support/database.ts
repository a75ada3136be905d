/** What a finished, or killed, harvest left behind. */
import { DatabaseSync } from "node:sqlite";

export interface StoredDocument {
  readonly url: string;
  readonly format: string;
  readonly title: string | null;
  readonly bytes: number;
  readonly body: Uint8Array;
}

/** @throws when the file is damaged */
export function storedDocuments(path: string): StoredDocument[] {
  using database = new DatabaseSync(path, { timeout: 5000 });
  const [check] = database.prepare("PRAGMA integrity_check").all();
  if (check?.["integrity_check"] !== "ok") throw new Error(`damaged: ${JSON.stringify(check)}`);
  const select =
    "SELECT url, format, title, bytes, body FROM documents JOIN bodies USING (hash) ORDER BY url";
  return database.prepare(select).all() as unknown as StoredDocument[];
}
