/** What SQLite answers, as the errors of this package. The codes: https://sqlite.org/rescode.html */
import { CancelledError, ClosedError } from "millrace";
import { ThreadError } from "millrace/threads";
import {
  ConnectionError,
  ConstraintError,
  ContentionError,
  StatementError,
  type Constraint,
  type SqlErrorDetails,
} from "../errors.ts";

const constraints: ReadonlyMap<number, Constraint> = new Map([
  [275, "check"],
  [787, "foreign key"],
  [1299, "not null"],
  [1555, "unique"], // of the primary key
  [2067, "unique"],
  [2579, "unique"], // of the row id
]);

/** BUSY, LOCKED. */
const contention: ReadonlySet<number> = new Set([5, 6]);
/** PERM, IOERR, CORRUPT, CANTOPEN, NOTADB: of the file, not of the statement. */
const unusable: ReadonlySet<number> = new Set([3, 10, 11, 14, 26]);

/** Where there is only a message: Deno tells no code for what it opens or executes without preparing it. */
const byMessage: readonly (readonly [words: RegExp, code: number])[] = [
  [/^access permission denied/, 3],
  [/^database (table )?is locked/, 5],
  [/^attempt to write a readonly database/, 8],
  [/^disk I\/O error/, 10],
  [/^database disk image is malformed/, 11],
  [/^unable to open database file/, 14],
  [/^FOREIGN KEY constraint failed/, 787], // at a commit
  [/^file is not a database/, 26],
];

export function sqliteFailure(cause: unknown, target: string, statement?: string): unknown {
  if (cause instanceof ClosedError || cause instanceof CancelledError) return cause;
  const { message = "", code } = cause as { message?: string; code?: string };
  let { errcode } = cause as { errcode?: number };
  if (code === "ERR_SQLITE_ERROR") errcode ??= byMessage.find(([words]) => words.test(message))?.[1];
  const databaseCode = errcode === undefined ? undefined : String(errcode);
  const details: SqlErrorDetails = { cause, statement, databaseCode };
  if (cause instanceof ThreadError) {
    return new ConnectionError(`the connection to ${target} broke: ${message}`, {
      ...details,
      isOutcomeUnknown: statement !== undefined,
    });
  }
  if (errcode === undefined) return new StatementError(`${target}: ${message}`, details);
  const primary = errcode & 0xff;
  if (primary === 19) return new ConstraintError(message, constraints.get(errcode) ?? "other", details);
  if (contention.has(primary)) return new ContentionError(`${target} is locked: ${message}`, details);
  if (unusable.has(primary))
    return new ConnectionError(`cannot use the database ${target}: ${message}`, details);
  return new StatementError(`${target}: ${message}`, details);
}
