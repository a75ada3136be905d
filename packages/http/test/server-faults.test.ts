/** What a server meets: it goes on serving, no task and no connection is left, and memory stays bounded. */
import { connect, type Socket } from "node:net";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { Notify, sleep } from "millrace";
import { expect, test } from "vitest";
import { HttpClient } from "../src/index.ts";
import { readBytes, serve, type WebSocketConnection } from "../src/server.ts";
import { until } from "./support/origin.ts";
import { run } from "./support/styles.ts";
import { upgrade } from "./support/web-socket-client.ts";

/** A connection that says `text`; what comes back, and whether it has ended. */
function talk(port: number, text: string): { readonly socket: Socket; got: string; hasEnded: boolean } {
  const talking = { socket: connect(port, "127.0.0.1"), got: "", hasEnded: false };
  talking.socket.write(text);
  talking.socket.on("data", (chunk) => (talking.got += chunk.toString("latin1")));
  talking.socket.on("error", () => {});
  talking.socket.on("close", () => (talking.hasEnded = true));
  return talking;
}

test("slow-loris heads are cut off, and others are served meanwhile", () =>
  run(async () => {
    await using server = await serve({ headersTimeout: 300, handler: () => new Response("fine") });
    const slow = Array.from({ length: 100 }, () => talk(server.port, "GET / HTTP/1.1\r\nhost: h\r\nx-a:"));
    const timer = setInterval(() => slow.forEach(({ socket }) => socket.writable && socket.write("a")), 50);
    expect(await new HttpClient().get(server.url).text()).toBe("fine");
    await until(() => slow.every(({ hasEnded }) => hasEnded));
    clearInterval(timer);
    // One that was still writing may have been reset before it read its answer.
    const answers = slow.map(({ got }) => got.slice(0, 12)).filter((start) => start !== "");
    expect(new Set(answers)).toEqual(new Set(["HTTP/1.1 408"]));
    expect(server.metrics()).toMatchObject({ served: 1, active: 0 });
  }));

test("a body that is said to be too long is refused at once, also when nothing of it comes", () =>
  run(async () => {
    let handled = 0;
    await using server = await serve({
      maxBodyBytes: 1000,
      deadline: Infinity,
      handler: () => new Response(String(++handled)),
    });
    const post = (length: number): string =>
      `POST / HTTP/1.1\r\nhost: h\r\ncontent-length: ${length}\r\n\r\n`;
    const tooLong = talk(server.port, post(1001));
    await until(() => tooLong.got.startsWith("HTTP/1.1 413 "));
    tooLong.socket.destroy();
    const justRight = talk(server.port, post(1000));
    await until(() => justRight.got.startsWith("HTTP/1.1 200 "));
    justRight.socket.destroy();
    expect(handled).toBe(1);
  }));

test("a slow-loris body ends with the deadline, and its connection with it", () =>
  run(async () => {
    await using server = await serve({
      deadline: 200,
      handler: async (incoming) => new Response(String((await readBytes(incoming)).length)),
    });
    const slow = talk(server.port, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\n");
    const timer = setInterval(() => slow.socket.writable && slow.socket.write("."), 20);
    await until(() => slow.hasEnded);
    clearInterval(timer);
    expect(slow.got).toMatch(/^HTTP\/1\.1 503 /);
    expect(slow.got).toMatch(/connection: close/i);
    await until(() => server.metrics().active === 0);
  }));

test("a client that breaks its request off cancels the task", () =>
  run(async () => {
    const over = new Notify();
    let wasCancelled = false;
    await using server = await serve({
      async handler(incoming, cx) {
        try {
          await readBytes(incoming);
        } finally {
          wasCancelled = cx.isCancelled;
          over.notifyOne();
        }
        return new Response("whole");
      },
    });
    const broken = talk(server.port, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\nten bytes!");
    await until(() => server.metrics().active === 1);
    await sleep(50);
    broken.socket.resetAndDestroy();
    await over.notified();
    await until(() => server.metrics().active === 0);
    expect(wasCancelled || server.metrics().failed === 0).toBe(true);
  }));

test("what is not HTTP is refused, and so is a path that is none", () =>
  run(async () => {
    await using server = await serve({ handler: () => new Response("fine") });
    for (const text of [
      "\0\x01\x02\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET nowhere HTTP/1.1\r\nhost: h\r\n\r\n",
    ]) {
      const { socket } = talk(server.port, text);
      const got = await new Promise<string>((resolve) =>
        socket.once("data", (chunk) => resolve(chunk.toString())),
      );
      expect(got).toMatch(/^HTTP\/1\.1 400 /);
      socket.destroy();
    }
    expect(await new HttpClient().get(server.url).text()).toBe("fine");
  }));

test("an upgrade that breaks off, or asks for nonsense, hurts nobody", () =>
  run(async () => {
    await using server = await serve({
      handler: () => new Response("fine"),
      webSocket: () => ({ handle: (socket) => socket.messages.forEach(() => {}) }),
    });
    for (let n = 0; n < 20; n++) {
      const half = talk(
        server.port,
        "GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
      );
      await sleep(1);
      half.socket.resetAndDestroy();
    }
    const bad = await upgrade(server.url, { "sec-websocket-version": "7" });
    expect(bad.status).toBe(400);
    bad.socket.destroy();
    const garbage = await upgrade(server.url);
    garbage.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    garbage.socket.resume();
    await new Promise((resolve) => garbage.socket.once("close", resolve));
    await until(() => server.metrics().active === 0);
    expect(await new HttpClient().get(server.url).text()).toBe("fine");
  }));

test("who offers to speak something else, and no WebSocket, is answered as he asks", () =>
  run(async () => {
    await using server = await serve({
      handler: () => new Response("fine"),
      webSocket: () => ({ handle: () => {} }),
    });
    const head = "GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade, http2-settings, close\r\n";
    const other = talk(server.port, `${head}upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n`);
    await until(() => other.hasEnded);
    expect(other.got).toMatch(/^HTTP\/1.1 200 [^]*fine/);
  }));

test("it speaks TLS", () =>
  run(async () => {
    const pem = (name: string) => readFileSync(new URL(`fixtures/${name}.pem`, import.meta.url), "utf8");
    await using server = await serve({
      tls: { cert: pem("certificate"), key: pem("key") },
      handler: (incoming) => new Response(new URL(incoming.url).protocol),
    });
    const got = await new Promise<string>((resolve, reject) => {
      request(server.url, { ca: pem("certificate") }, (response) =>
        response.once("data", (d) => resolve(String(d))),
      )
        .on("error", reject)
        .end();
    });
    expect(got).toBe("https:");
  }));

/** Deno does not say when a socket has room again: each is looked at, again and again. */
const READERS = "Deno" in globalThis ? 100 : 500;
test(
  `${READERS} WebSocket readers that do not read: memory is bounded, others are served, and nothing is lost or twice`,
  { timeout: 240_000 },
  () =>
    run(async () => {
      const SIZE = 64 * 1000;
      let sent = 0;
      const sockets = new Set<WebSocketConnection>();
      await using server = await serve({
        drain: 100,
        handler: () => new Response("fine"),
        webSocket: () => ({
          ping: Infinity,
          async handle(socket) {
            sockets.add(socket);
            for (let n = 0; ; n++) {
              // A message is the socket's once it is sent: the next one is another.
              const message = Buffer.allocUnsafeSlow(SIZE);
              message.writeUInt32BE(n);
              await socket.send(message);
              sent++;
            }
          },
        }),
      });
      gc!();
      const before = memory();
      const readers = [];
      for (let n = 0; n < READERS; n++) readers.push(await upgrade(server.url));
      let last = -1;
      while (last !== sent) {
        last = sent;
        await sleep(300);
      }
      const queued = [...sockets].map((socket) => socket.bufferedAmount);
      expect(Math.max(...queued)).toBeLessThan(64 * 1024 + SIZE + 100);
      // What more was sent is with the operating system. The readers are in this process, too, and have
      // read a piece each before they stopped.
      for (let n = 0; n < 5; n++) {
        gc!();
        await sleep(20);
      }
      const each = (memory() - before) / READERS;
      expect(each).toBeLessThan(4 * (64 * 1024 + SIZE));
      expect(server.metrics().sockets).toBe(READERS);
      expect(await new HttpClient().get(server.url).text()).toBe("fine");

      // Three of them read on: 200 messages more than wait, in order.
      const target = Math.ceil(sent / READERS) + 200;
      await Promise.all(readers.slice(0, 3).map(({ socket }) => expectNumbered(socket, SIZE, target)));
      for (const { socket } of readers) socket.destroy();
      await until(() => server.metrics().active === 0);
    }),
);

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Reads frames of `size` bytes that are numbered from 0, up to `target`. */
function expectNumbered(socket: Socket, size: number, target: number): Promise<void> {
  const HEAD = 4;
  let rest: Buffer = Buffer.alloc(0);
  let next = 0;
  return new Promise((resolve, reject) => {
    socket.on("data", (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (; rest.length - at >= HEAD + size; at += HEAD + size) {
        const number = rest.readUInt32BE(at + HEAD);
        if (rest[at] !== 0x82 || rest.readUInt16BE(at + 2) !== size || number !== next++)
          return reject(new Error(`message ${number} came where ${next - 1} was expected`));
      }
      rest = rest.subarray(at);
      if (next < target) return;
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.resume();
  });
}
