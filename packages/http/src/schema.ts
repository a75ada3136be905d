/** Checking a value with whatever library the program uses, through the Standard Schema interface. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { fromPromise, type Routine } from "millrace";
import type { DecodeIssue } from "./errors.ts";

/** A schema of zod, valibot, arktype or any other library that speaks Standard Schema. */
export type Schema<T = unknown> = StandardSchemaV1<unknown, T>;

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly DecodeIssue[] };

/** @throws TypeError unless `schema` is one, at the caller's line. */
export function requireSchema(caller: string, schema: unknown): void {
  // A schema of arktype is a function.
  const standard = (schema as Partial<Schema> | null | undefined)?.["~standard"];
  if (typeof standard?.validate === "function") return;
  const got = schema === null ? "null" : typeof schema;
  throw new TypeError(
    `${caller} expects a Standard Schema (of zod, valibot, arktype or another library), got ${got}`,
  );
}

export function* check<T>(schema: Schema<T>, value: unknown): Routine<Checked<T>> {
  const given = schema["~standard"].validate(value);
  return checkedBy(given instanceof Promise ? yield* fromPromise(given) : given);
}

/** What a schema has answered. */
export function checkedBy<T>(result: StandardSchemaV1.Result<T>): Checked<T> {
  if (result.issues === undefined) return { ok: true, value: result.value };
  return { ok: false, issues: result.issues.map(toIssue) };
}

/** `items[2].name: expected a string`, for a message. */
export function describeIssues(issues: readonly DecodeIssue[]): string {
  const shown = issues.slice(0, 3).map(({ path, message }) => {
    const at = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
    return at === "" ? message : `${at.replace(/^\./, "")}: ${message}`;
  });
  const rest = issues.length - shown.length;
  return rest > 0 ? `${shown.join("; ")}; and ${rest} more` : shown.join("; ");
}

function toIssue({ message, path = [] }: StandardSchemaV1.Issue): DecodeIssue {
  // `Array.from`: a path of arktype is an array of its own kind, with more in it.
  return { message, path: Array.from(path, (part) => (typeof part === "object" ? part.key : part)) };
}
