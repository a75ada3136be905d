/** What a client meets on the way: each is told by its own error, nothing hangs, and no connection is left. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { fromPromise, type Routine } from "millrace";
import { expect, test } from "vitest";
import * as z from "zod";
import {
  BodySizeError,
  DecodeError,
  HttpClient,
  type CallOptions,
  type ClientOptions,
} from "../src/index.ts";
import { toNetworkError } from "../src/client/network-failure.ts";
import { origin, until } from "./support/origin.ts";
import { inStyles, run } from "./support/styles.ts";
import { trickle, wireServer } from "./support/wire-server.ts";

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n";
const once: ClientOptions = { retry: false };

/** The error of a request, in whichever style; then no connection may be open. */
async function failure(
  url: string,
  options: CallOptions = {},
  client = new HttpClient(once),
): Promise<unknown> {
  return client
    .get(url, options)
    .text()
    .catch((error: unknown) => error);
}

inStyles("a reset in mid-body", {
  async await() {
    await using server = await wireServer((socket) => {
      socket.write(`${HEAD}content-length: 1000\r\n\r\nten bytes!`, () => socket.resetAndDestroy());
    });
    expect(await failure(server.url)).toMatchObject({ code: "ERR_HTTP_NETWORK", reason: "reset" });
    await until(() => server.open() === 0);
  },
  *yield(): Routine<void> {
    let attempts = 0;
    const server = yield* fromPromise(
      wireServer((socket) => {
        if (attempts++ === 0) {
          socket.write(`${HEAD}content-length: 1000\r\n\r\nten bytes!`, () => socket.resetAndDestroy());
        } else socket.end(`${HEAD}content-length: 3\r\n\r\nall`);
      }),
    );
    // Read as a whole, it is fetched again: once and whole, nothing twice.
    const client = new HttpClient({ retry: { baseDelay: 1 } });
    expect(yield* client.get(server.url).text()).toBe("all");
    expect(attempts).toBe(2);
    yield* fromPromise(Promise.resolve(server[Symbol.asyncDispose]()));
  },
});

/** The first answer breaks off; the second is whole, and has a header. */
function breakingOff(): (socket: Socket) => void {
  let attempts = 0;
  return (socket) => {
    if (attempts++ === 0) {
      socket.write(`${HEAD}etag: "old"\r\ncontent-length: 1000\r\n\r\nten bytes!`, () =>
        socket.resetAndDestroy(),
      );
    } else socket.end(`${HEAD}etag: "new"\r\ncontent-length: 7\r\n\r\n{"a":1}`);
  };
}

inStyles("a reset in mid-body of a response that is fetched with its headers", {
  async await() {
    await using server = await wireServer(breakingOff());
    const page = await new HttpClient({ retry: { baseDelay: 1 } }).get(server.url).whole();
    expect([page.status, page.headers.get("etag"), page.text()]).toEqual([200, '"new"', '{"a":1}']);
    expect(await page.json(z.object({ a: z.number() }))).toEqual({ a: 1 });
    await expect(page.json(z.object({ b: z.string() }))).rejects.toBeInstanceOf(DecodeError);
    await until(() => server.open() === 0);
  },
  *yield(): Routine<void> {
    const server = yield* fromPromise(wireServer(breakingOff()));
    const page = yield* new HttpClient({ retry: { baseDelay: 1 } }).get(server.url).whole();
    expect([page.headers.get("etag"), page.bytes.byteLength, page.url]).toEqual([
      '"new"',
      7,
      `${server.url}/`,
    ]);
    expect(yield* page.json()).toEqual({ a: 1 });
    yield* fromPromise(Promise.resolve(server[Symbol.asyncDispose]()));
  },
});

test.each([
  ["shorter than its length", `${HEAD}content-length: 1000\r\n\r\nten bytes!`],
  ["chunked, without its end", `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`],
])("a truncated body, %s", (_, answer) =>
  run(async () => {
    await using server = await wireServer((socket) => socket.end(answer));
    expect(await failure(server.url)).toMatchObject({ code: "ERR_HTTP_NETWORK", reason: "reset" });
    const chunks: number[] = [];
    const streamed = new HttpClient(once)
      .get(server.url)
      .stream()
      .forEach((chunk) => void chunks.push(chunk.length));
    await expect(streamed).rejects.toMatchObject({ reason: "reset" });
    await until(() => server.open() === 0);
  }),
);

test.each([
  ["no answer at all", ""],
  ["something that is not HTTP", "SSH-2.0-OpenSSH_9.9\r\n\r\n"],
  ["a head that breaks off", "HTTP/1.1 200 OK\r\ncontent-"],
])("a server that gives %s", (_, answer) =>
  run(async () => {
    await using server = await wireServer((socket) => socket.end(answer));
    expect(await failure(server.url)).toMatchObject({ code: "ERR_HTTP_NETWORK" });
    await until(() => server.open() === 0);
  }),
);

test("a slow-loris server: the attempt's limit ends it, and for a stream the total", () =>
  run(async () => {
    await using server = await wireServer((socket) => {
      socket.write(`${HEAD}content-length: 100000\r\n\r\n`);
      trickle(socket, ".", 10);
    });
    expect(await failure(server.url, { timeout: 150 })).toMatchObject({ limit: "attempt" });
    await until(() => server.open() === 0);
    // A byte comes in time, again and again: only the total can end that.
    const reading = new HttpClient(once)
      .get(server.url, { timeout: 5000, totalTimeout: 300 })
      .stream()
      .count();
    await expect(reading).rejects.toMatchObject({ limit: "total" });
    await until(() => server.open() === 0);
  }));

test("a head that comes byte by byte, and a body that stops coming", () =>
  run(async () => {
    await using slow = await wireServer((socket) => trickle(socket, "H", 10));
    expect(await failure(slow.url, { timeout: 100 })).toMatchObject({
      code: expect.stringMatching(/TIMEOUT|NETWORK/),
    });
    await until(() => slow.open() === 0);
    await using stalled = await wireServer((socket) => socket.write(`${HEAD}content-length: 9\r\n\r\nabc`));
    const reading = new HttpClient(once).get(stalled.url, { timeout: 200 }).stream().count();
    await expect(reading).rejects.toMatchObject({ limit: "idle" });
    await until(() => stalled.open() === 0);
  }));

test("an endless body is left at the limit", () =>
  run(async () => {
    await using server = await wireServer((socket) => {
      socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
      const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk));
        socket.once("drain", more);
      };
      more();
    });
    expect(await failure(server.url, { maxBytes: 1_000_000 })).toBeInstanceOf(BodySizeError);
    await until(() => server.open() === 0);
  }));

test("an error page that never ends does not hide its status", () =>
  run(async () => {
    await using server = await wireServer((socket) => {
      socket.write("HTTP/1.1 500 Oops\r\ncontent-length: 100000\r\n\r\nwhat happened: ");
      trickle(socket, ".", 20);
    });
    const error = await failure(server.url);
    expect(error).toMatchObject({ status: 500, bodyStart: expect.stringMatching(/^what happened: \.*$/) });
    await until(() => server.open() === 0);
  }));

test("a redirect loop ends, and is not tried again", () =>
  run(async () => {
    await using server = await wireServer((socket) => {
      socket.write("HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n");
    });
    let retries = 0;
    const client = new HttpClient({ retry: { baseDelay: 1, onRetry: () => retries++ } });
    const error = await failure(server.url, {}, client);
    expect(error).toMatchObject({ code: "ERR_HTTP_NETWORK", reason: "redirect" });
    expect(retries).toBe(0);
  }));

for (const location of ["http://[", "ftp://h/", "http://me:secret@127.0.0.1:1/"])
  test(`a redirect to where nobody can go (${location}) is one, and is not tried again`, () =>
    run(async () => {
      await using server = await wireServer((socket) =>
        socket.write(`HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`),
      );
      let retries = 0;
      const client = new HttpClient({ retry: { baseDelay: 1, onRetry: () => retries++ } });
      const error = await failure(server.url, {}, client);
      expect(error).toMatchObject({ code: "ERR_HTTP_NETWORK", reason: "redirect" });
      expect((error as Error).message).not.toContain("secret");
      expect(retries).toBe(0);
      expect(server.all()).toBe(1);
    }));

test("a certificate that nobody vouches for, and no TLS at all", () =>
  run(async () => {
    const pem = (name: string) => readFileSync(new URL(`fixtures/${name}.pem`, import.meta.url));
    const server: Server = createServer({ cert: pem("certificate"), key: pem("key") }, (_, response) =>
      response.end("x"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    let retries = 0;
    const client = new HttpClient({ retry: { baseDelay: 1, onRetry: () => retries++ } });
    expect(await failure(`https://localhost:${port}/`, {}, client)).toMatchObject({ reason: "tls" });
    expect(retries).toBe(0);
    await new Promise((resolve) => server.close(resolve));
    await using plain = await origin((_, response) => response.end());
    const error = await failure(plain.url.replace("http:", "https:"), {}, client);
    expect(error).toMatchObject({ code: "ERR_HTTP_NETWORK", reason: "tls" });
  }));

test("a name that does not exist", () =>
  run(async () => {
    const error = await failure("http://does-not-exist.invalid/", { timeout: 8000 });
    // Where there is no resolver it is the time limit that ends it.
    expect(error).toMatchObject({ code: expect.stringMatching(/ERR_HTTP_NETWORK|ERR_TIMEOUT/) });
    if ((error as { code: string }).code === "ERR_HTTP_NETWORK")
      expect(error).toMatchObject({ reason: "dns" });
  }));

test("the words of an address say nothing of the reason", () => {
  const cause = new Error("error sending request for url (https://dns.example/tls): connection reset");
  expect(toNetworkError({ method: "GET", url: "https://dns.example/tls" }, cause).reason).toBe("reset");
});

test("JSON that is none is not asked for again", () =>
  run(async () => {
    await using server = await wireServer((socket) => socket.end(`${HEAD}content-length: 5\r\n\r\n<html`));
    const error = await new HttpClient()
      .get(server.url)
      .json()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "ERR_HTTP_DECODE", bodyStart: "<html" });
    expect(server.all()).toBe(1);
  }));
