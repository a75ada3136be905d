/**
 * The side of SQLite that blocks: it runs on a thread of its own, one connection a thread. `node:sqlite`
 * answers synchronously, so whatever it does takes its time here and not on the event loop.
 *
 * What is cancelled is noticed between two rows, and before a commit: a statement outside of a transaction
 * is put in one, and an abandoned one never commits. In between, SQLite cannot be interrupted from here.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { CancelledError } from "millrace";
import { cx, threaded, type ThreadFn } from "millrace/threads";

export interface SqliteFile {
  readonly path: string;
  readonly readOnly: boolean;
  /** How long to wait for another program that has locked the file, in ms. */
  readonly lockWait: number;
}

/** Rows as lists of values: the names travel once. */
export interface SqliteReply {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly count: number;
  /** In the place of all that. */
  readonly failure?: unknown;
  readonly isInTransaction: boolean;
  /** The thread with the connection has ended, and this one took its place: nothing was executed. */
  readonly isReplacement?: boolean;
}

type Answer = Pick<SqliteReply, "columns" | "rows" | "count">;
const nothing: Answer = { columns: [], rows: [], count: 0 };

/** The one connection of this thread. */
let database: DatabaseSync | undefined;
/** Prepared before; the one used longest ago goes first. */
const prepared = new Map<string, StatementSync>();
const MAX_PREPARED = 100;

export const openFile: ThreadFn<[file: SqliteFile], void> = threaded(
  import.meta,
  ({ path, readOnly, lockWait }: SqliteFile) => {
    const opened = new DatabaseSync(path, { readOnly, timeout: lockWait });
    try {
      if (!readOnly) opened.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      opened.exec("PRAGMA foreign_keys = ON");
      // A file that is no database, or can only be read, is found out now.
      opened.exec(readOnly ? "SELECT count(*) FROM sqlite_schema" : "BEGIN IMMEDIATE; COMMIT");
    } catch (error) {
      opened.close();
      throw error;
    }
    database = opened;
  },
);

export const runStatement: ThreadFn<[text: string, values: readonly SQLInputValue[]], SqliteReply> = threaded(
  import.meta,
  (text: string, values: readonly SQLInputValue[]) => {
    if (database === undefined) return { ...nothing, isInTransaction: false, isReplacement: true };
    let answer: Answer | { readonly failure: unknown };
    try {
      const isPart = database.isTransaction || standsAlone(text);
      answer = isPart ? run(database, text, values) : runAlone(database, text, values);
    } catch (failure) {
      answer = { failure };
    }
    return { ...nothing, ...answer, isInTransaction: database.isTransaction };
  },
);

export const isInTransaction: ThreadFn<[], boolean> = threaded(
  import.meta,
  () => database?.isTransaction ?? false,
);

export const closeFile: ThreadFn<[], void> = threaded(import.meta, () => {
  prepared.clear();
  database?.close();
  database = undefined;
});

/** What begins and ends transactions, or cannot be in one. */
function standsAlone(text: string): boolean {
  const said = text.replace(/^(?:\s|--[^\n]*|\/\*[^]*?\*\/)+/, "");
  return /^(begin|commit|end|rollback|savepoint|release|pragma|vacuum|attach|detach)\b/i.test(said);
}

function runAlone(connection: DatabaseSync, text: string, values: readonly SQLInputValue[]): Answer {
  connection.exec("BEGIN");
  try {
    const answer = run(connection, text, values);
    throwIfCancelled();
    connection.exec("COMMIT");
    return answer;
  } finally {
    if (connection.isTransaction) connection.exec("ROLLBACK");
  }
}

function run(connection: DatabaseSync, text: string, values: readonly SQLInputValue[]): Answer {
  const statement = prepare(connection, text);
  if (statement.columns().length === 0) {
    const count = Number(statement.run(...values).changes);
    return { ...nothing, count };
  }
  const rows: unknown[][] = [];
  let columns: readonly string[] = [];
  for (const row of rowsOf(statement, values)) {
    throwIfCancelled();
    // Not sooner: where the schema has changed meanwhile, SQLite prepares it anew when it begins.
    if (rows.length === 0) columns = statement.columns().map(({ name }) => name);
    rows.push((row as unknown[]).map(narrowed));
  }
  return { columns, rows, count: rows.length };
}

function rowsOf(statement: StatementSync, values: readonly SQLInputValue[]): Iterable<unknown> {
  return "Deno" in globalThis ? rowsOnDeno(statement, values) : statement.iterate(...values);
}

/**
 * There iterating ends at an error as if that had been the last row. So what writes is asked for all its rows
 * at once, and what reads and had none is asked again; an error behind the first row of what reads is not seen.
 */
function* rowsOnDeno(statement: StatementSync, values: readonly SQLInputValue[]): Iterable<unknown> {
  if (!onlyReads(statement.sourceSQL)) return yield* statement.all(...values);
  let isEmpty = true;
  for (const row of statement.iterate(...values)) {
    isEmpty = false;
    yield row;
  }
  if (isEmpty) yield* statement.all(...values);
}

/** Not of what calls `replace()`, but that does no harm. */
function onlyReads(text: string): boolean {
  return /^\s*(select|values|with)\b/i.test(text) && !/\b(insert|update|delete|replace)\b/i.test(text);
}

function prepare(connection: DatabaseSync, text: string): StatementSync {
  let statement = prepared.get(text);
  if (statement === undefined) {
    statement = connection.prepare(text);
    // SQLite prepares the first statement, and would leave the rest out in silence.
    const rest = text.slice(statement.sourceSQL.length);
    const more = rest.replace(/^(?:[\s;]|--[^\n]*|\/\*[^]*?(?:\*\/|$))+/, "");
    if (more !== "") throw new Error(`expected one statement, got more: ${JSON.stringify(rest.trim())}`);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    if (prepared.size >= MAX_PREPARED) prepared.delete(prepared.keys().next().value!);
  }
  prepared.delete(text);
  prepared.set(text, statement);
  return statement;
}

/** An integer is a number where that is exact. */
function narrowed(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function throwIfCancelled(): void {
  if (cx().isCancelled) throw new CancelledError("the statement was abandoned");
}
