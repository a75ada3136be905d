import { type } from "arktype";
import { now, select, sleep } from "millrace";
import { paused } from "millrace/testing";
import * as v from "valibot";
import { expect, test } from "vitest";
import * as z from "zod";
import {
  BodySizeError,
  DecodeError,
  HttpClient,
  type HttpResponse,
  NetworkError,
  RequestAbandonedError,
  RequestTimeoutError,
  StatusError,
} from "../src/index.ts";
import { closed, opened, origin } from "./support/origin.ts";
import { inStyles, run } from "./support/styles.ts";

/** A `fetch` that answers out of memory, and says what it was asked. */
function answering(...answers: (() => Response | Promise<Response>)[]) {
  const asked: { url: string; init: RequestInit & { headers: Headers } }[] = [];
  const fetch = (async (url: string, init: RequestInit & { headers: Headers }) => {
    asked.push({ url, init });
    return answers[Math.min(asked.length, answers.length) - 1]!();
  }) as typeof globalThis.fetch;
  return { fetch, asked };
}

const ok = () => Response.json({ id: 1, name: "Ada" });

inStyles("a call is lazy, and sends once", {
  async await() {
    const { fetch, asked } = answering(ok);
    const call = new HttpClient({ fetch }).get("http://h/x").json();
    await sleep(0);
    expect(asked).toHaveLength(0);
    expect(await call).toEqual({ id: 1, name: "Ada" });
    expect(asked).toHaveLength(1);
  },
  *yield() {
    const { fetch, asked } = answering(ok);
    const call = new HttpClient({ fetch }).get("http://h/x").json();
    yield* sleep(0);
    expect(asked).toHaveLength(0);
    expect(yield* call).toEqual({ id: 1, name: "Ada" });
    expect(asked).toHaveLength(1);
  },
});

test("base URL, query, headers and a JSON body arrive", () =>
  run(async () => {
    const { fetch, asked } = answering(ok);
    const client = new HttpClient({ baseUrl: "http://h/api/", headers: { a: "1", b: "2" }, fetch });
    await client
      .post("/users", {
        query: { q: "ä b", page: 2, tag: ["x", "y"], none: undefined },
        headers: { B: "3" },
        json: { name: "Ada" },
      })
      .json();
    const { url, init } = asked[0]!;
    expect(url).toBe("http://h/api/users?q=%C3%A4+b&page=2&tag=x&tag=y");
    expect(init.method).toBe("POST");
    expect(init.body).toBe('{"name":"Ada"}');
    expect(Object.fromEntries(init.headers)).toEqual({
      a: "1",
      b: "3",
      accept: "application/json",
      "content-type": "application/json",
    });
  }));

test.each([
  ["zod", z.object({ id: z.number(), name: z.string() }), z.object({ id: z.string() })],
  ["valibot", v.object({ id: v.number(), name: v.string() }), v.object({ id: v.string() })],
  ["arktype", type({ id: "number", name: "string" }), type({ id: "string" })],
])("a schema of %s checks the body", (_, fits, fails) =>
  run(async () => {
    const { fetch } = answering(ok);
    const client = new HttpClient({ fetch });
    expect(await client.get("http://h/").json(fits)).toEqual({ id: 1, name: "Ada" });
    const failure = await client
      .get("http://h/")
      .json(fails as unknown as typeof fits)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DecodeError);
    expect((failure as DecodeError).issues[0]!.path).toEqual(["id"]);
    expect((failure as DecodeError).bodyStart).toBe('{"id":1,"name":"Ada"}');
    expect((failure as DecodeError).message).toMatch(/^GET http:\/\/h\/: the body is not what the schema/);
  }),
);

inStyles("a status that is no success is thrown, with the start of the body", {
  async await() {
    const { fetch } = answering(() => new Response("x".repeat(10_000), { status: 404 }));
    const failure = await new HttpClient({ fetch }).get("http://h/p?secret=1").catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(StatusError);
    expect(failure).toMatchObject({ code: "ERR_HTTP_STATUS", status: 404, url: "http://h/p?secret=1" });
    expect((failure as StatusError).bodyStart).toHaveLength(4096);
    expect((failure as StatusError).message).not.toContain("secret");
  },
  *yield() {
    const { fetch } = answering(() => new Response("gone", { status: 410 }));
    try {
      yield* new HttpClient({ fetch }).get("http://h/");
      expect.unreachable();
    } catch (failure) {
      expect(failure).toMatchObject({ name: "StatusError", status: 410, bodyStart: "gone" });
    }
  },
});

test.each([
  ["", "the body is empty, not JSON"],
  ["{", "the body is not JSON"],
])("a body %j is no JSON", (body, message) =>
  run(async () => {
    const { fetch } = answering(() => new Response(body));
    const failure = await new HttpClient({ fetch }).get("http://h/").json().settled();
    expect(failure).toMatchObject({ status: "rejected", reason: { code: "ERR_HTTP_DECODE" } });
    expect(String((failure as { reason: Error }).reason.message)).toContain(message);
  }),
);

test.each([
  ["with its length told", () => new Response("123456", { headers: { "content-length": "6" } })],
  ["chunk by chunk", () => new Response(new Blob(["123", "456"]).stream())],
  [
    "packed",
    () => new Response("123456", { headers: { "content-encoding": "gzip", "content-length": "1" } }),
  ],
])("a body longer than maxBytes is refused, %s", (_, answer) =>
  run(async () => {
    const client = new HttpClient({ fetch: answering(answer).fetch, maxBytes: 5 });
    const failure = await client
      .get("http://h/")
      .text()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BodySizeError);
    expect(await client.get("http://h/", { maxBytes: 6 }).text()).toBe("123456");
  }),
);

test("bad input throws at the caller's line, and says what was expected", () => {
  const client = new HttpClient();
  expect(() => client.get("/x")).toThrow(
    'HttpClient GET expects an absolute URL, since the client has no baseUrl, got "/x"',
  );
  expect(() => client.get("ftp://h/")).toThrow("expects an http or https URL");
  expect(() => client.get("http://h/", { json: 1 })).toThrow("expects no body");
  expect(() => client.post("http://h/", { json: 1, body: "" })).toThrow("either json or a body");
  expect(() => client.post("http://h/", { json: () => {} })).toThrow("a value for JSON, got a function");
  expect(() => client.get("http://h/", { timeout: -1 })).toThrow(RangeError);
  expect(() => client.get("http://h/", { headers: { "a b": "" } })).toThrow("expects valid headers");
  expect(() => client.get("http://h/").json({} as never)).toThrow("expects a Standard Schema");
  expect(() => client.request("a b", "http://h/")).toThrow("expects a method that can be sent");
  expect(() => client.request("TRACE", "http://h/")).toThrow("expects a method that can be sent");
  for (const body of [null, 5, {}, [new Uint8Array(1)]] as never[])
    expect(() => client.post("http://h/", { body })).toThrow("expects body to be text, bytes, a form or");
  const secret = "http://ada:secret@h/";
  for (const withCredentials of [() => client.get(secret), () => new HttpClient({ baseUrl: secret })]) {
    expect(withCredentials).toThrow("without a user and a password");
    expect(withCredentials).not.toThrow("secret");
  }
  expect(() => client.get("http://h/", null as never)).toThrow(
    "GET expects options to be an object, got null",
  );
  expect(() => new HttpClient(null as never)).toThrow("HttpClient expects options to be an object, got null");
  expect(() => new HttpClient({ baseUrl: "x" })).toThrow("expects baseUrl to be an http or https URL");
  expect(() => new HttpClient({ maxPerHost: 0 })).toThrow("an integer of at least 1");
  expect(() => new HttpClient({ baseUrl: "http://a/" }).get("http://b/")).toThrow(
    "expects a URL of http://a",
  );
});

test("a call is used once", () =>
  run(async () => {
    const call = new HttpClient({ fetch: answering(ok).fetch }).get("http://h/");
    expect(await call.json()).toEqual({ id: 1, name: "Ada" });
    expect(() => call.text()).toThrow("already used");
    const raw = new HttpClient({ fetch: answering(ok).fetch }).get("http://h/");
    using response = await raw;
    expect(await response.text()).toContain("Ada");
    expect(() => response.text()).toThrow("already read");
  }));

inStyles("an attempt that takes too long is aborted on the wire", {
  async await() {
    await using server = await origin(() => {});
    let retries = 0;
    const client = new HttpClient({
      timeout: 30,
      retry: { limit: 1, baseDelay: 1, onRetry: () => retries++ },
    });
    const failure = await client
      .get(server.url)
      .text()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RequestTimeoutError);
    expect(failure).toMatchObject({ code: "ERR_TIMEOUT", name: "TimeoutError", limit: "attempt" });
    expect(retries).toBe(1);
    await server.until(() => server.connections() === 0);
  },
  *yield() {
    const server = yield* opened(() => {});
    const client = new HttpClient({ totalTimeout: 30 });
    const outcome = yield* client.get(server.url).text().settled();
    expect(outcome).toMatchObject({ status: "rejected", reason: { limit: "total" } });
    yield* closed(server, 0);
  },
});

inStyles("an abandoned request is aborted on the wire", {
  async await() {
    await using server = await origin((_, response) => void response.write("begun"));
    const client = new HttpClient({ maxPerHost: 1 });
    const first = await select({ text: client.get(server.url).text(), late: sleep(30) });
    expect(first.key).toBe("late");
    await server.until(() => server.connections() === 0);
  },
  *yield() {
    const server = yield* opened((_, response) => void response.write("begun"));
    const client = new HttpClient({ maxPerHost: 1 });
    const response = yield* client.get(server.url);
    response[Symbol.dispose]();
    yield* closed(server, 0);
    // Its place is free again.
    const again = yield* client.get(server.url);
    again[Symbol.dispose]();
    yield* closed(server, 0);
  },
});

test("a request ends with its signal", () =>
  run(async () => {
    await using server = await origin(() => {});
    const stop = new AbortController();
    const call = new HttpClient().get(server.url, { signal: stop.signal }).text();
    const outcome = call.catch((error: unknown) => error);
    await server.until(() => server.requests() === 1);
    stop.abort("enough");
    expect(await outcome).toBeInstanceOf(RequestAbandonedError);
    expect(await outcome).toMatchObject({ name: "AbortError", code: "ABORT_ERR", reason: "enough" });
    await server.until(() => server.connections() === 0);
  }));

for (const [how, read] of [
  ["as a whole", (response: HttpResponse) => response.text()],
  ["as a stream", (response: HttpResponse) => response.body().forEach(() => {})],
] as const) {
  test(`the signal and the total time also hold for a body that is read ${how}`, () =>
    run(async () => {
      await using server = await origin((_, response) => void response.write("begun"));
      const stop = new AbortController();
      const first = await new HttpClient().get(server.url, { signal: stop.signal });
      const outcome = read(first)
        .settled()
        .then((end) => end);
      await sleep(0);
      stop.abort("enough");
      expect(await outcome).toMatchObject({ status: "cancelled" });
      await server.until(() => server.connections() === 0);
    }));

  test(`the total time is not begun anew for a body that is read ${how}`, () =>
    paused(async () => {
      const fetch = (async () => {
        await sleep(200);
        return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
      }) as typeof globalThis.fetch;
      const response = await new HttpClient({ fetch, totalTimeout: 300 }).get("http://h/");
      const outcome = await read(response).settled();
      expect(outcome).toMatchObject({ status: "rejected", reason: { limit: "total" } });
      expect(now()).toBe(300);
    }));
}

test("a refused connection is a NetworkError", () =>
  run(async () => {
    const server = await origin(() => {});
    await server[Symbol.asyncDispose]();
    const failure = await new HttpClient({ retry: false }).get(server.url).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NetworkError);
    expect(failure).toMatchObject({ reason: "refused", code: "ERR_HTTP_NETWORK" });
  }));

test("a million bytes come as a stream, and leaving it closes the connection", () =>
  run(async () => {
    await using server = await origin((_, response) => {
      const more = (): void => {
        while (response.write(new Uint8Array(64 * 1024)));
        response.once("drain", more);
      };
      more();
    });
    let bytes = 0;
    for await (const chunk of new HttpClient().get(server.url).stream()) {
      bytes += chunk.length;
      if (bytes > 1_000_000) break;
    }
    await server.until(() => server.connections() === 0);
  }));
