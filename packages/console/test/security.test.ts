/** Whoever is not the user who runs the program sees nothing of it. Each attack is tried over the wire. */
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, findConsole, serve, type Served } from "@millrace/console";
import { askAt, enter, knockAt, pathOf, send, type Answer, type Session } from "./wire.ts";

let shown: Served;
let session: Session;
const ask = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
  askAt(shown.port, path, headers, method);
const knock = (headers: Record<string, string>, path = `${session.folder}socket`): Promise<number> =>
  knockAt(shown.port, path, headers);

const own = (): string => `http://127.0.0.1:${shown.port}`;

beforeAll(async () => {
  shown = await serve();
  session = await enter(shown);
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
      expect.stringMatching(/^millrace=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/[\w-]{32}\/$/),
    ]);
  });

  test("leads to a folder with a secret name, and the cookie is good for that folder only", async () => {
    const { folder, cookie } = session;
    const other = await enter(shown);
    expect(other.folder).not.toBe(folder);
    expect((await ask(folder, { cookie })).status).toBe(200);
    expect((await ask(other.folder, { cookie })).status).toBe(401);
    expect((await ask("/", { cookie })).status).toBe(401);
    expect((await ask(folder)).status).toBe(401);
    expect(await knock({ cookie, origin: own() }, `${other.folder}socket`)).toBe(401);
    expect(await knock({ cookie, origin: own() }, "/socket")).toBe(401);
  });

  test("is not used up by what only looks at it", async () => {
    const path = pathOf(shown.url);
    expect((await ask(path, {}, "HEAD")).status).toBe(401);
    expect((await ask(path)).status).toBe(200);
  });

  test("without it, or with a guess, nothing is shown", async () => {
    for (const path of ["/", "/?token=", "/?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]) {
      expect((await ask(path)).status, path).toBe(401);
    }
    const { folder, cookie } = session;
    for (const guess of [
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "",
      cookie.slice(9, -1),
      `${cookie.slice(9)}A`,
    ]) {
      expect((await ask(folder, { cookie: `millrace=${guess}` })).status, guess).toBe(401);
    }
    expect((await ask(folder, { cookie: `a=b; ${cookie}; c` })).status).toBe(200);
    expect((await ask(folder, { cookie: `Millrace${cookie.slice(8)}` })).status).toBe(401);
  });
});

describe("DNS rebinding", () => {
  test.each([
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1.evil.example:PORT",
    "localhost.evil.example:PORT",
    "evil.localhost:PORT",
    "localhost.:PORT",
    "evil.example@127.0.0.1:PORT",
    "127.0.0.1:PORT@evil.example",
    "127.0.0.1:PORT:80",
    "127.0.0.1:PORT/evil",
    "127.0.0.1:PORT evil.example",
    "127.1:PORT",
    "2130706433:PORT",
    "0x7f.0.0.1:PORT",
    "0.0.0.0:PORT",
    "192.168.1.7:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[::1%25lo]:PORT",
    "[127.0.0.1]:PORT",
    ":PORT",
    "localhost",
    "127.0.0.1:1",
    "127.0.0.1:",
  ])("a request for the host %j is turned away", async (name) => {
    const { cookie, folder } = session;
    const host = name.replace("PORT", String(shown.port));
    const { status, body } = await ask(folder, { cookie, host });
    expect(status).toBe(421);
    expect(body).not.toContain("<script");
    await expect(knock({ cookie, host, origin: `http://${host}` })).resolves.toBe(421);
  });

  test.each(["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT"])("%s is this console", async (name) => {
    const host = name.replace("PORT", String(shown.port));
    const { cookie, folder } = session;
    expect((await ask(folder, { cookie, host })).status).toBe(200);
  });

  test("a request without a host is turned away", async () => {
    const text = await send(shown.port, "GET / HTTP/1.0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(text).not.toContain("<script");
  });
});

describe("other sites", () => {
  test.each([
    "http://evil.example",
    "http://127.0.0.1:1",
    "https://127.0.0.1:PORT",
    "http://127.0.0.1",
    "http://127.0.0.1:PORT0",
    "http://127.0.0.1:PORT.evil.example",
    "http://127.0.0.1:PORT@evil.example",
    "http://evil.example:PORT",
    "http://127.0.0.2:PORT",
    "http://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT http://evil.example",
    "file://",
    "chrome-extension://abcdefghijklmnop",
    "null",
    "",
    "http://localhost:PORT",
  ])("a page of %j opens no socket and gets no page, even with the cookie", async (name) => {
    const { cookie, folder } = session;
    const origin = name.replace("PORT", String(shown.port));
    expect(await knock({ cookie, origin })).toBe(403);
    expect((await ask(folder, { cookie, origin })).status).toBe(403);
    expect((await ask(pathOf(shown.url), { origin })).status).toBe(403);
  });

  test("what a browser marks as another site's is turned away", async () => {
    const { cookie, folder } = session;
    for (const site of ["cross-site", "same-site"]) {
      expect((await ask(folder, { cookie, "sec-fetch-site": site })).status).toBe(401);
      expect(await knock({ cookie, origin: own(), "sec-fetch-site": site })).toBe(401);
    }
    expect(await knock({ cookie, origin: own(), "sec-fetch-site": "same-origin" })).toBe(101);
  });

  test("the cookie alone, without an origin, opens no socket", async () => {
    const { cookie, folder } = session;
    expect(await knock({ cookie })).toBe(401);
    expect(await knock({ origin: own() })).toBe(401);
    expect(await knock({ cookie, origin: own() })).toBe(101);
    expect(await knock({ cookie, origin: own() }, `${folder}other`)).toBe(401);
  });

  test("no answer may be framed, sniffed, cached, or read by another origin", async () => {
    const { cookie, folder } = session;
    for (const path of ["/", "/nothing", folder, `${folder}nothing`, pathOf(shown.url)]) {
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
    const { cookie, folder } = session;
    const { headers, body } = await ask(folder, { cookie });
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(body).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|https?:\/\//);
  });

  test("is whole without a network: it names no other host", async () => {
    const { cookie, folder } = session;
    const { body } = await ask(folder, { cookie });
    for (const [, path] of body.matchAll(/(?:src|href)="\.\/([^"]+)"/g)) {
      const file = await ask(folder + path!, { cookie });
      expect(file.status, path).toBe(200);
      const hosts = [...file.body.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host);
      expect(hosts.filter((host) => host !== "www.w3.org")).toEqual([]);
    }
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
    const { key } = findConsole(process.pid)!;
    for (const authorization of ["Bearer wrong", "Bearer ", `Basic ${key}`, key, `Bearer ${key.slice(1)}`]) {
      expect(await knock({ authorization }, "/socket"), authorization).toBe(401);
    }
    const known = { authorization: `Bearer ${key}` };
    expect(await knock(known, "/socket")).toBe(101);
    expect(await knock({ ...known, origin: "http://evil.example" }, "/socket")).toBe(403);
    expect(await knock({ ...known, host: "evil.example" }, "/socket")).toBe(421);
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
