/** Why a `fetch` failed: every runtime says it in its own way, mostly some causes down. */
import { NetworkError, type NetworkReason, type RequestName } from "../errors.ts";

/** By `code`, as Node, undici and Bun give it. */
const BY_CODE: readonly (readonly [codes: RegExp, reason: NetworkReason])[] = [
  [/^(ENOTFOUND|EAI_\w+|FailedToResolve|DNS\w*)$/, "dns"],
  [/^(ECONNREFUSED|ConnectionRefused|FailedToOpenSocket|EHOSTUNREACH|ENETUNREACH)$/, "refused"],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ConnectionClosed)$/, "reset"],
  [/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/, "tls"],
  // Ours is a URL: it is the one that the answer has sent us to.
  [/^(TooManyRedirects|RedirectURLInvalid|ERR_INVALID_URL)$/, "redirect"],
];

/** By message, where there is no code. */
const BY_MESSAGE: readonly (readonly [words: RegExp, reason: NetworkReason])[] = [
  [/redirect|URL scheme must be|cross origin not allowed/i, "redirect"],
  [/dns|resolve|lookup|not known/i, "dns"],
  [/refused|unreachable/i, "refused"],
  [/certificate|tls|ssl|corrupt message/i, "tls"],
  [/reset|closed|terminated|end of file|aborted|length|incomplete|reading a body/i, "reset"],
];

/** Deno names the address that was asked for, whose words mean nothing: https://dns.example. */
const URLS = /\b\w+:\/\/\S+/g;

/** Every other try has the same end: a server with a wrong certificate will have it in a second, too. */
export function isTransient(reason: NetworkReason): boolean {
  return reason !== "tls" && reason !== "redirect";
}

export function toNetworkError(request: RequestName, cause: unknown): NetworkError {
  const chain = causes(cause);
  const words = chain.at(-1)?.message;
  const message = words === undefined || words === "" ? String(cause) : words;
  return new NetworkError(request, reasonOf(chain), message, { cause });
}

function reasonOf(chain: readonly Error[]): NetworkReason {
  for (const error of chain.toReversed()) {
    const { code } = error as { readonly code?: unknown };
    if (typeof code !== "string") continue;
    for (const [codes, reason] of BY_CODE) if (codes.test(code)) return reason;
  }
  for (const { message } of chain.toReversed()) {
    const said = message.replaceAll(URLS, "");
    for (const [words, reason] of BY_MESSAGE) if (words.test(said)) return reason;
  }
  return "other";
}

/** The error, its cause, and so on; the first of several tries stands for all of them. */
function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && !chain.includes(each);) {
    chain.push(each);
    each = each instanceof AggregateError && each.errors.length > 0 ? each.errors[0] : each.cause;
  }
  return chain;
}
