/** Rows as values of the program, by a schema of any library that speaks Standard Schema. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { fromPromise, type Routine } from "millrace";
import type { Row } from "./connection.ts";
import { RowError } from "./errors.ts";
import type { Sql } from "./statement.ts";

export type Schema<T> = StandardSchemaV1<unknown, T>;

export function requireSchema<T>(caller: string, schema: Schema<T> | undefined): Schema<T> | undefined {
  const isSchema =
    typeof (schema?.["~standard"] as { validate?: unknown } | undefined)?.validate === "function";
  if (schema === undefined || isSchema) return schema;
  throw new TypeError(`${caller} expects a schema that speaks Standard Schema (zod, valibot, arktype …)`);
}

/** @throws RowError for the first row that is not what the schema says */
export function* checkRows<T>(rows: readonly Row[], schema: Schema<T>, statement: Sql): Routine<T[]> {
  const values: T[] = [];
  for (const [index, row] of rows.entries()) {
    const checked = schema["~standard"].validate(row);
    const result = checked instanceof Promise ? yield* fromPromise(checked) : checked;
    if (result.issues !== undefined) throw rowError(index, result.issues, statement);
    values.push(result.value);
  }
  return values;
}

function rowError(index: number, issues: readonly StandardSchemaV1.Issue[], statement: Sql): RowError {
  const reasons = issues.map(({ message, path = [] }) => {
    const place = path.map((step) => (typeof step === "object" ? step.key : step)).join(".");
    return place === "" ? message : `${place}: ${message}`;
  });
  const message = `row ${index + 1} is not what the schema says: ${reasons.join("; ")}`;
  return new RowError(message, issues, { statement: statement.text });
}
