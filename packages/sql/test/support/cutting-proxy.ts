/** Stands between a client and PostgreSQL, and cuts the line around the message that contains a text. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** Before the server has seen the next message with this text, or after, but before its answer comes back. */
  cut(text: string, when: "before" | "after"): void;
}

export async function startCuttingProxy(server: string): Promise<CuttingProxy> {
  const target = new URL(server);
  const sockets = new Set<Socket>();
  let cut: { readonly text: string; readonly when: "before" | "after" } | undefined;

  const proxy = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
      });
    }
    let isCut = false;
    client.on("data", (chunk) => {
      if (cut === undefined || !chunk.includes(cut.text)) return void upstream.write(chunk);
      isCut = true;
      if (cut.when === "after") upstream.write(chunk);
      else client.destroy();
      cut = undefined;
    });
    // The first word of an answer means that it was executed.
    upstream.on("data", (chunk) => (isCut ? client.destroy() : client.write(chunk)));
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const url = new URL(server);
  url.port = `${(proxy.address() as AddressInfo).port}`;
  return {
    url: url.href,
    cut: (text, when) => {
      cut = { text, when };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
