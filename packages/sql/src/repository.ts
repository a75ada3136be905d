/**
 * `Repository`: things of one kind, by their id; and the one implementation, over a table of any database
 * that executes statements. The SQL that it needs is the same for SQLite and PostgreSQL.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { asyncFn, ready, type Future, type Routine } from "millrace";
import { Stream } from "millrace/stream";
import type { Queries } from "./queries.ts";
import { requireSchema } from "./rows.ts";
import { empty, identifier, join, sql, type Sql } from "./statement.ts";

/** What can be the id of a thing. */
export type RowId = string | number | bigint;

/**
 * Things of one kind, known by an id.
 *
 * **Cancel safety.** What reads leaves nothing behind when it is abandoned. What writes happens as a whole or
 * not at all: abandoned while it runs it may have happened, and doing it once more does no harm.
 */
export interface Repository<T, Id> {
  /** The one with this id; `undefined` if there is none. */
  find(id: Id): Future<T | undefined>;
  /** Those of them that are there, each once, in any order. */
  findMany(ids: Iterable<Id>): Future<T[]>;
  /** Adds it, or replaces the one with its id. */
  save(item: T): Future<void>;
  /** All of them or, when that fails, none. Of several with the same id, the last. */
  saveMany(items: Iterable<T>): Future<void>;
  /** Whether it was there. */
  delete(id: Id): Future<boolean>;
  /**
   * All of them, ordered by id, read in pages as they are asked for: a slow consumer holds no connection and
   * no snapshot. What is there from beginning to end comes exactly once; what is saved or deleted meanwhile
   * may come or not.
   */
  all(): Stream<T>;
}

/** How things are stored in a table. */
export interface TableOptions<T, Key extends keyof T & string> {
  /** `"documents"` or `"archive.documents"`. */
  readonly table: string;
  /** The property that is the id; its column is unique, and not null. */
  readonly id: Key;
  /** The properties that are stored, and their columns where those have another name. */
  readonly columns: readonly (keyof T & string)[] | Readonly<Record<keyof T & string, string>>;
  /** What a row must be; it may convert, too (a number to a boolean, a text to a date). */
  readonly schema: StandardSchemaV1<unknown, T>;
  /** The values to store, by property, where they differ from the item's own. */
  readonly encode?: (item: T) => Readonly<Record<string, unknown>>;
  /** Rows that `all` reads at once. Default 500. */
  readonly page?: number;
}

/** Values of one statement: below the limits of SQLite (32 766) and PostgreSQL (65 535). */
const MAX_VALUES = 30_000;

/**
 * A repository over a table.
 *
 * @throws TypeError when the options are not what they should be
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { repository, sql } from "@millrace/sql";
 * import { openSqlite } from "@millrace/sql/sqlite";
 * import { z } from "zod";
 *
 * const User = z.object({ id: z.number(), name: z.string() });
 *
 * await main(async () => {
 *   await using database = await openSqlite(":memory:");
 *   await database.execute(sql`CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT`);
 *   const users = repository(database, { table: "users", id: "id", columns: ["id", "name"], schema: User });
 *   await users.save({ id: 1, name: "Ada" });
 *   console.log(await users.find(1)); // { id: 1, name: "Ada" }
 * });
 * ```
 */
export function repository<T extends object, Key extends keyof T & string>(
  queries: Queries,
  options: TableOptions<T, Key>,
): TableRepository<T, T[Key] & RowId> {
  const { table, id, columns, schema, page = 500 } = options;
  requireSchema("repository", schema);
  if (typeof table !== "string" || table === "") {
    throw new TypeError(`repository expects the name of a table, got ${JSON.stringify(table)}`);
  }
  const names: readonly (readonly [property: string, column: string])[] = Array.isArray(columns)
    ? columns.map((name: string) => [name, name] as const)
    : Object.entries(columns);
  if (!names.some(([property]) => property === id)) {
    throw new TypeError(`repository expects the id ${JSON.stringify(id)} among its columns`);
  }
  if (!Number.isSafeInteger(page) || page < 1) {
    throw new RangeError(`repository expects page to be an integer of at least 1, got ${page}`);
  }
  return new TableRepository(queries, new Table(options, names, page));
}

/** The statements of a table. */
class Table<T extends object> {
  readonly schema: StandardSchemaV1<unknown, T>;
  readonly page: number;
  readonly #encode: (item: T) => Readonly<Record<string, unknown>>;
  readonly #id: string;
  readonly #properties: readonly string[];
  readonly #name: Sql;
  readonly #key: Sql;
  readonly #columns: Sql;
  readonly #selected: Sql;
  readonly #onConflict: Sql;

  constructor(
    options: TableOptions<T, keyof T & string>,
    names: readonly (readonly [property: string, column: string])[],
    page: number,
  ) {
    this.schema = options.schema;
    this.page = page;
    this.#encode = options.encode ?? ((item) => item as Readonly<Record<string, unknown>>);
    this.#id = options.id;
    this.#properties = names.map(([property]) => property);
    this.#name = identifier(options.table);
    const idColumn = names.find(([property]) => property === options.id)![1];
    this.#key = identifier(idColumn);
    this.#columns = join(names.map(([, name]) => identifier(name)));
    this.#selected = join(
      names.map(([property, name]) => sql`${identifier(name)} AS ${identifier(property)}`),
    );
    const others = names.filter(([property]) => property !== options.id).map(([, name]) => identifier(name));
    const update = others.map((name) => sql`${name} = excluded.${name}`);
    this.#onConflict =
      update.length === 0
        ? sql`ON CONFLICT (${this.#key}) DO NOTHING`
        : sql`ON CONFLICT (${this.#key}) DO UPDATE SET ${join(update)}`;
  }

  get itemsPerStatement(): number {
    return Math.max(1, Math.floor(MAX_VALUES / this.#properties.length));
  }

  idOf(item: T): unknown {
    return this.#encode(item)[this.#id];
  }
  select(ids: readonly unknown[]): Sql {
    return sql`SELECT ${this.#selected} FROM ${this.#name} WHERE ${this.#key} IN (${join(ids)})`;
  }
  pageAfter(last: { readonly id: unknown } | undefined): Sql {
    const where = last === undefined ? empty : sql`WHERE ${this.#key} > ${last.id}`;
    return sql`SELECT ${this.#selected} FROM ${this.#name} ${where} ORDER BY ${this.#key} LIMIT ${this.page}`;
  }
  upsert(items: readonly T[]): Sql {
    const rows = items.map((item) => {
      const values = this.#encode(item);
      return sql`(${join(this.#properties.map((property) => values[property]))})`;
    });
    return sql`INSERT INTO ${this.#name} (${this.#columns}) VALUES ${join(rows)} ${this.#onConflict}`;
  }
  remove(id: unknown): Sql {
    return sql`DELETE FROM ${this.#name} WHERE ${this.#key} = ${id}`;
  }
}

/** The repository over a table that `repository` gives. */
export class TableRepository<T extends object, Id extends RowId> implements Repository<T, Id> {
  readonly #queries: Queries;
  readonly #table: Table<T>;

  /** @internal */
  constructor(queries: Queries, table: unknown) {
    this.#queries = queries;
    this.#table = table as Table<T>;
  }

  /** The same repository, in a transaction. */
  in(transaction: Queries): TableRepository<T, Id> {
    return new TableRepository(transaction, this.#table);
  }

  /** The one with this id; `undefined` if there is none. */
  find(id: Id): Future<T | undefined> {
    return this.#read(this.#table.select([requireId("Repository.find", id)])).map(([item]) => item);
  }

  findMany(ids: Iterable<Id>): Future<T[]> {
    const unique = [...new Map([...ids].map((id) => [alike(id), id])).values()];
    for (const id of unique) requireId("Repository.findMany", id);
    if (unique.length === 0) return ready([]);
    if (unique.length <= MAX_VALUES) return this.#read(this.#table.select(unique));
    return asyncFn(() => this.#findMany(unique))();
  }

  save(item: T): Future<void> {
    return this.#queries.execute(this.#table.upsert([item])).map(() => {});
  }

  saveMany(items: Iterable<T>): Future<void> {
    const last = new Map<unknown, T>();
    for (const item of items) last.set(alike(this.#table.idOf(item)), item);
    const chunks = chunked([...last.values()], this.#table.itemsPerStatement);
    const statements = chunks.map((chunk) => this.#table.upsert(chunk));
    if (statements.length === 0) return ready(undefined);
    if (statements.length === 1) return this.#queries.execute(statements[0]!).map(() => {});
    return this.#queries.transaction(function* (tx) {
      for (const statement of statements) yield* tx.execute(statement);
    });
  }

  delete(id: Id): Future<boolean> {
    const statement = this.#table.remove(requireId("Repository.delete", id));
    return this.#queries.execute(statement).map((count) => count > 0);
  }

  all(): Stream<T> {
    const pages = Stream.unfold<Cursor, readonly T[]>({ last: undefined, isLast: false }, (cursor) =>
      asyncFn(() => this.#nextPage(cursor))(),
    );
    return pages.flatMap((items) => items);
  }

  *#nextPage({ last, isLast }: Cursor): Routine<readonly [readonly T[], Cursor] | undefined> {
    if (isLast) return undefined;
    const items = yield* this.#read(this.#table.pageAfter(last));
    const end = items.at(-1);
    if (end === undefined) return undefined;
    return [items, { last: { id: this.#table.idOf(end) }, isLast: items.length < this.#table.page }];
  }

  *#findMany(ids: readonly RowId[]): Routine<T[]> {
    const found: T[] = [];
    for (const chunk of chunked(ids, MAX_VALUES)) {
      found.push(...(yield* this.#read(this.#table.select(chunk))));
    }
    return found;
  }

  #read(statement: Sql): Future<T[]> {
    return this.#queries.query(statement, this.#table.schema, { readOnly: true });
  }
}

/** Where a stream of pages is. */
interface Cursor {
  readonly last: { readonly id: unknown } | undefined;
  readonly isLast: boolean;
}

function requireId<Id>(caller: string, id: Id): Id {
  if (typeof id === "string" || typeof id === "number" || typeof id === "bigint") return id;
  throw new TypeError(`${caller} expects an id (a string, number or bigint), got ${String(id)}`);
}

/** The same for ids that a database holds for the same: 7n is 7. */
function alike(id: unknown): unknown {
  return typeof id === "bigint" && Number.isSafeInteger(Number(id)) ? Number(id) : id;
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
