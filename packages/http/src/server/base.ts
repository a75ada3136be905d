/**
 * What the server stands on: srvx, which speaks `Request` and `Response` on Node, Bun and Deno. This file
 * knows how each of them tells that a client has gone away, and how it is made to stop.
 */
import { serve, type NodeServerResponse, type Server, type ServerRequest } from "srvx";
import { ListenError } from "../errors.ts";

export interface BaseOptions {
  readonly hostname: string;
  readonly port: number;
  /** Of a request's body, in bytes. */
  readonly maxBodyBytes: number;
  /** For the headers of a request to arrive, in ms (Node). */
  readonly headersTimeout: number;
  /** For the answer to begin, in ms: Node sees to it that no request takes longer to arrive. */
  readonly deadline: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly handle: (request: ServerRequest) => Response | Promise<Response>;
  /** Changes the server before it listens: where upgrades are taken. */
  readonly prepare: (server: Server) => Promise<void>;
}

export interface Base {
  readonly url: string;
  /** `stop` closes open WebSockets, in words of its own (Deno). */
  readonly closesSockets: boolean;
  /** Answers that are not written yet may be under way when `handle` has given the last one (Bun, Deno). */
  readonly deliversUnseen: boolean;
  /** No more connections; resolves when those there are have ended. Idle ones end at once. */
  stop(): Promise<void>;
  /** Closes every connection as it is. Resolves when nobody listens any more, where that is not at once. */
  kill(): Promise<void> | undefined;
}

export async function listen(options: BaseOptions): Promise<Base> {
  const { hostname, port } = options;
  const killed = new AbortController();
  const server = serve({
    hostname,
    port,
    fetch: options.handle,
    maxRequestBodySize: options.maxBodyBytes,
    ...(options.tls !== undefined && { tls: options.tls }),
    manual: true,
    silent: true,
    gracefulShutdown: false,
    node: { http2: false, ...timeoutsOfNode(options) },
    deno: { signal: killed.signal },
  });
  await options.prepare(server);
  try {
    await server.serve();
  } catch (cause) {
    throw new ListenError(hostname, port, cause);
  }
  let hasStopped = false;
  return {
    url: (server.url ?? `http://${hostname}:${port}`).replace(/\/$/, ""),
    closesSockets: server.runtime === "deno",
    deliversUnseen: server.runtime !== "node",
    async stop() {
      await server.close(false);
      hasStopped = true;
    },
    kill() {
      if (hasStopped) return undefined;
      killed.abort();
      if (server.runtime === "deno") return server.deno?.server?.finished;
      // Its promise is that of `stop`, which somebody waits for.
      server.close(true).catch(() => {});
      return undefined;
    },
  };
}

/** Node wants whole numbers, 0 for no limit, and for a whole request as long as for its headers at least. */
function timeoutsOfNode({ headersTimeout, deadline }: BaseOptions): Record<string, number> {
  const limit = (ms: number): number => (ms === Infinity ? 0 : Math.max(1, Math.ceil(ms)));
  return {
    headersTimeout: limit(headersTimeout),
    requestTimeout: limit(Math.max(300_000, headersTimeout, deadline)),
    // Node looks for late clients this often.
    connectionsCheckingInterval: Math.min(30_000, Math.max(100, Math.ceil(headersTimeout / 4))),
  };
}

/**
 * Calls `over` when the connection ends before the answer has been written (false), and, where the runtime
 * tells that, when all of it has been (true). `failure` is that of a body which the platform has read.
 */
export function onAnswerOver(
  request: ServerRequest,
  over: (isWhole: boolean, failure: Error | null) => void,
): void {
  // On Node an `AbortSignal` for each request would cost more than the request's task.
  const response = request.runtime?.node?.res;
  if (response !== undefined) {
    // `on` costs less than `once`, and it closes once.
    response.on("close", () => over(response.writableFinished, failureOf(response)));
    return;
  }
  if (request.signal.aborted) over(false, null);
  else request.signal.addEventListener("abort", () => over(false, null), { once: true });
}

/** What its body failed with. With a client that leaves, Node fails the answers that are in line for the connection. */
function failureOf({ errored, socket }: NodeServerResponse): Error | null {
  const isInLine = socket === null && (errored as { readonly code?: unknown } | null)?.code === "ECONNRESET";
  // Undefined where it was destroyed without an error, whatever the types say.
  return isInLine ? null : (errored ?? null);
}

/** Whether `onAnswerOver` always calls back. */
export function tellsDelivery(request: ServerRequest): boolean {
  return request.runtime?.node?.res !== undefined;
}

/** The rest of the answer is not sent, and the client can tell. */
export function breakOff(request: ServerRequest): void {
  request.runtime?.node?.res?.destroy();
}

/** How long a body is, as far as the client has said so. */
export function declaredLength(request: ServerRequest): number {
  const headers = request.runtime?.node?.req.headers;
  return Number(
    (headers === undefined ? request.headers.get("content-length") : headers["content-length"]) ?? 0,
  );
}

/** `GET /path`, for reports. */
export function nameOf(request: ServerRequest): string {
  const target = request.runtime?.node?.req.url ?? new URL(request.url).pathname;
  const query = target.indexOf("?");
  return `${request.method} ${query === -1 ? target : target.slice(0, query)}`;
}
