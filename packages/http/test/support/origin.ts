/** A plain Node server to be asked, which counts its connections. It is plain on purpose: what it sees is not ours. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { fromPromise, type Routine } from "millrace";

export interface Origin extends AsyncDisposable {
  readonly url: string;
  /** Requests that have arrived. */
  readonly requests: () => number;
  /** Connections that are open now. */
  readonly connections: () => number;
  /** Waits until no connection is busy with a request: each is closed, or idle. */
  readonly settled: () => Promise<void>;
  /** Waits until something holds, and fails after five seconds. */
  readonly until: (holds: () => boolean) => Promise<void>;
}

export async function origin(listener: RequestListener): Promise<Origin> {
  const sockets = new Set<Socket>();
  let requests = 0;
  let busy = 0;
  const server = createServer((request, response) => {
    requests++;
    busy++;
    response.once("close", () => busy--);
    listener(request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    connections: () => sockets.size,
    settled: () => until(() => busy === 0),
    until,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** For generator bodies, which have no `await using`: closed with the test's process if the test fails. */
export function* opened(listener: RequestListener): Routine<Origin> {
  return yield* fromPromise(origin(listener));
}
export function* closed(server: Origin, connections: number): Routine<void> {
  yield* fromPromise(server.until(() => server.connections() === connections));
}

/** Looks again and again; the test's own patience ends it. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`still not so after 5 s: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
