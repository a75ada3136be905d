import {
  asyncFn,
  fromPromise,
  joinAll,
  Notify,
  Runtime,
  sleep,
  spawn,
  type Routine,
  type TaskFailure,
} from "millrace";
import { expect, test } from "vitest";
import { serve, type HttpServer, type ServerOptions, type SocketRoute } from "../src/server.ts";
import { until } from "./support/origin.ts";
import { client, frame, upgrade } from "./support/web-socket-client.ts";
import { inStyles, run } from "./support/styles.ts";

const serving = (route: SocketRoute, options: Partial<ServerOptions> = {}) =>
  serve({ handler: () => new Response("no socket"), webSocket: () => route, ...options });

const stopped = asyncFn(function* (server: HttpServer): Routine<void> {
  yield* server.shutdown({ drain: 100 });
});

inStyles("messages come in order, text and bytes, and go back", {
  async await() {
    await using server = await serving({
      async handle(socket) {
        for await (const message of socket.messages)
          await socket.send(typeof message === "string" ? `text ${message}` : message);
      },
    });
    const { socket, messages, closed } = await client(server.url);
    for (let n = 0; n < 100; n++) socket.send(String(n));
    socket.send(new Uint8Array([1, 2, 3]));
    await until(() => messages.length === 101);
    expect(messages.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, n) => `text ${n}`));
    expect([...new Uint8Array(messages[100] as ArrayBuffer)]).toEqual([1, 2, 3]);
    socket.close(3001, "enough");
    expect(await closed).toEqual({ code: 3001, reason: "enough" });
    await until(() => server.metrics().active === 0);
  },
  *yield() {
    let end: unknown;
    const server = yield* serving({
      *handle(socket) {
        for (;;) {
          const { done, value } = yield* socket.messages.next();
          if (done) break;
          yield* socket.send(`got ${String(value)}`);
        }
        end = yield* socket.closed();
      },
    });
    const { socket, messages } = yield* fromPromise(client(server.url));
    socket.send("a");
    yield* fromPromise(until(() => messages.length === 1));
    expect(messages).toEqual(["got a"]);
    socket.close(3000, "bye");
    yield* fromPromise(until(() => server.metrics().active === 0));
    expect(end).toEqual({ code: 3000, reason: "bye" });
    yield* stopped(server);
  },
});

test("what came before the close is read; then the messages end", () =>
  run(async () => {
    const go = new Notify();
    const got: unknown[] = [];
    await using server = await serving({
      async handle(socket) {
        for await (const message of socket.messages) {
          if (got.length === 0) await go.notified();
          got.push(message);
        }
        got.push("end");
        await expect(socket.send("late")).rejects.toMatchObject({ code: "ERR_HTTP_SOCKET_CLOSED" });
      },
    });
    const { socket, closed } = await client(server.url);
    for (const each of ["a", "b", "c"]) socket.send(each);
    socket.close();
    await closed;
    go.notifyOne();
    await until(() => got.length === 4);
    expect(got).toEqual(["a", "b", "c", "end"]);
  }));

inStyles("a handler that does not read is cancelled when the connection closes", {
  async await() {
    let wasCancelled = false;
    await using server = await serving({
      async handle(_, cx) {
        try {
          await sleep(60_000);
        } finally {
          wasCancelled = cx.isCancelled;
        }
      },
    });
    const { socket } = await client(server.url);
    socket.close();
    await until(() => wasCancelled && server.metrics().active === 0);
  },
  *yield() {
    const server = yield* serving({
      closeGrace: 20,
      *handle(socket) {
        yield* socket.messages.next(); // it reads, and then does something else for long
        yield* sleep(60_000);
      },
    });
    const { socket } = yield* fromPromise(client(server.url));
    socket.send("x");
    socket.close();
    yield* fromPromise(until(() => server.metrics().active === 0));
    yield* stopped(server);
  },
});

test("the end of the handler closes the connection: 1000, and 1011 when it failed, which is reported", async () => {
  const failures: TaskFailure[] = [];
  await using runtime = new Runtime({ onTaskFailure: (failure) => failures.push(failure) });
  await runtime.run(async () => {
    await using server = await serving({
      handle(socket) {
        if (socket.request.url.endsWith("/boom")) throw new Error("the secret");
        if (socket.request.url.endsWith("/own")) socket.close(4000, "as it likes");
      },
    });
    const end = async (path: string) => (await client(server.url + path)).closed;
    expect(await end("/")).toEqual({ code: 1000, reason: "" });
    expect(await end("/boom")).toEqual({ code: 1011, reason: "internal error" });
    expect(await end("/own")).toEqual({ code: 4000, reason: "as it likes" });
  });
  expect(failures.map(({ name, error }) => [name, (error as Error).message])).toEqual([
    ["socket /boom", "the secret"],
  ]);
});

test("a shutdown asks sockets to close, and cuts off what does not", () =>
  run(async () => {
    const server = await serving({ handle: () => sleep(60_000) });
    const { closed } = await client(server.url);
    const silent = await upgrade(server.url);
    await until(() => server.metrics().sockets === 2);
    // The one that answers the close frame ends by it, and its task with it. Bun and Deno do not wait for the answer.
    const cancelled = "Bun" in globalThis || "Deno" in globalThis ? 0 : 1;
    expect(await server.shutdown({ drain: 100 })).toEqual({ cancelled });
    expect(await closed).toEqual({ code: 1001, reason: "the server is shutting down" });
    silent.socket.destroy();
  }));

test.each([
  ["no origin, as from a program", {}, "same", 101],
  ["the server's own page", { origin: "http://HOST" }, "same", 101],
  ["another page", { origin: "http://evil.example" }, "same", 403],
  ["a page that does not tell", { origin: "null" }, "same", 403],
  ["a listed page", { origin: "https://a.example" }, ["https://a.example"], 101],
  ["an unlisted page", { origin: "https://b.example" }, ["https://a.example"], 403],
  ["what a function allows", { origin: "x" }, (origin: string) => origin === "x", 101],
] as const)("origin check: %s", (_, headers: { origin?: string }, origins, status) =>
  run(async () => {
    await using server = await serving({ handle() {}, origins });
    const origin = headers.origin?.replace("HOST", new URL(server.url).host);
    const answer = await upgrade(server.url, origin === undefined ? {} : { origin });
    answer.socket.destroy();
    expect(answer.status).toBe(status);
  }),
);

test("no route is 404, one connection too many 503, a subprotocol is agreed on", () =>
  run(async () => {
    const route: SocketRoute = { handle: () => sleep(60_000), maxConnections: 1, protocols: ["v2", "v1"] };
    await using server = await serve({
      drain: 50,
      handler: () => new Response(),
      webSocket: (request) => (request.url.endsWith("/live") ? route : undefined),
    });
    const status = async (path: string) => {
      const { status: given, socket } = await upgrade(server.url + path);
      socket.destroy();
      return given;
    };
    expect(await status("/other")).toBe(404);
    const { socket } = await client(`${server.url}/live`, ["v1", "v2"]);
    expect(socket.protocol).toBe("v2");
    expect(await status("/live")).toBe(503);
    socket.close();
    await until(() => server.metrics().sockets === 0);
    expect(await status("/live")).toBe(101);
  }));

const routesThatAreNone: readonly (readonly [why: string, route: unknown])[] = [
  ["RangeError: SocketRoute expects ping to be a duration", { ping: -1, handle: () => {} }],
  ["RangeError: SocketRoute expects maxConnections to be", { maxConnections: 0.5, handle: () => {} }],
  ["TypeError: SocketRoute expects handle to be a function", {}],
  ["Error: no origin is good enough", { origins: noOrigin, handle: () => {} }],
];
function noOrigin(): never {
  throw new Error("no origin is good enough");
}

test("a route that is none, or fails, is answered with a 500 that tells nothing, and reported", () =>
  run(async () => {
    const failures: string[] = [];
    let route: unknown;
    await using server = await serve({
      handler: () => new Response(),
      webSocket: () => route as SocketRoute,
      onFailure: (error) => failures.push(String(error)),
    });
    for (const [why, given] of routesThatAreNone) {
      route = given;
      const { status, head, socket } = await upgrade(server.url, { origin: "https://example.org" });
      socket.destroy();
      expect(status).toBe(500);
      expect(head).not.toContain("expects");
      expect(failures.pop()).toContain(why);
    }
    expect(server.metrics()).toMatchObject({ active: 0, sockets: 0, failed: routesThatAreNone.length });
  }));

/** It sends more than anybody reads; how the server closes the connection, which it must not wait for. */
async function flooding(url: string): Promise<{ readonly code: number }> {
  const { socket, closed } = await client(url);
  for (let n = 0; n < 5000; n++) socket.send("x".repeat(1000));
  return closed;
}

inStyles("a handler that ends with messages unread closes the connection as any other", {
  async await() {
    await using server = await serving({
      receiveBuffer: 1000,
      async handle(socket) {
        for await (const _ of socket.messages) {
          await sleep(100); // until the client is made to wait
          break;
        }
      },
    });
    expect(await flooding(server.url)).toMatchObject({ code: 1000 });
    await until(() => server.metrics().sockets === 0);
  },
  *yield() {
    const server = yield* serving({
      receiveBuffer: 1000,
      *handle(socket) {
        yield* socket.messages.next();
        yield* sleep(100);
      },
    });
    expect(yield* fromPromise(flooding(server.url))).toMatchObject({ code: 1000 });
    yield* fromPromise(until(() => server.metrics().sockets === 0));
    yield* stopped(server);
  },
});

test("a message that is too long closes the connection with 1009", () =>
  run(async () => {
    await using server = await serving(
      { handle: (socket) => socket.messages.forEach(() => {}) },
      { maxMessageBytes: 1000 },
    );
    const { socket, closed } = await client(server.url);
    socket.send("x".repeat(1001));
    expect((await closed).code).toBe(1009);
    await until(() => server.metrics().active === 0);
  }));

test("a silent client is pinged; one that does not answer is gone after two intervals", () =>
  run(async () => {
    await using server = await serving({ ping: 40, handle: () => sleep(60_000) });
    const answering = await client(server.url); // the platform's client answers pings by itself
    const dead = await upgrade(server.url);
    dead.socket.resume();
    let hasEnded = false;
    dead.socket.on("close", () => (hasEnded = true));
    await until(() => hasEnded);
    await sleep(100);
    expect(server.metrics().sockets).toBe(1);
    expect(answering.socket.readyState).toBe(WebSocket.OPEN);
    answering.socket.close();
  }));

inStyles("pings are answered, and those of a client that does not read cost no memory", {
  async await() {
    await using server = await serving({ handle: (socket) => socket.messages.forEach(() => {}) });
    const { socket } = await upgrade(server.url);
    let got = Buffer.alloc(0);
    socket.on("data", (chunk) => (got = Buffer.concat([got, chunk])));
    socket.resume();
    socket.write(frame(9, new TextEncoder().encode("you?")));
    await until(() => got.length > 0);
    expect(got).toEqual(Buffer.from("\x8a\x04you?", "latin1"));
    socket.destroy();
  },
  *yield() {
    let most = 0;
    const server = yield* serving({
      *handle(socket) {
        const reading = spawn(() => socket.messages.forEach(() => {}));
        while (!socket.isClosed) {
          most = Math.max(most, socket.bufferedAmount);
          yield* sleep(1);
        }
        yield* reading;
      },
    });
    const { socket } = yield* fromPromise(upgrade(server.url));
    const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(9, new Uint8Array(125))));
    for (let n = 0; n < 400; n++) {
      socket.write(pings); // 27 MB in all, of which the system's buffers hold a part
      while (socket.writableLength > 1_000_000) yield* sleep(1);
    }
    yield* fromPromise(until(() => socket.writableLength === 0));
    socket.resume();
    // It answers still, the last of them at least.
    yield* fromPromise(new Promise((resolve) => socket.once("data", resolve)));
    expect(most).toBeLessThan(200_000);
    socket.destroy();
    yield* stopped(server);
  },
});

test("messages that nobody reads make the client wait, and none is lost", () =>
  run(async () => {
    const go = new Notify();
    let read = 0;
    await using server = await serving({
      receiveBuffer: 10_000,
      async handle(socket) {
        await go.notified();
        for await (const _ of socket.messages) read++;
      },
    });
    const { socket } = await upgrade(server.url);
    const message = frame(2, new Uint8Array(10_000));
    let written = 0;
    while (written < 100_000 && socket.writableLength < 4_000_000) {
      socket.write(message);
      written++;
    }
    await sleep(200);
    expect(socket.writableLength).toBeGreaterThan(0); // the server does not take it
    go.notifyOne();
    socket.resume();
    await until(() => read === written);
    socket.destroy();
  }));

inStyles("a send that waits and is abandoned was not sent", {
  async await() {
    let waited: string | undefined;
    const done = new Notify();
    await using server = await serving({
      sendBuffer: 1,
      async handle(socket) {
        const chunk = "x".repeat(1_000_000);
        for (let n = 0; n < 100 && waited === undefined; n++) {
          await socket
            .send(chunk)
            .timeout(100)
            .catch(() => (waited = `after ${n}`));
        }
        done.notifyOne();
        await socket.messages.count();
      },
    });
    const { socket } = await upgrade(server.url);
    await done.notified();
    expect(waited).toMatch(/^after \d+$/);
    socket.destroy();
  },
  *yield() {
    const server = yield* serving({
      *handle(socket) {
        expect(() => socket.send(1 as never)).toThrow("expects a string or a Uint8Array, got number");
        expect(() => socket.close(1005)).toThrow(RangeError);
        yield* joinAll([socket.send("a"), socket.send("b"), socket.send("c")]);
      },
    });
    const { messages, closed } = yield* fromPromise(client(server.url));
    yield* fromPromise(closed);
    expect(new Set(messages)).toEqual(new Set(["a", "b", "c"]));
    yield* stopped(server);
  },
});
