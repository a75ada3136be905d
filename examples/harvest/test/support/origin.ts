/** An HTTP server whose answers the test decides, and which counts how often it was asked for what. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** `hit` is 1 for the first request to this path. */
export type Respond = (response: ServerResponse, path: string, hit: number) => void;

export interface Origin extends AsyncDisposable {
  url(path: string): string;
  hits(path: string): number;
  readonly totalHits: number;
  /** Requests answered or waiting at this moment. */
  readonly open: number;
  readonly mostOpen: number;
}

export async function startOrigin(respond: Respond): Promise<Origin> {
  const hits = new Map<string, number>();
  let open = 0;
  let mostOpen = 0;

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    const hit = (hits.get(path) ?? 0) + 1;
    hits.set(path, hit);
    mostOpen = Math.max(mostOpen, ++open);
    response.once("close", () => open--);
    respond(response, path, hit);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    hits: (path) => hits.get(path) ?? 0,
    get totalHits() {
      return [...hits.values()].reduce((sum, count) => sum + count, 0);
    },
    get open() {
      return open;
    },
    get mostOpen() {
      return mostOpen;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
