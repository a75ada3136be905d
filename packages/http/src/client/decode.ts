/** From the text of a body to the value that was asked for. */
import { DecodeError, type RequestName } from "../errors.ts";
import { checkedBy, describeIssues, type Schema } from "../schema.ts";

/** How much of a body is kept for the error about it, in characters. */
const START = 4096;

/** The JSON of a body, and the text that it was. */
export interface Parsed {
  readonly text: string;
  readonly json: unknown;
}

/** @throws DecodeError unless the schema takes it. */
export async function checked<T>(
  request: RequestName,
  { text, json }: Parsed,
  schema: Schema<T>,
): Promise<T> {
  const result = checkedBy(await schema["~standard"].validate(json));
  if (result.ok) return result.value;
  const message = `the body is not what the schema expects: ${describeIssues(result.issues)}`;
  throw new DecodeError(request, message, text.slice(0, START), result.issues);
}

/** @throws DecodeError unless it is JSON. */
export function parse(request: RequestName, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message =
      text === "" ? "the body is empty, not JSON" : `the body is not JSON: ${(cause as Error).message}`;
    throw new DecodeError(request, message, text.slice(0, START), [], { cause });
  }
}
