/** What PostgreSQL answers, as the errors of this package. The codes: appendix A of its manual. */
import pg from "pg";
import {
  ConnectionError,
  ConstraintError,
  ContentionError,
  StatementError,
  type Constraint,
  type SqlError,
} from "../errors.ts";

const constraints: ReadonlyMap<string, Constraint> = new Map([
  ["23502", "not null"],
  ["23503", "foreign key"],
  ["23505", "unique"],
  ["23514", "check"],
]);

/** Serialization failure, deadlock, lock not available. */
const contention: ReadonlySet<string> = new Set(["40001", "40P01", "55P03"]);
/** The session was ended, or is not let in: shutdown, too many clients, starting up, idle for too long. */
const ended: ReadonlySet<string> = new Set(["57P01", "57P02", "57P03", "57P05", "53300", "25P03"]);

/** What ended a statement; `statement` is undefined while connecting. */
export function postgresFailure(cause: unknown, target: string, statement?: string): SqlError {
  const isConnecting = statement === undefined;
  if (!(cause instanceof pg.DatabaseError)) {
    const reason = describe(cause);
    const message = isConnecting
      ? `cannot connect to ${target}: ${reason}`
      : `the connection to ${target} broke: ${reason}`;
    return new ConnectionError(message, { cause, statement, isOutcomeUnknown: !isConnecting });
  }
  const { code: databaseCode = "", message, detail } = cause;
  const details = { cause, statement, databaseCode };
  if (isConnecting) return new ConnectionError(`cannot connect to ${target}: ${message}`, details);
  if (ended.has(databaseCode) || databaseCode.startsWith("08")) {
    return new ConnectionError(`${target} ended the session: ${message}`, {
      ...details,
      isOutcomeUnknown: true,
    });
  }
  if (databaseCode.startsWith("23")) {
    const explained = detail === undefined ? message : `${message} (${detail})`;
    return new ConstraintError(explained, constraints.get(databaseCode) ?? "other", details);
  }
  if (contention.has(databaseCode)) return new ContentionError(message, details);
  return new StatementError(message, details);
}

/** The reason may be that of several addresses that were tried. */
function describe(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return describe(cause.errors[0]);
  const { message, code } = cause as { message?: string; code?: string };
  return message === undefined || message === "" ? (code ?? String(cause)) : message;
}
