/**
 * What is to be sent, worked out and checked when the call is made, so that bad input fails at the caller's
 * line. A plan can be carried out more than once, unless its body can be read only once.
 */
import type { Duration } from "millrace";
import type { CancellationToken } from "millrace";
import { Stream } from "millrace/stream";
import { count, milliseconds, optionsOf } from "../option-values.ts";
import { retryPolicy, type RetryOptions, type RetryPolicy } from "./retry.ts";

/** Values for the query: `undefined` and `null` are left out, arrays give the key several times. */
export type Query = Readonly<
  Record<string, QueryValue | null | undefined | readonly QueryValue[]> | URLSearchParams
>;
/** What a query can have as a value. */
export type QueryValue = string | number | bigint | boolean;

/** What can be sent: text, bytes, a form, or a stream, which is pulled as the socket takes it. */
export type RequestBody =
  | string
  | Uint8Array<ArrayBuffer>
  | ArrayBuffer
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** What a client and one request can both say; the request has the last word. */
export interface CommonOptions {
  /** Those of a request are added to those of the client, and replace them. */
  readonly headers?: HeadersInit;
  /** For one attempt, from its sending to the last byte of the answer; of a body that is streamed, for the headers and then for each chunk. Default 30 s. */
  readonly timeout?: Duration;
  /** For everything: waiting for a place, all attempts and the waits between them, and the body. Default `Infinity`. */
  readonly totalTimeout?: Duration;
  /** Default: twice, for idempotent methods. `false`: never. */
  readonly retry?: RetryOptions | false;
  /** Of an answer that is read as a whole. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Which statuses are a success. Default 200 to 299. */
  readonly acceptStatus?: (status: number) => boolean;
  /** Passed on to `fetch`: `redirect`, `credentials`, `cache` and the like. */
  readonly init?: Omit<RequestInit, "method" | "headers" | "body" | "signal">;
}

/** What one request says. */
export interface CallOptions extends CommonOptions {
  /** Is appended to the query of the URL. */
  readonly query?: Query;
  /** A value to send as JSON. */
  readonly json?: unknown;
  /** What to send otherwise. A function gives it anew for each attempt; a stream without one is sent once, and never again. */
  readonly body?: RequestBody | (() => RequestBody);
  /** Gives the request up with `RequestAbandonedError` when it fires. */
  readonly signal?: AbortSignal | CancellationToken;
}

/** Options with nothing left open. */
export interface Defaults {
  readonly baseUrl: URL | undefined;
  /** Shared by the requests that add none; never changed. */
  readonly headers: Headers;
  /** The same, and asking for JSON; undefined: to be made when it is needed. */
  readonly jsonHeaders: Headers | undefined;
  readonly timeout: number;
  readonly totalTimeout: number;
  readonly retry: RetryPolicy;
  readonly maxBytes: number;
  readonly acceptStatus: (status: number) => boolean;
  readonly init: RequestInit;
}

export interface RequestPlan extends Omit<Defaults, "baseUrl" | "headers"> {
  headers: Headers;
  /** When `totalTimeout` will have passed, in ms as `now()` gives; known when it has been sent. */
  deadline: number;
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly makeBody: (() => BodyInit) | undefined;
  readonly isStreaming: boolean;
  readonly signal: AbortSignal | CancellationToken | undefined;
}

/** `base` with what `options` say. */
export function withOptions(caller: string, base: Defaults, options: CommonOptions): Defaults {
  const { headers, timeout, totalTimeout, retry, maxBytes, acceptStatus, init } = optionsOf(caller, options);
  return {
    baseUrl: base.baseUrl,
    headers: headers === undefined ? base.headers : mergeHeaders(caller, base.headers, headers),
    jsonHeaders: headers === undefined ? base.jsonHeaders : undefined,
    timeout: timeout === undefined ? base.timeout : milliseconds(caller, "timeout", timeout),
    totalTimeout:
      totalTimeout === undefined ? base.totalTimeout : milliseconds(caller, "totalTimeout", totalTimeout),
    retry: retryPolicy(caller, retry, base.retry),
    maxBytes: maxBytes === undefined ? base.maxBytes : count(caller, "maxBytes", maxBytes, 0),
    acceptStatus: acceptStatus ?? base.acceptStatus,
    init: init === undefined ? base.init : { ...base.init, ...init },
  };
}

/** @throws TypeError, RangeError for bad input. */
export function makePlan(
  method: string,
  to: string | URL,
  options: CallOptions,
  defaults: Defaults,
): RequestPlan {
  const caller = `HttpClient ${method}`;
  requireMethod(caller, method);
  const settled = withOptions(caller, defaults, options);
  const url = resolveUrl(caller, defaults.baseUrl, to, options.query);
  const { json, body, signal } = options;
  if (json !== undefined && body !== undefined)
    throw new TypeError(`${caller} expects either json or a body, got both`);
  const make = json === undefined ? bodyMaker(caller, body) : once(toJson(caller, json));
  if (make !== undefined && (method === "GET" || method === "HEAD"))
    throw new TypeError(`${caller} expects no body, since a ${method} request has none`);
  const isTyped = json === undefined || settled.headers.has("content-type");

  const isOneShot = body !== undefined && isStream(body);
  const retry = isOneShot ? { ...settled.retry, limit: 0 } : settled.retry;
  return {
    ...settled,
    headers: isTyped ? settled.headers : withHeader(settled.headers, "content-type"),
    jsonHeaders: isTyped ? settled.jsonHeaders : undefined,
    retry,
    deadline: Infinity,
    method,
    url: url.href,
    host: url.host,
    makeBody: make,
    isStreaming: isOneShot || typeof body === "function",
    signal,
  };
}

/** Those of the methods of this client, which need no looking at. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** `fetch` would refuse it late, and that would count as a failure of the network. */
function requireMethod(caller: string, method: string): void {
  if (METHODS.has(method)) return;
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(method) || /^(CONNECT|TRACE|TRACK)$/.test(method))
    throw new TypeError(`${caller} expects a method that can be sent, got ${JSON.stringify(method)}`);
}

/** @throws TypeError when there is a user or a password in it: `fetch` sends none, and names them in its error. */
export function requireNoCredentials(caller: string, what: string, { username, password }: URL): void {
  if (username === "" && password === "") return;
  throw new TypeError(
    `${caller} expects ${what} without a user and a password; send them in an authorization header`,
  );
}

/** Relative to `base` below its path; a URL of its own must be of the same origin, to which the headers belong. */
function resolveUrl(caller: string, base: URL | undefined, to: string | URL, query: Query | undefined): URL {
  const given = String(to);
  const isWhole = /^[a-z][a-z\d+.-]*:/i.test(given);
  if (base === undefined && !isWhole)
    throw new TypeError(
      `${caller} expects an absolute URL, since the client has no baseUrl, got ${JSON.stringify(given)}`,
    );
  const joined = isWhole ? given : `${base!.href.replace(/\/$/, "")}/${given.replace(/^\/+/, "")}`;
  const text = given === "" ? base!.href : joined;
  const url = URL.parse(text);
  if (url === null) throw new TypeError(`${caller} expects a URL, got ${JSON.stringify(given)}`);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new TypeError(`${caller} expects an http or https URL, got ${JSON.stringify(given)}`);
  requireNoCredentials(caller, "a URL", url);
  if (base !== undefined && url.origin !== base.origin)
    throw new TypeError(
      `${caller} expects a URL of ${base.origin}, where the client's headers belong, got one of ${url.origin}; make a client without a baseUrl for others`,
    );
  if (query !== undefined) appendQuery(url, query);
  return url;
}

function appendQuery(url: URL, query: Query): void {
  const pairs = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  for (const [key, value] of pairs) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined && each !== null) url.searchParams.append(key, String(each));
  }
}

/** Unless they ask for something else. */
export function askingForJson(headers: Headers): Headers {
  return headers.has("accept") ? headers : withHeader(headers, "accept");
}

function withHeader(base: Headers, name: "accept" | "content-type"): Headers {
  const headers = new Headers(base);
  headers.set(name, "application/json");
  return headers;
}

function mergeHeaders(caller: string, base: Headers, more: HeadersInit): Headers {
  const headers = new Headers(base);
  let added: Headers;
  try {
    added = new Headers(more);
  } catch (cause) {
    throw new TypeError(`${caller} expects valid headers: ${(cause as Error).message}`, { cause });
  }
  for (const [name, value] of added) headers.set(name, value);
  return headers;
}

function toJson(caller: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError(`${caller} expects json to be a value for JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (text === undefined)
    throw new TypeError(`${caller} expects json to be a value for JSON, got a ${typeof value}`);
  return text;
}

function bodyMaker(caller: string, body: CallOptions["body"]): (() => BodyInit) | undefined {
  if (body === undefined) return undefined;
  if (typeof body === "function") return () => toBodyInit(requireBody(caller, body()));
  requireBody(caller, body);
  return () => toBodyInit(body);
}

/** Of a plain object or an array `fetch` would make a text such as `[object Object]`. */
function requireBody(caller: string, body: RequestBody): RequestBody {
  if (typeof body === "string") return body;
  if (typeof body === "object" && body !== null) {
    const isPlain = Array.isArray(body) || Object.prototype.toString.call(body) === "[object Object]";
    if (isStream(body) || !isPlain) return body;
  }
  const got = body === null ? "null" : Array.isArray(body) ? "an array" : `a ${typeof body}`;
  throw new TypeError(`${caller} expects body to be text, bytes, a form or a stream, got ${got}`);
}

function once(text: string): () => BodyInit {
  return () => text;
}

/** A stream of ours becomes a web stream, which pulls when the socket takes more. */
function toBodyInit(body: RequestBody): BodyInit {
  if (body instanceof ReadableStream || !isStream(body)) return body as BodyInit;
  return Stream.from(body as AsyncIterable<Uint8Array>).toReadableStream();
}

function isStream(body: unknown): boolean {
  return typeof (body as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}
