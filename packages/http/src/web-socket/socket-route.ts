/** What a WebSocket connection is taken for, and on which conditions. */
import type { Awaitable, Duration, Routine, TaskContext } from "millrace";
import { count, milliseconds } from "../option-values.ts";
import type { WebSocketConnection } from "./web-socket-connection.ts";

/** An async function, a generator function or a plain one; when it ends, the connection is closed (1000). */
export type SocketHandler =
  | ((socket: WebSocketConnection, cx: TaskContext) => Routine<void>)
  | ((socket: WebSocketConnection, cx: TaskContext) => Awaitable<void>);

/** Who may connect, and within which limits. */
export interface SocketRoute {
  /** Serves one connection. */
  readonly handle: SocketHandler;
  /**
   * From which pages browsers may connect. "same" (the default): from those of the host that the request
   * names. A list: from these origins, such as "https://example.org". What is no browser sends no `Origin`
   * and is let in; ask it for credentials.
   */
  readonly origins?: "same" | readonly string[] | ((origin: string) => boolean);
  /** Subprotocols that the server speaks, the best first; the first that the client offers is taken. */
  readonly protocols?: readonly string[];
  /** Connections at once of all routes with this `handle`, the same function; further ones get 503. Default 10 000. */
  readonly maxConnections?: number;
  /** How often a silent client is pinged; after two intervals without a sign of life it is gone. Default 30 s. */
  readonly ping?: Duration;
  /** How much may wait to be sent, in bytes, before `send` waits. Default 64 KiB. */
  readonly sendBuffer?: number;
  /** How much may wait to be read, in bytes, before the client is made to wait. Default 256 KiB. */
  readonly receiveBuffer?: number;
  /** How long a handler may go on once the connection has closed. Default 5 s. */
  readonly closeGrace?: Duration;
}

export interface SocketSettings {
  readonly maxConnections: number;
  readonly ping: number;
  readonly sendBuffer: number;
  readonly receiveBuffer: number;
  readonly closeGrace: number;
}

/** @throws TypeError, RangeError when the route is none. */
export function settingsOf(route: SocketRoute): SocketSettings {
  if (typeof route?.handle !== "function")
    throw new TypeError(`SocketRoute expects handle to be a function, got ${typeof route?.handle}`);
  const { ping = 30_000, sendBuffer = 64 * 1024, receiveBuffer = 256 * 1024, closeGrace = 5000 } = route;
  return {
    maxConnections: count("SocketRoute", "maxConnections", route.maxConnections ?? 10_000, 0),
    ping: milliseconds("SocketRoute", "ping", ping),
    sendBuffer: count("SocketRoute", "sendBuffer", sendBuffer, 1),
    receiveBuffer: count("SocketRoute", "receiveBuffer", receiveBuffer, 1),
    closeGrace: milliseconds("SocketRoute", "closeGrace", closeGrace),
  };
}

export function isFromAllowedOrigin(route: SocketRoute, request: Request): boolean {
  const origin = request.headers.get("origin");
  if (origin === null) return true;
  const { origins = "same" } = route;
  if (typeof origins === "function") return origins(origin);
  if (origins !== "same") return origins.includes(origin);
  return URL.canParse(origin) && new URL(origin).host === request.headers.get("host");
}

export function chosenProtocol(route: SocketRoute, request: Request): string | undefined {
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((each) => each.trim());
  return route.protocols?.find((protocol) => offered.includes(protocol));
}
