/** Bytes that no browser sends: paths in every spelling, broken upgrades, garbled frames. The program goes on. */
import { connect as connectSocket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { serve, type Served } from "@millrace/console";
import { askAt, enter, send, type Session } from "./wire.ts";

let shown: Served;
let session: Session;
beforeAll(async () => {
  shown = await serve();
  session = await enter(shown);
}, 120_000);
afterAll(() => shown.close());

const own = (): string => `http://127.0.0.1:${shown.port}`;
const head = (target: string, ...more: string[]): string =>
  [
    `GET ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${shown.port}`,
    `Cookie: ${session.cookie}`,
    ...more,
    "",
    "",
  ].join("\r\n");
/** An upgrade as a browser asks for it. */
const upgrade = (target: string, ...more: string[]): string =>
  head(
    target,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Origin: ${own()}`,
    ...more,
  );
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

/** Everything that was done to it was survived: it still answers whoever may ask. */
async function stillServes(): Promise<void> {
  const { folder, cookie } = session;
  expect((await askAt(shown.port, folder, { cookie })).status).toBe(200);
}

describe("a path", () => {
  test.each([
    "../package.json",
    "..%2fpackage.json",
    "..%5cpackage.json",
    "%2e%2e/%2e%2e/package.json",
    "%252e%252e%252fpackage.json",
    "..%c0%afpackage.json",
    "..\\..\\package.json",
    "....//....//package.json",
    "assets/../../package.json",
    "assets/..%5c..%5cpackage.json",
    "/etc/passwd",
    "//etc/passwd",
    "etc/passwd",
    "index.html",
    "assets",
    "assets/",
    ".",
    "%00",
    "index.html%00.js",
    "icon.svg%00",
    "icon.svg/",
    "icon.svg;",
    "ICON.SVG",
    "%69con.svg",
    "__proto__",
    "constructor",
    "a".repeat(8000),
  ])("in the folder of the session, %j, is no file of the page", async (path) => {
    const answer = await send(shown.port, head(session.folder + path, "Connection: close"));
    expect(statusOf(answer)).toBe(404);
    expect(answer).toContain("there is no such file");
    await stillServes();
  });

  test.each([
    "*",
    "//",
    "///",
    "http://[",
    "http://evil.example/",
    "http://127.0.0.1:PORTFOLDER",
    "//127.0.0.1:PORTFOLDER",
    "/.FOLDER",
    "/%2fFOLDER",
    "FOLDER%",
    "/?token=",
    "/?token[]=a&token=b",
    "/?TOKEN=a",
  ])("outside of it, %j, shows nothing", async (path) => {
    const target = path.replace("PORT", String(shown.port)).replace("FOLDER", session.folder);
    const answer = await send(shown.port, head(target, "Connection: close"));
    expect([400, 401, 404]).toContain(statusOf(answer));
    expect(answer).not.toContain("<script");
    await stillServes();
  });
});

describe("a method", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])(
    "%s is refused",
    async (method) => {
      const { folder, cookie } = session;
      const answer = await askAt(shown.port, folder, { cookie, origin: own() }, method);
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe("GET, HEAD");
    },
  );

  test("CONNECT makes no tunnel", async () => {
    const answer = await send(shown.port, head("evil.example:80").replace("GET", "CONNECT"));
    expect(answer).toBe("");
    await stillServes();
  });
});

describe("an upgrade", () => {
  test.each([
    "//",
    "///",
    "http://[",
    "//[",
    "*",
    "/\\\\[",
    "/socket",
    "/%73ocket",
    "/socket?token=a",
    "FOLDER",
  ])("to %j is refused, and the program survives it", async (path) => {
    const answer = await send(shown.port, upgrade(path.replace("FOLDER", session.folder)));
    expect([400, 401]).toContain(statusOf(answer));
    await stillServes();
  });

  test("is refused without the cookie, and without an origin", async () => {
    const target = `${session.folder}socket`;
    const whole = upgrade(target);
    expect(statusOf(await send(shown.port, whole.replace(/Cookie: .*\r\n/, "")))).toBe(401);
    expect(statusOf(await send(shown.port, whole.replace(/Origin: .*\r\n/, "")))).toBe(401);
    expect(statusOf(await send(shown.port, whole.replace(/Origin: .*\r\n/, "Origin: null\r\n")))).toBe(403);
  });

  test("that is none is refused", async () => {
    const target = `${session.folder}socket`;
    const whole = upgrade(target);
    expect(statusOf(await send(shown.port, whole.replace("Upgrade: websocket", "Upgrade: h2c")))).toBe(400);
    expect(statusOf(await send(shown.port, whole.replace(/Sec-WebSocket-Key: .*\r\n/, "")))).toBe(400);
    expect(statusOf(await send(shown.port, whole.replace("Version: 13", "Version: 1")))).toBe(400);
    expect(statusOf(await send(shown.port, whole.replace("GET", "POST")))).toBe(405);
    await stillServes();
  });

  test("of which the sender goes away at once harms nobody", async () => {
    for (const text of [upgrade("/socket"), upgrade(`${session.folder}socket`), upgrade("//"), head("/")]) {
      for (let i = 0; i < 20; i++) {
        await new Promise<void>((done) => {
          const socket = connectSocket(shown.port, "127.0.0.1", () => {
            socket.write(text + "x".repeat(20_000));
            setImmediate(() => socket.resetAndDestroy());
          });
          socket.on("error", () => {});
          socket.on("close", () => done());
        });
      }
    }
    await stillServes();
  });
});

describe("a message", () => {
  const opened = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${shown.port}${session.folder}socket`, {
      headers: { cookie: session.cookie, origin: own() },
    });
    await new Promise((done) => socket.once("open", done));
    return socket;
  };

  test.each([
    ["is no JSON", "{"],
    ["is empty", ""],
    ["is none of ours", '{"type":"eval","code":"process.exit()"}'],
    ["has a wrong type", '{"type":"watch","task":"1"}'],
    ["is nothing", "null"],
    ["is a list", "[]"],
    ["is nested deeply", "[".repeat(4000)],
    ["has a prototype for a type", '{"__proto__":{"type":"ack","seq":1}}'],
    ["has a number beyond all", '{"type":"seek","at":1e999}'],
    ["is more than may be said", JSON.stringify({ type: "ack", seq: 1, more: "x".repeat(10_000) })],
    ["is made of bytes", Buffer.from('{"type":"ack","seq":1}')],
  ])("that %s closes the socket", async (_, said) => {
    const socket = await opened();
    const code = await new Promise<number>((done) => {
      socket.once("close", done);
      socket.send(said);
    });
    expect([1008, 1009]).toContain(code);
    await stillServes();
  });

  test.each([
    [
      "says that it is huge",
      Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
    ],
    ["is not masked", Buffer.from([0x81, 0x02, 0x7b, 0x7d])],
    ["has reserved bits", Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
    ["is of no known kind", Buffer.from([0x8f, 0x80, 0, 0, 0, 0])],
    ["is no UTF-8", Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28])],
    ["goes on with what never began", Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
  ])("of which the frame %s closes the socket", async (_, frame) => {
    const answer = await send(
      shown.port,
      Buffer.concat([Buffer.from(upgrade(`${session.folder}socket`)), frame]),
    );
    expect(statusOf(answer)).toBe(101);
    await stillServes();
  });

  test("that is sent again and again is answered no faster than it is read", async () => {
    const socket = await opened();
    for (let i = 0; i < 5000; i++) socket.send('{"type":"watch","task":1}');
    socket.send('{"type":"ack","seq":123456789}');
    await stillServes();
    socket.terminate();
  });
});
