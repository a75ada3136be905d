/** Whoever is not the user who runs the program sees nothing of it. Each attack is tried over the wire. */
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { connect, findConsole, serve, type Served } from "@millrace/console";

let shown: Served;
let cookie: string;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request as anybody may send it: with any path, and any headers. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({ host: "127.0.0.1", port: shown.port, path, method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => done({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on("error", fail);
    sent.end();
  });
}

/** The status that an attempt to open the socket gets; 101 when it is open. */
function knock(headers: Record<string, string>, path = "/socket"): Promise<number> {
  return new Promise((done, fail) => {
    const socket = new WebSocket(`ws://127.0.0.1:${shown.port}${path}`, { headers });
    socket.on("open", () => {
      socket.close();
      done(101);
    });
    socket.on("unexpected-response", (sent, response) => {
      sent.destroy();
      done(response.statusCode!);
    });
    socket.on("error", fail);
  });
}

const pathOf = (url: string): string => url.slice(new URL(url).origin.length);
const own = (): string => `http://127.0.0.1:${shown.port}`;

beforeAll(async () => {
  shown = await serve();
  const entered = await ask(pathOf(shown.url));
  expect(entered.status).toBe(200);
  cookie = entered.headers["set-cookie"]![0]!.split(";")[0]!;
}, 120_000);
afterAll(() => shown.close());

describe("the link", () => {
  test("has a token of 24 random bytes, another one each time", () => {
    const tokens = [shown.url, shown.url].map((url) => new URL(url).searchParams.get("token")!);
    expect(tokens[0]).not.toBe(tokens[1]);
    for (const token of tokens) expect(Buffer.from(token, "base64url")).toHaveLength(24);
  });

  test("is good for one visit", async () => {
    const path = pathOf(shown.url);
    expect((await ask(path)).status).toBe(200);
    const second = await ask(path);
    expect(second.status).toBe(401);
    expect(second.headers["set-cookie"]).toBeUndefined();
    expect(second.body).toContain("good for one visit");
  });

  test("is exchanged for a cookie that no script reads and no other site sends", async () => {
    const { headers } = await ask(pathOf(shown.url));
    expect(headers["set-cookie"]).toEqual([
      expect.stringMatching(/^millrace-\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/),
    ]);
  });

  test("without it, or with a guess, nothing is shown", async () => {
    for (const path of ["/", "/?token=", "/?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]) {
      expect((await ask(path)).status, path).toBe(401);
    }
    const guess = cookie.replace(/=.*/, "=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    expect((await ask("/", { cookie: guess })).status).toBe(401);
    expect((await ask("/", { cookie })).status).toBe(200);
  });
});

describe("DNS rebinding", () => {
  test.each(["evil.example", "evil.example:PORT", "127.0.0.1.evil.example:PORT", "localhost", "127.0.0.1:1"])(
    "a request for the host %j is turned away",
    async (name) => {
      const host = name.replace("PORT", String(shown.port));
      const { status, body } = await ask("/", { cookie, host });
      expect(status).toBe(421);
      expect(body).not.toContain("<script");
      await expect(knock({ cookie, host, origin: `http://${host}` })).resolves.toBe(421);
    },
  );

  test.each(["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT"])("%s is this console", async (name) => {
    const host = name.replace("PORT", String(shown.port));
    expect((await ask("/", { cookie, host })).status).toBe(200);
  });

  test("a request without a host is turned away", async () => {
    const text = await new Promise<string>((done) => {
      const socket = connectSocket(shown.port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
      let all = "";
      socket.on("data", (chunk) => (all += chunk.toString()));
      socket.on("close", () => done(all));
    });
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(text).not.toContain("<script");
  });
});

describe("other sites", () => {
  test.each([
    "http://evil.example",
    "http://127.0.0.1:1",
    "https://127.0.0.1:PORT",
    "null",
    "http://localhost:PORT",
  ])("a page of %s opens no socket and gets no page, even with the cookie", async (name) => {
    const origin = name.replace("PORT", String(shown.port));
    expect(await knock({ cookie, origin })).toBe(403);
    expect((await ask("/", { cookie, origin })).status).toBe(403);
  });

  test("what a browser marks as another site's is turned away", async () => {
    for (const site of ["cross-site", "same-site"]) {
      expect((await ask("/", { cookie, "sec-fetch-site": site })).status).toBe(401);
      expect(await knock({ cookie, origin: own(), "sec-fetch-site": site })).toBe(401);
    }
    expect(await knock({ cookie, origin: own(), "sec-fetch-site": "same-origin" })).toBe(101);
  });

  test("the cookie alone, without an origin, opens no socket", async () => {
    expect(await knock({ cookie })).toBe(401);
    expect(await knock({ origin: own() })).toBe(401);
    expect(await knock({ cookie, origin: own() })).toBe(101);
    expect(await knock({ cookie, origin: own() }, "/other")).toBe(400);
  });

  test("no answer may be framed, sniffed, cached, or read by another origin", async () => {
    for (const path of ["/", "/nothing"]) {
      const { headers } = await ask(path, { cookie });
      expect(headers).toMatchObject({
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
      });
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });
});

describe("the page", () => {
  test("runs files of its own and nothing else", async () => {
    const { headers, body } = await ask("/", { cookie });
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(body).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|https?:\/\//);
  });

  test("is whole without a network: it names no other host", async () => {
    const { body } = await ask("/", { cookie });
    for (const [, path] of body.matchAll(/(?:src|href)="\.([^"]+)"/g)) {
      const file = await ask(path!);
      expect(file.status, path).toBe(200);
      const hosts = [...file.body.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host);
      expect(hosts.filter((host) => host !== "www.w3.org")).toEqual([]);
    }
  });

  test.each([
    "/../package.json",
    "/..%2fpackage.json",
    "/%2e%2e/%2e%2e/package.json",
    "/assets/../../package.json",
    "/assets/..%5c..%5cpackage.json",
    "//etc/passwd",
    "/etc/passwd",
    "/index.html",
    "/assets",
    "/%00",
  ])("%s is no file of it", async (path) => {
    const { status, body } = await ask(path, { cookie });
    expect(status).toBe(404);
    expect(body).toBe("there is no such file\n");
  });

  test("nothing can be posted", async () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      expect((await ask("/", { cookie }, method)).status, method).toBe(400);
    }
  });
});

describe("the socket", () => {
  const opened = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${shown.port}/socket`, {
      headers: { cookie, origin: own() },
    });
    await new Promise((done) => socket.once("open", done));
    return socket;
  };

  test.each([
    ["no JSON", "{"],
    ["no message of ours", '{"type":"eval","code":"process.exit()"}'],
    ["a wrong type", '{"type":"watch","task":"1"}'],
    ["null", "null"],
    ["more than it may say", JSON.stringify({ type: "ack", seq: 1, more: "x".repeat(10_000) })],
    ["bytes", Buffer.from('{"type":"ack","seq":1}')],
  ])("closes when it is told %s", async (_, said) => {
    const socket = await opened();
    const code = await new Promise<number>((done) => {
      socket.once("close", done);
      socket.send(said);
    });
    expect([1008, 1009]).toContain(code);
  });
});

describe("tools of the same user", () => {
  test("find the console by the process, in a file that nobody else can read", async () => {
    const found = findConsole(process.pid)!;
    expect(new URL(found.url).port).toBe(String(shown.port));
    const folder = readdirSync(tmpdir()).filter((name) => name.startsWith("millrace-console-"))[0]!;
    const file = join(tmpdir(), folder, `${process.pid}.json`);
    if (process.platform !== "win32") {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
    }
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(found);
    const client = await connect(process.pid);
    expect(client.hello.program.pid).toBe(process.pid);
    client.close();
  });

  test("a wrong key opens nothing", async () => {
    expect(await knock({ authorization: "Bearer wrong" })).toBe(401);
    expect(await knock({ authorization: `Bearer ${findConsole(process.pid)!.key}` })).toBe(101);
  });

  test("a link is good for one connection, and says so", async () => {
    const { url } = shown;
    (await connect(url)).close();
    await expect(connect(url)).rejects.toThrow("used up");
    await expect(connect(new URL(url).origin)).rejects.toThrow("no token");
    await expect(connect("nonsense")).rejects.toThrow(TypeError);
    await expect(connect(2 ** 30)).rejects.toThrow("serves no console");
  });
});

test("it listens on this machine only, unless told otherwise", async () => {
  expect(new URL(shown.url).hostname).toBe("127.0.0.1");
  const other = await serve({ host: "0.0.0.0" });
  try {
    const status = (host: string): Promise<number> =>
      new Promise((done) => {
        request(
          { host: "127.0.0.1", port: other.port, path: pathOf(other.url), headers: { host } },
          (response) => {
            response.resume();
            done(response.statusCode!);
          },
        ).end();
      });
    // Under any address, since that is what was asked for, but no name that somebody else may have chosen.
    expect(await status(`192.168.1.7:${other.port}`)).toBe(200);
    expect(await status(`evil.example:${other.port}`)).toBe(421);
  } finally {
    await other.close();
  }
});

test("a taken port is told", async () => {
  await expect(serve({ port: shown.port })).rejects.toThrow(`port ${shown.port} of 127.0.0.1 is taken`);
});

// The last one, since the latest console of a process is the one that is found.
test("what a killed process has left behind is removed by the next one", async () => {
  const folder = readdirSync(tmpdir()).filter((name) => name.startsWith("millrace-console-"))[0]!;
  const left = join(tmpdir(), folder, "999999999.json");
  writeFileSync(left, JSON.stringify({ url: "http://127.0.0.1:1/", key: "none" }));
  await (await serve()).close();
  expect(existsSync(left)).toBe(false);
});
