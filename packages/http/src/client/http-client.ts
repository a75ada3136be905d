/** `HttpClient`: the platform's `fetch` as lazy futures that have limits. */
import type { InFlightLimits } from "./in-flight.ts";
import { InFlight } from "./in-flight.ts";
import { count, optionsOf } from "../option-values.ts";
import { pin } from "../pin.ts";
import type { Sending } from "./attempt.ts";
import { HttpCall } from "./http-call.ts";
import {
  askingForJson,
  makePlan,
  requireNoCredentials,
  withOptions,
  type CallOptions,
  type CommonOptions,
  type Defaults,
} from "./request-plan.ts";
import { retryPolicy } from "./retry.ts";

/** What all requests of a client have in common. */
export interface ClientOptions extends CommonOptions {
  /** What relative URLs are below of. With it, all requests go to its origin. */
  readonly baseUrl?: string | URL;
  /** Requests in flight at once; further ones wait, first come, first served. Default 256. */
  readonly maxInFlight?: number;
  /** Of these, to one host and port. Default 64. */
  readonly maxPerHost?: number;
  /** What sends them. Default: the platform's, looked up when a request is sent. A paused clock stands still for that one, and not for another: it may wait in virtual time. */
  readonly fetch?: typeof fetch;
}

/**
 * A client with a base URL, headers, limits and retries in common. It holds nothing that would have to be
 * closed.
 *
 * Every method gives an `HttpCall`, which is lazy. Bad input throws a `TypeError` or `RangeError` at once.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { HttpClient, StatusError } from "@millrace/http";
 *
 * const fetch = async (): Promise<Response> => new Response("no such user", { status: 404 });
 * const client = new HttpClient({ baseUrl: "http://localhost/api", timeout: 2000, maxPerHost: 8, fetch });
 *
 * await main(function* () {
 *   try {
 *     console.log(yield* client.get("users/7", { query: { full: true } }).json());
 *   } catch (error) {
 *     if (!(error instanceof StatusError)) throw error;
 *     console.log(error.status, error.bodyStart); // 404 no such user
 *   }
 * });
 * ```
 */
export class HttpClient {
  readonly #defaults: Defaults;
  readonly #sending: Sending;

  /** A client that sends nothing yet. @throws TypeError, RangeError for bad options. */
  constructor(options: ClientOptions = {}) {
    const { maxInFlight = 256, maxPerHost = 64, baseUrl, fetch: given } = optionsOf("HttpClient", options);
    const defaults = withOptions("HttpClient", { ...BY_DEFAULT, baseUrl: checkBase(baseUrl) }, options);
    this.#defaults = { ...defaults, jsonHeaders: askingForJson(defaults.headers) };
    const limits: InFlightLimits = {
      total: count("HttpClient", "maxInFlight", maxInFlight, 1),
      perHost: count("HttpClient", "maxPerHost", maxPerHost, 1),
    };
    if (given !== undefined && typeof given !== "function")
      throw new TypeError(`HttpClient expects fetch to be a function, got ${typeof given}`);
    this.#sending = {
      fetch: given ?? ((input, init) => fetch(input, init)),
      isNetwork: given === undefined,
      inFlight: new InFlight(limits),
    };
  }

  /** A request with this method; as all of them, it is sent when the call is awaited, and throws TypeError or RangeError for bad input at once. */
  get(url: string | URL, options?: CallOptions): HttpCall {
    return this.request("GET", url, options);
  }
  /** As `get`; the answer has no body. */
  head(url: string | URL, options?: CallOptions): HttpCall {
    return this.request("HEAD", url, options);
  }
  /** As `get`, with what `json` or `body` say as its body. */
  post(url: string | URL, options?: CallOptions): HttpCall {
    return this.request("POST", url, options);
  }
  /** As `post`. */
  put(url: string | URL, options?: CallOptions): HttpCall {
    return this.request("PUT", url, options);
  }
  /** As `post`. */
  patch(url: string | URL, options?: CallOptions): HttpCall {
    return this.request("PATCH", url, options);
  }
  /** As `get`. */
  delete(url: string | URL, options?: CallOptions): HttpCall {
    return this.request("DELETE", url, options);
  }

  /** Any method; its name is sent in upper case. */
  request(method: string, url: string | URL, options: CallOptions = {}): HttpCall {
    return new HttpCall(this.#sending, makePlan(method.toUpperCase(), url, options, this.#defaults));
  }
}

const BY_DEFAULT: Omit<Defaults, "baseUrl"> = {
  headers: new Headers(),
  jsonHeaders: undefined,
  timeout: 30_000,
  totalTimeout: Infinity,
  retry: retryPolicy("HttpClient", undefined),
  maxBytes: 64 * 1024 * 1024,
  acceptStatus: (status) => status >= 200 && status < 300,
  init: {},
};

function checkBase(base: string | URL | undefined): URL | undefined {
  if (base === undefined) return undefined;
  const url = URL.canParse(String(base)) ? new URL(base) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") {
    requireNoCredentials("HttpClient", "baseUrl", url);
    url.search = url.hash = "";
    return url;
  }
  throw new TypeError(
    `HttpClient expects baseUrl to be an http or https URL, got ${JSON.stringify(String(base))}`,
  );
}

pin(new HttpClient().get("http://localhost/"));
