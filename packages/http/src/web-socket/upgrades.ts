/**
 * How each runtime's server is asked for a WebSocket: Node has an event of its own for it, elsewhere it is
 * a request like any other. The adapters are those of crossws. Pings are ours, but on Deno, which has its own.
 */
import type { IncomingMessage } from "node:http";
import type { Hooks } from "crossws";
import type { Server, ServerRequest } from "srvx";
import type { SocketMessage } from "./inbox.ts";

/** Answers a request for an upgrade. */
export type Upgrade = (request: ServerRequest) => Promise<Response>;

/** Before the server listens. */
export async function takeUpgrades(
  server: Server,
  hooks: Partial<Hooks>,
  maxPayload: number,
): Promise<Upgrade | undefined> {
  if (server.runtime === "bun") return onBun(server, hooks, maxPayload);
  if (server.runtime === "deno") return onDeno(hooks, maxPayload);
  await onNode(server, hooks, maxPayload);
  return undefined;
}

async function onNode(server: Server, hooks: Partial<Hooks>, maxPayload: number): Promise<void> {
  const { default: adapter } = await import("crossws/adapters/node");
  const { NodeRequest } = await import("srvx/node");
  // Pongs are ours, too: `ws` sends them whether the client reads or not. Its types do not know that it can leave it.
  const serverOptions = { maxPayload, autoPong: false };
  const sockets = adapter({ hooks, idleTimeout: 0, serverOptions });
  // Whoever offers something else, such as h2c, is a request like any other.
  Object.assign(server.node!.server!, { shouldUpgradeCallback: asksForSocket });
  server.node!.server!.on("upgrade", (req, socket, head) => {
    // Until the upgrade is done nobody else listens, and an error would end the process.
    socket.on("error", () => socket.destroy());
    const request = new NodeRequest({ req, upgrade: { socket, head } } as never);
    void sockets.handleUpgrade(req, socket, head, request as unknown as Request);
  });
}

function asksForSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

async function onBun(server: Server, hooks: Partial<Hooks>, maxPayload: number): Promise<Upgrade> {
  const { default: adapter } = await import("crossws/adapters/bun");
  const sockets = adapter({ hooks, idleTimeout: 0 });
  const { serveOptions } = server as unknown as { serveOptions: Record<string, unknown> };
  // Bun keeps what does not fit, and `send` looks at how much that is.
  serveOptions.websocket = {
    ...sockets.websocket,
    maxPayloadLength: maxPayload,
    closeOnBackpressureLimit: false,
  };
  return (request) =>
    sockets.handleUpgrade(request, request.runtime!.bun!.server as never) as Promise<Response>;
}

async function onDeno(hooks: Partial<Hooks>, maxPayload: number): Promise<Upgrade> {
  const { default: adapter } = await import("crossws/adapters/deno");
  const message: Hooks["message"] = (peer, received) => {
    const data = toMessage(received.rawData);
    if (data.length > maxPayload) peer.close(1009, "the message is too long");
    else return hooks.message?.(peer, received);
  };
  // The adapter does not hand on what a close said.
  const open: Hooks["open"] = (peer) => {
    const socket = peer.websocket as WebSocket;
    socket.addEventListener("close", ({ code, reason }) => hooks.close?.(peer, { code, reason }));
    return hooks.open?.(peer);
  };
  const sockets = adapter({ hooks: { ...hooks, message, open, close: () => {} } });
  return async (request) =>
    isHandshake(request)
      ? sockets.handleUpgrade(request, request.runtime!.deno!.info as never)
      : new Response(null, { status: 400 });
}

/** Deno accepts any version, and fails where the key is missing. */
function isHandshake({ headers }: Request): boolean {
  return headers.get("sec-websocket-version") === "13" && headers.has("sec-websocket-key");
}

/** Of Node come buffers, which may be parts of larger ones. */
export function toMessage(data: unknown): SocketMessage {
  if (typeof data === "string") return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data as Uint8Array);
}
