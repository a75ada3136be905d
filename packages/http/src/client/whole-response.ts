/** A response with all of its body. */
import { asyncFn, fromPromise, type Future, type Routine } from "millrace";
import { requireSchema, type Schema } from "../schema.ts";
import { readBytes } from "./body-bytes.ts";
import { checked, parse } from "./decode.ts";
import type { Reader } from "./lease.ts";
import type { RequestPlan } from "./request-plan.ts";

/** A response whose body is here: it holds nothing, and can be read as often as wanted. */
export class WholeResponse {
  /** The numbers of the status, such as 404. */
  readonly status: number;
  /** What the server said beside the status; often "". */
  readonly statusText: string;
  /** As they were received. */
  readonly headers: Headers;
  /** Where it came from, after redirects. */
  readonly url: string;
  /** The body. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #plan: RequestPlan;

  /** @internal */
  constructor(plan: RequestPlan, response: Response, bytes: Uint8Array<ArrayBuffer>) {
    this.status = response.status;
    this.statusText = response.statusText;
    this.headers = response.headers;
    this.url = response.url === "" ? plan.url : response.url;
    this.bytes = bytes;
    this.#plan = plan;
  }

  /** The body as UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  /**
   * The body as JSON, checked by a schema if one is given.
   *
   * **Cancel safety.** Abandoned, the schema's answer is ignored; the body can be read again.
   *
   * @throws DecodeError when it is no JSON, or not what the schema expects.
   */
  json(): Future<unknown>;
  /** The same, typed by the schema. */
  json<T>(schema: Schema<T>): Future<T>;
  json<T>(schema?: Schema<T>): Future<unknown> {
    if (schema !== undefined) requireSchema("WholeResponse.json", schema);
    return decoded(this.#plan, this.text(), schema as Schema<unknown> | undefined);
  }
}

const decoded = asyncFn(function* (
  plan: RequestPlan,
  text: string,
  schema: Schema<unknown> | undefined,
): Routine<unknown> {
  const json = parse(plan, text);
  return schema === undefined ? json : yield* fromPromise(checked(plan, { text, json }, schema));
});

export const readWhole: Reader<WholeResponse> = async (plan, response, lease) =>
  new WholeResponse(plan, response, await readBytes(plan, response, lease));
