/** Values on their way into a database, as far as all of them are alike. */
import { isAnyArrayBuffer } from "node:util/types";
import { StatementError } from "./errors.ts";

/** Bytes of whatever kind: those that are seen, of a larger buffer; `undefined` for what is none. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return isAnyArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

/** @throws StatementError for what JSON cannot hold: nothing was sent. */
export function jsonOf(value: object, statement: string): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  const why = cause === undefined ? "it says to be nothing" : (cause as Error).message;
  throw new StatementError(`a value cannot be stored as JSON: ${why}`, { cause, statement });
}
