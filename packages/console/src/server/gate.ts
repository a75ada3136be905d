/**
 * Who may look at a console. It shows what a program does, so nobody but the user who runs it may see it: not
 * another user of the machine, not a page that a browser on it has open.
 *
 * - The address of the console carries a token, good for one visit; the visit gets a session: a folder with a
 *   secret name, and a cookie for this folder, which no script can read and no other site's request carries.
 *   Browsers send the cookies of a host to all its ports; those of a folder that they were never asked for, they
 *   do not. So what else listens on this machine, for whomever, sees none of it.
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
const COOKIE = "millrace";

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 421;
  readonly why: string;
}
export interface Session {
  /** The folder in which the console is for this session: "/name/". */
  readonly folder: string;
  /** What to set, good for this folder only. */
  readonly cookie: string;
}

export class Gate {
  /** For tools of the same user. */
  readonly key: string = secret();
  readonly #tokens: Set<string> = new Set();
  /** The secret of each, by its folder's name. */
  readonly #sessions: Map<string, string> = new Map();
  readonly #host: string;
  readonly #port: number;

  /** `host` as it was asked for, `port` as it was given. */
  constructor(host: string, port: number) {
    this.#host = host.toLowerCase();
    this.#port = port;
  }

  /** A token that is good for one visit. */
  issue(): string {
    const token = secret();
    this.#tokens.add(token);
    forgetOldest(this.#tokens, MOST_TOKENS);
    return token;
  }
  /** The session that the token is exchanged for; `undefined` when it is not, or no longer, one. */
  redeem(token: string | null): Session | undefined {
    if (token === null || !this.#take(token)) return undefined;
    const [name, value] = [secret(), secret()];
    this.#sessions.set(name, value);
    forgetOldest(this.#sessions, MOST_SESSIONS);
    const folder = `/${name}/`;
    return { folder, cookie: `${COOKIE}=${value}; HttpOnly; SameSite=Strict; Path=${folder}` };
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

  /** It carries the key or an unused token: a tool, not a page. */
  admitsTool({ headers }: IncomingMessage): boolean {
    const given = /^Bearer ([\w-]+)$/.exec(headers.authorization ?? "")?.[1];
    return given !== undefined && (isSame(given, this.key) || this.#take(given));
  }
  /** It carries the cookie of the session with that name, and no other site's page sent it. */
  admitsPage(request: IncomingMessage, session: string): boolean {
    const wanted = this.#sessions.get(session);
    if (wanted === undefined || this.isForeign(request)) return false;
    const cookies = (request.headers.cookie ?? "").split(";").map((each) => each.trim().split("="));
    return cookies.some(([name, value]) => name === COOKIE && value !== undefined && isSame(value, wanted));
  }

  /** In a time that says nothing of how much of it was right. */
  #take(token: string): boolean {
    let found: string | undefined;
    for (const each of this.#tokens) if (isSame(each, token)) found = each;
    return found !== undefined && this.#tokens.delete(found);
  }

  #isOurs(host: string): boolean {
    const [, name, port] = /^(\[[\da-f.]*:[\da-f:.]*\]|[^:[\]]+)(?::(\d+))?$/i.exec(host) ?? [];
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
function forgetOldest(kept: Set<string> | Map<string, string>, most: number): void {
  const [oldest] = kept.keys();
  if (kept.size > most) kept.delete(oldest!);
}
function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
