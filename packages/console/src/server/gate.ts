/**
 * Who may look at a console. It shows what a program does, so nobody but the user who runs it may see it: not
 * another user of the machine, not a page that a browser on it has open.
 *
 * - The address of the console carries a token, good for one visit; the visit gets a session cookie, which no
 *   script can read and no other site's request carries.
 * - Tools of the same user present the key that is in a file of theirs (`discovery.ts`), or a token.
 * - `Host` must be an address of this server: a name that somebody makes resolve to 127.0.0.1 is turned away.
 * - `Origin`, where a browser sends one, must be the console's own; the same goes for `Sec-Fetch-Site`.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** Tokens that nobody has used yet; the oldest is forgotten. */
const MOST_TOKENS = 16;
const MOST_SESSIONS = 64;

export interface Refusal {
  readonly status: 400 | 401 | 403 | 421;
  readonly why: string;
}

export class Gate {
  /** For tools of the same user. */
  readonly key: string = secret();
  readonly #tokens: Set<string> = new Set();
  readonly #sessions: Set<string> = new Set();
  readonly #host: string;
  readonly #port: number;

  /** `host` as it was asked for, `port` as it was given. */
  constructor(host: string, port: number) {
    this.#host = host.toLowerCase();
    this.#port = port;
  }

  /** Browsers keep cookies by host, whatever the port. */
  get cookieName(): string {
    return `millrace-${this.#port}`;
  }

  /** A token that is good for one visit. */
  issue(): string {
    return added(this.#tokens, secret(), MOST_TOKENS);
  }
  /** The session that the token is exchanged for; `undefined` when it is not, or no longer, one. */
  redeem(token: string | null): string | undefined {
    if (token === null || !taken(this.#tokens, token)) return undefined;
    return added(this.#sessions, secret(), MOST_SESSIONS);
  }

  /** What is wrong with a request whoever sends it. */
  refuse({ headers }: IncomingMessage): Refusal | undefined {
    const { host, origin } = headers;
    if (host === undefined || !this.#isOurs(host)) {
      return { status: 421, why: "this console does not answer to that host name" };
    }
    if (origin !== undefined && origin !== `http://${host}`) {
      return { status: 403, why: "this console does not answer to other sites" };
    }
    return undefined;
  }
  /** Whether a browser says that another site's page asks, and not for a page to show. */
  isForeign({ headers }: IncomingMessage): boolean {
    const site = headers["sec-fetch-site"];
    return site !== undefined && site !== "same-origin" && site !== "none";
  }

  /** It carries a session, the key or an unused token. */
  admits(request: IncomingMessage): boolean {
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) {
      const given = /^Bearer ([\w-]+)$/.exec(authorization)?.[1];
      return given !== undefined && (isSame(given, this.key) || taken(this.#tokens, given));
    }
    const session = cookie
      ?.split(";")
      .map((each) => each.trim().split("="))
      .find(([name]) => name === this.cookieName)?.[1];
    return session !== undefined && has(this.#sessions, session);
  }

  #isOurs(host: string): boolean {
    const [, name, port] = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::(\d+))?$/i.exec(host) ?? [];
    if (name === undefined || Number(port ?? 80) !== this.#port) return false;
    const bare = name.replace(/^\[|\]$/g, "").toLowerCase();
    if (bare === "localhost" || bare === this.#host || LOOPBACK.test(bare)) return true;
    // Served to others as well: under any address, but no name that somebody else may have chosen.
    return !isLoopback(this.#host) && isIP(bare) !== 0;
  }
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/;

export function isLoopback(host: string): boolean {
  return host === "localhost" || LOOPBACK.test(host);
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}
function added(set: Set<string>, value: string, most: number): string {
  set.add(value);
  const [oldest] = set;
  if (set.size > most) set.delete(oldest!);
  return value;
}
function taken(set: Set<string>, value: string): boolean {
  const isThere = has(set, value);
  set.delete(value);
  return isThere;
}
/** In a time that says nothing of how much of it was right. */
function has(set: ReadonlySet<string>, value: string): boolean {
  let isThere = false;
  for (const each of set) isThere = isSame(each, value) || isThere;
  return isThere;
}
function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
