/** WebSocket clients: one that behaves, and one by hand that need not. */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/** An open connection of the platform's own client, with what it got. */
export interface Client {
  readonly socket: WebSocket;
  readonly messages: (string | ArrayBuffer)[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export async function client(url: string, protocols: string[] = []): Promise<Client> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), protocols);
  socket.binaryType = "arraybuffer";
  const messages: (string | ArrayBuffer)[] = [];
  socket.addEventListener("message", ({ data }) => messages.push(data as string | ArrayBuffer));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason })),
  );
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error("the connection was refused")));
  });
  return { socket, messages, closed };
}

/** The status that an upgrade is answered with, and the socket, which reads nothing more. */
export function upgrade(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly head: string; readonly socket: Socket }> {
  const { hostname, port, pathname } = new URL(url);
  const all: Record<string, string> = {
    host: `${hostname}:${port}`,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`),
    );
    socket.on("error", reject);
    socket.once("data", (chunk) => {
      socket.pause();
      const end = chunk.indexOf("\r\n\r\n") + 4;
      const head = chunk.toString("latin1", 0, end);
      // What came with it is for whoever reads on.
      if (end < chunk.length) socket.unshift(chunk.subarray(end));
      resolve({ status: Number(head.split(" ")[1]), head, socket });
    });
  });
}

/** A frame as clients send them: masked, and short or longer. */
export function frame(opcode: number, payload: Uint8Array): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 10 : 2);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (long ? 127 : payload.length);
  if (long) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4]!)]);
}
