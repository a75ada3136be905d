/** What a handler can still do when its connection has ended. */
import { fromPromise, sleep } from "millrace";
import { expect } from "vitest";
import { serve, type SocketRoute } from "../src/server.ts";
import { until } from "./support/origin.ts";
import { client } from "./support/web-socket-client.ts";
import { inStyles } from "./support/styles.ts";

const serving = (route: SocketRoute) =>
  serve({ drain: 100, handler: () => new Response(), webSocket: () => route });

inStyles("a handler that waits for the end of its connection may clean up after it", {
  async await() {
    const seen: unknown[] = [];
    await using server = await serving({
      async handle(socket) {
        seen.push(await socket.closed());
        await sleep(20);
        seen.push("cleaned up");
      },
    });
    (await client(server.url)).socket.close(4000, "bye");
    await until(() => server.metrics().active === 0);
    expect(seen).toEqual([{ code: 4000, reason: "bye" }, "cleaned up"]);
  },
  *yield() {
    const seen: unknown[] = [];
    const server = yield* serving({
      closeGrace: 20,
      *handle(socket, cx) {
        yield* socket.closed();
        yield* sleep(1);
        seen.push("cleaned up");
        try {
          yield* sleep(60_000); // not for ever, though
        } finally {
          seen.push(cx.isCancelled);
        }
      },
    });
    (yield* fromPromise(client(server.url))).socket.close();
    yield* fromPromise(until(() => server.metrics().active === 0));
    expect(seen).toEqual(["cleaned up", true]);
    yield* server.shutdown();
  },
});
