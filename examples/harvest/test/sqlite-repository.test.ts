import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import type { HarvestedDocument } from "../src/document-repository.ts";
import { HarvestError } from "../src/failure.ts";
import { SqliteRepository } from "../src/sqlite-repository.ts";
import { storedDocuments } from "./support/database.ts";
import { test } from "./support/folder.ts";

function document(url: string, body: string): HarvestedDocument {
  return {
    url,
    format: "markdown",
    title: null,
    summary: null,
    hash: `hash of ${body}`,
    body: Buffer.from(body),
  };
}

test("what is saved is there, for the next opening too", async ({ folder }) => {
  const path = folder.join("x.sqlite");
  {
    using repository = new SqliteRepository(path);
    expect(await repository.has("http://a/")).toBe(false);
    await repository.save([document("http://a/", "a")]);
    expect(await repository.has("http://a/")).toBe(true);
  }
  using repository = new SqliteRepository(path);
  expect(await repository.has("http://a/")).toBe(true);
  expect(storedDocuments(path)).toMatchObject([{ url: "http://a/", bytes: 1, body: new Uint8Array([97]) }]);
});

test("a body that was stored before is a duplicate, in the same batch or in another", async ({ folder }) => {
  using repository = new SqliteRepository(folder.join("x.sqlite"));
  const first = await repository.save([document("http://a/", "a"), document("http://b/", "a")]);
  const second = await repository.save([document("http://c/", "a"), document("http://d/", "d")]);
  expect([first.duplicates, second.duplicates]).toEqual([1, 1]);
  expect(storedDocuments(folder.join("x.sqlite"))).toHaveLength(4);
});

test("a batch that fails is undone as a whole, and named by its file", async ({ folder }) => {
  const path = folder.join("x.sqlite");
  using repository = new SqliteRepository(path);
  const broken = { ...document("http://b/", "b"), url: null as unknown as string };

  const saving = repository.save([document("http://a/", "a"), broken]);
  await expect(saving).rejects.toThrow(HarvestError);
  await expect(saving).rejects.toThrow(`cannot write the database ${path}: `);
  expect(storedDocuments(path)).toEqual([]);

  await repository.save([document("http://a/", "a")]);
  expect(storedDocuments(path)).toHaveLength(1);
});

test("a batch is saved when the future is awaited, not before", async ({ folder }) => {
  using repository = new SqliteRepository(folder.join("x.sqlite"));
  const saving = repository.save([document("http://a/", "a")]);
  expect(storedDocuments(folder.join("x.sqlite"))).toHaveLength(0);
  await saving;
  expect(storedDocuments(folder.join("x.sqlite"))).toHaveLength(1);
});

test("a file that another program has locked is named", async ({ folder }) => {
  const path = folder.join("x.sqlite");
  using repository = new SqliteRepository(path, { lockWait: 0 });
  using other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  await expect(repository.save([document("http://a/", "a")])).rejects.toThrow("database is locked");
});
