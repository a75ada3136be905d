/**
 * What must work on every runtime, as a program without a test runner:
 * `node --conditions=@millrace/source`, `bun --conditions=@millrace/source`, `deno run -A --conditions=@millrace/source`.
 * It prints a line for each thing that it saw, and exits with 1 at the first that is not so.
 */
import { connect } from "node:net";
import { main, scope, select, SetOnce, sleep } from "millrace";
import { HttpClient } from "@millrace/http";
import { readJson, RejectedError, serve, streamed, type WebSocketConnection } from "@millrace/http/server";

/** Says what holds; fails when it does not hold within five seconds. */
async function see(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 5000; waited += 20) {
    if (await holds()) return console.log(`ok: ${what}`);
    await sleep(20);
  }
  throw new Error(`not so: ${what}`);
}

/** Where a socket can be told to stop reading, so that a client which sends too fast is made to wait. */
const canPause = !("Bun" in globalThis || "Deno" in globalThis);

await main(async () => {
  let cancelled = 0;
  let streamEnded = 0;
  let socketsEnded = 0;
  const server = await serve({
    deadline: 2000,
    maxBodyBytes: 1000,
    maxMessageBytes: 1000,
    onFailure: () => {},
    async handler(request, cx) {
      const { pathname } = new URL(request.url);
      if (pathname === "/echo") return Response.json(await readJson(request));
      if (pathname === "/fail") throw new Error("a secret");
      if (pathname === "/rejected") throw new RejectedError(418, "a teapot");
      if (pathname === "/endless") return streamed(endless(() => streamEnded++));
      if (pathname === "/slow") {
        try {
          await sleep(60_000);
        } finally {
          if (cx.isCancelled) cancelled++;
        }
      }
      return new Response("hello");
    },
    webSocket(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/socket") return { handle: echo };
      return pathname === "/deaf" ? { handle: deaf, receiveBuffer: 1000 } : undefined;
    },
  });
  async function echo(socket: WebSocketConnection): Promise<void> {
    for await (const message of socket.messages) await socket.send(`got ${String(message)}`);
    socketsEnded++;
  }
  const listens = new SetOnce<true>();
  const heard: string[] = [];
  /** Reads one message, and no more before it listens. */
  async function deaf(socket: WebSocketConnection): Promise<void> {
    for await (const message of socket.messages) {
      heard.push(String(message));
      await listens.wait();
    }
    socketsEnded++;
  }
  const client = new HttpClient({ baseUrl: server.url, retry: false });
  const status = async (path: string, options = {}): Promise<unknown> => {
    const outcome = await client.request("POST", path, options).text().settled();
    return outcome.status === "rejected" ? (outcome.reason as { status?: unknown }).status : 200;
  };

  await see("a request is answered", async () => (await client.get("/").text()) === "hello");
  const echoed = client.post("/echo", { json: { a: 1 } }).json();
  await see("JSON goes there and back", async () => JSON.stringify(await echoed) === '{"a":1}');
  await see("a failure is a 500", async () => (await status("/fail")) === 500);
  await see("a rejection is its status", async () => (await status("/rejected")) === 418);
  await see("a deadline is a 503", async () => (await status("/slow")) === 503);
  await see("its task was cancelled", () => cancelled === 1);
  await see(
    "a body too long is a 413",
    async () => (await status("/echo", { json: "x".repeat(2000) })) === 413,
  );

  const begun = async (): Promise<void> => {
    while (server.metrics().active === 0) await sleep(5);
  };
  const first = await select({ text: client.get("/slow").text(), begun: begun() });
  await see("a request is abandoned", () => first.key === "begun");
  await see(
    "a client that goes away cancels the task, before its deadline",
    () => cancelled === 2 && server.metrics().expired === 1,
  );

  let bytes = 0;
  for await (const chunk of client.get("/endless").stream()) if ((bytes += chunk.length) > 500_000) break;
  await see("a stream that is left ends on the server", () => streamEnded === 1);

  await see("nothing is left", () => server.metrics().active === 0);

  const socket = new WebSocket(`${server.url.replace("http", "ws")}/socket`);
  const got: unknown[] = [];
  socket.onmessage = ({ data }) => got.push(data);
  let end: number | undefined;
  socket.onclose = ({ code }) => (end = code);
  await see("a socket opens", () => socket.readyState === WebSocket.OPEN);
  socket.send("a");
  socket.send("b");
  await see("messages go there and back", () => got.join() === "got a,got b");
  socket.close(3000, "bye");
  await see("a socket closes, and its handler ends", () => end === 3000 && socketsEnded === 1);

  const other = new WebSocket(`${server.url.replace("http", "ws")}/socket`);
  let otherEnd: number | undefined;
  other.onclose = ({ code }) => (otherEnd = code);
  await see("another opens", () => other.readyState === WebSocket.OPEN);
  other.send("x".repeat(2000));
  await see("a message too long closes it", () => otherEnd !== undefined && server.metrics().sockets === 0);

  const flood = new WebSocket(`${server.url.replace("http", "ws")}/deaf`);
  let floodEnd: number | undefined;
  flood.onclose = ({ code }) => (floodEnd = code);
  await see("a third opens", () => flood.readyState === WebSocket.OPEN);
  const sent = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(400, "."));
  for (const message of sent) {
    if (floodEnd !== undefined) break;
    flood.send(message);
    await sleep(1);
  }
  await see(
    "a client whose messages nobody reads waits, or is sent away",
    () => floodEnd === (canPause ? undefined : 1013),
  );
  listens.set(true);
  await see("what came before is read, in order and once", () => {
    const came = canPause ? sent.length : heard.length;
    return heard.length === came && came > 1 && heard.every((message, i) => message === sent[i]);
  });
  // The first one was read; of the others, sixteen times `receiveBuffer` were kept.
  const kept = heard.length - 1;
  await see("no more was kept than may be", () => canPause || kept * 2 * sent[0]!.length <= 16 * 1000);
  if (canPause) flood.close();
  await see("and its handler ends", () => socketsEnded === 3 && server.metrics().sockets === 0);

  // One that asks for a socket, and then neither says nor answers anything.
  const silent = connect(server.port, "127.0.0.1");
  let hasSilentEnded = false;
  silent.on("close", () => (hasSilentEnded = true));
  silent.on("error", () => {});
  silent.resume();
  const key = "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
  silent.write(
    `GET /socket HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n${key}\r\n\r\n`,
  );
  await see("a client opens a socket and says nothing", () => server.metrics().sockets === 1);

  const report = await server.shutdown({ drain: 200 });
  // Bun and Deno do not wait for the answer to their close frame.
  await see(
    "the server shuts down; it had to cancel that one at most",
    () => report.cancelled === (canPause ? 1 : 0),
  );
  await see("and its connection is cut", () => hasSilentEnded && server.metrics().active === 0);
  let ended: number | undefined;
  let formerUrl = "";
  const owner = scope(async (tasks) => {
    const { url } = await serve({
      scope: tasks,
      handler: () => new Response(),
      webSocket: () => ({ handle: echo }),
    });
    formerUrl = url;
    const cut = new WebSocket(url.replace("http", "ws"));
    cut.onclose = ({ code }) => (ended = code);
    await see("a server of a scope is connected to", () => cut.readyState === WebSocket.OPEN);
    tasks.cancel();
  });
  await owner.settled();
  const former = await new HttpClient({ retry: false, timeout: 1000 }).get(formerUrl).settled();
  await see(
    "it and its sockets end with the scope",
    () => ended !== undefined && former.status === "rejected",
  );

  const late = await client.get("/").settled();
  await see("and does not listen any more", () => late.status === "rejected");
});

async function* endless(ended: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (;;) yield new Uint8Array(16 * 1024);
  } finally {
    ended();
  }
}
