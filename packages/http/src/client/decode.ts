/** From the bytes of a body to the value that was asked for. */
import type { Routine } from "millrace";
import { DecodeError, type RequestName } from "../errors.ts";
import { check, describeIssues, type Schema } from "../schema.ts";

/** How much of a body is kept for the error about it, in characters. */
const START = 4096;

const decoder = new TextDecoder();

/** What a body read as a whole is made into. */
export type Decoder<T> = (bytes: Uint8Array<ArrayBuffer>) => Routine<T>;

export function* asBytes(bytes: Uint8Array<ArrayBuffer>): Routine<Uint8Array<ArrayBuffer>> {
  return bytes;
}

export function* asText(bytes: Uint8Array): Routine<string> {
  return decoder.decode(bytes);
}

/** Throws `DecodeError` unless it is JSON and, with a schema, a value that the schema takes. */
export function jsonDecoder<T>(request: RequestName, schema: Schema<T> | undefined): Decoder<T> {
  return (bytes) => toJsonValue(request, decoder.decode(bytes), schema);
}

function* toJsonValue<T>(request: RequestName, text: string, schema: Schema<T> | undefined): Routine<T> {
  const value = parse(request, text);
  if (schema === undefined) return value as T;
  const checked = yield* check(schema, value);
  if (checked.ok) return checked.value;
  const message = `the body is not what the schema expects: ${describeIssues(checked.issues)}`;
  throw new DecodeError(request, message, text.slice(0, START), checked.issues);
}

function parse(request: RequestName, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message =
      text === "" ? "the body is empty, not JSON" : `the body is not JSON: ${(cause as Error).message}`;
    throw new DecodeError(request, message, text.slice(0, START), [], { cause });
  }
}
