/**
 * Statements: text and values apart, so that no value is ever read as SQL. `sql` makes them
 * (sql-template-tag): each `${…}` is a value, or another statement to put there.
 */
import sql, { empty, join, raw, Sql } from "sql-template-tag";

export { empty, join, raw, sql, Sql };

/** A column, table or schema, quoted: for names that are not known before. `"archive.documents"` has two parts. */
export function identifier(name: string): Sql {
  const parts = name.split(".");
  if (parts.includes("") || name.includes("\0")) {
    throw new TypeError(`identifier expects a name, or names joined by dots, got ${JSON.stringify(name)}`);
  }
  return raw(parts.map(quoted).join("."));
}

/** One name, whatever is in it, as SQL writes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Checks what a caller hands in, at the caller's line. */
export function requireStatement(caller: string, statement: unknown): Sql {
  if (!(statement instanceof Sql)) {
    const got = typeof statement === "string" ? `the string ${JSON.stringify(statement)}` : typeof statement;
    throw new TypeError(`${caller} expects a statement made with sql\`…\`, got ${got}`);
  }
  const refused = statement.values.findIndex((value) => whyRefused(value) !== undefined);
  if (refused >= 0) {
    throw new TypeError(
      `${caller}: value ${refused + 1} of ${JSON.stringify(statement.text)} is ${whyRefused(statement.values[refused])}`,
    );
  }
  return statement;
}

/** What would be stored as something else, or refused late. */
function whyRefused(value: unknown): string | undefined {
  if (value === undefined) return "undefined; null stands for no value";
  if (typeof value === "function" || typeof value === "symbol")
    return `a ${typeof value}, which cannot be stored`;
  return value instanceof Date && Number.isNaN(value.getTime()) ? "an invalid date" : undefined;
}
