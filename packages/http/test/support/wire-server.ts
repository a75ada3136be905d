/** A server of bare TCP: it answers with whatever bytes a test likes, and breaks off when it likes. */
import { createServer, type AddressInfo, type Socket } from "node:net";

export interface WireServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Connections that are open now, and all there were. */
  readonly open: () => number;
  readonly all: () => number;
}

/** `answer` is called for each request: bytes that a client has sent, up to an empty line. */
export async function wireServer(answer: (socket: Socket, request: string) => void): Promise<WireServer> {
  const sockets = new Set<Socket>();
  let all = 0;
  const server = createServer((socket) => {
    all++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
      if (!got.includes("\r\n\r\n")) return;
      const request = got;
      got = "";
      answer(socket, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    open: () => sockets.size,
    all: () => all,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends a byte now and then, until the socket closes. */
export function trickle(socket: Socket, byte: string, every: number): void {
  const timer = setInterval(() => socket.write(byte), every);
  socket.on("close", () => clearInterval(timer));
}
