import { connect } from "node:net";
import {
  CancelledError,
  fromPromise,
  Notify,
  Runtime,
  scope,
  Semaphore,
  sleep,
  spawn,
  type Routine,
  type TaskFailure,
} from "millrace";
import { expect, test } from "vitest";
import * as z from "zod";
import { HttpClient, type StatusError } from "../src/index.ts";
import { readJson, RejectedError, serve, streamed } from "../src/server.ts";
import { until } from "./support/origin.ts";
import { inStyles, run } from "./support/styles.ts";

inStyles("a handler of either style answers", {
  async await() {
    await using server = await serve({
      async handler(request) {
        await sleep(1);
        return new Response(`hello ${new URL(request.url).pathname}`);
      },
    });
    expect(await new HttpClient({ baseUrl: server.url }).get("/x").text()).toBe("hello /x");
    expect(server.metrics()).toMatchObject({ active: 0, served: 1 });
  },
  *yield() {
    const server = yield* serve({
      *handler(request) {
        yield* sleep(1);
        return new Response(`hello ${new URL(request.url).pathname}`);
      },
    });
    expect(yield* new HttpClient({ baseUrl: server.url }).get("/x").text()).toBe("hello /x");
    expect(yield* server.shutdown()).toEqual({ cancelled: 0 });
  },
});

inStyles("a request whose client goes away is cancelled", {
  async await() {
    const over = new Notify();
    let seen: boolean | undefined;
    await using server = await serve({
      async handler(_, cx) {
        try {
          await sleep(60_000);
        } finally {
          seen = cx.isCancelled && cx.signal.aborted;
          over.notifyOne();
        }
        return new Response();
      },
    });
    const asking = spawn(new HttpClient().get(server.url).text());
    await until(() => server.metrics().active === 1);
    asking.abort();
    await over.notified();
    expect(seen).toBe(true);
  },
  *yield() {
    const over = new Notify();
    const server = yield* serve({
      *handler() {
        try {
          yield* sleep(60_000);
        } finally {
          over.notifyOne();
        }
        return new Response();
      },
    });
    const asking = spawn(new HttpClient().get(server.url).text());
    yield* fromPromise(until(() => server.metrics().active === 1));
    asking.abort();
    yield* over.notified();
    yield* server.shutdown();
  },
});

inStyles("one request too many gets 503 with Retry-After; with a queue it waits", {
  async await() {
    const go = new Semaphore(0);
    await using server = await serve({
      maxRequests: 1,
      maxQueue: 1,
      retryAfter: 1500,
      handler: async () => {
        await go.acquire();
        return new Response("done");
      },
    });
    const client = new HttpClient({ baseUrl: server.url, retry: false });
    const both = [client.get("/1").text(), client.get("/2").text()].map((call) => call.then((text) => text));
    await until(() => server.metrics().waiting === 1);
    const refused = await client
      .get("/3")
      .text()
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 503, retryAfter: 2000 });
    expect(server.metrics().refused).toBe(1);
    go.addPermits(2);
    expect(await Promise.all(both)).toEqual(["done", "done"]);
  },
  *yield() {
    const server = yield* serve({ maxRequests: 1, handler: () => sleep(60_000).map(() => new Response()) });
    const client = new HttpClient({ baseUrl: server.url, retry: false });
    yield* scope(function* (tasks) {
      tasks.spawn(client.get("/1").text());
      yield* fromPromise(until(() => server.metrics().active === 1));
      const outcome = yield* client.get("/2").text().settled();
      expect(outcome).toMatchObject({ reason: { status: 503, retryAfter: 1000 } });
      tasks.cancel();
    }).settled();
    yield* server.shutdown();
  },
});

inStyles("a request past its deadline gets 503, and its task is cancelled", {
  async await() {
    let cleaned = 0;
    await using server = await serve({
      deadline: 20,
      async handler() {
        try {
          await sleep(60_000);
        } finally {
          await sleep(20);
          cleaned++;
        }
        return new Response();
      },
    });
    const failure = await new HttpClient({ retry: false }).get(server.url).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 503, bodyStart: "Service Unavailable" });
    expect(cleaned).toBe(0); // the client does not wait for the cleanup
    await until(() => cleaned === 1);
    expect(server.metrics().expired).toBe(1);
  },
  *yield() {
    const server = yield* serve({ deadline: 20, handler: () => sleep(60_000).map(() => new Response()) });
    const outcome = yield* new HttpClient({ retry: false }).get(server.url).settled();
    expect(outcome).toMatchObject({ reason: { status: 503 } });
    yield* server.shutdown();
  },
});

test("a failure becomes a 500 that tells nothing, and is reported", async () => {
  const failures: TaskFailure[] = [];
  await using runtime = new Runtime({ onTaskFailure: (failure) => failures.push(failure) });
  await runtime.run(async () => {
    await using server = await serve({
      handler(request): Response {
        if (request.url.endsWith("/cancelled")) throw new CancelledError("from within");
        if (request.url.endsWith("/nothing")) return undefined as never;
        throw new Error("the password is 1234");
      },
    });
    const client = new HttpClient({ baseUrl: server.url, retry: false });
    for (const path of ["/boom?token=1", "/cancelled", "/nothing"]) {
      const failure = await client.get(path).catch((error: unknown) => error);
      expect(failure).toMatchObject({ status: 500, bodyStart: "Internal Server Error" });
      // No more than what every answer of the runtime's server has.
      const known = "connection content-length content-type date keep-alive transfer-encoding".split(" ");
      const names = [...(failure as StatusError).headers.keys()];
      expect(names.filter((each) => !known.includes(each))).toEqual([]);
    }
    expect(server.metrics().failed).toBe(3);
  });
  expect(failures.map(({ name, error }) => `${name}: ${(error as Error).message}`)).toEqual([
    "GET /boom: the password is 1234",
    "GET /cancelled: a handler gave up what it waited for, although nobody had cancelled it",
    "GET /nothing: a handler must answer with a Response, or with what streamed() gives, got undefined",
  ]);
});

test("onFailure takes the failures", () =>
  run(async () => {
    const failures: unknown[] = [];
    await using server = await serve({
      handler: () => Promise.reject(new Error("boom")),
      onFailure: (error, request) => failures.push([(error as Error).message, request.method]),
    });
    await new HttpClient({ retry: false }).get(server.url).settled();
    expect(failures).toEqual([["boom", "GET"]]);
  }));

test("a RejectedError is the answer", () =>
  run(async () => {
    await using server = await serve({
      *handler(): Routine<Response> {
        throw new RejectedError(409, "it is taken", { headers: { "x-by": "Ada" } });
      },
    });
    const failure = await new HttpClient({ retry: false }).get(server.url).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 409, bodyStart: "it is taken" });
    expect((failure as StatusError).headers.get("x-by")).toBe("Ada");
    expect(() => new RejectedError(200, "")).toThrow(RangeError);
  }));

test("a body is read as JSON and checked; what does not fit is 400, what is too long 413", () =>
  run(async () => {
    await using server = await serve({
      maxBodyBytes: 100,
      async handler(request) {
        return Response.json(await readJson(request, z.object({ n: z.number() })));
      },
    });
    const client = new HttpClient({ baseUrl: server.url });
    expect(await client.post("/", { json: { n: 1 } }).json()).toEqual({ n: 1 });
    const failed = (options: object) => client.post("/", options).text().settled();
    expect(await failed({ body: "{" })).toMatchObject({ reason: { status: 400 } });
    expect(await failed({ json: { n: "1" } })).toMatchObject({
      reason: { status: 400, bodyStart: expect.stringContaining("n: ") },
    });
    expect(await failed({ json: { n: 1, s: "x".repeat(200) } })).toMatchObject({ reason: { status: 413 } });
    const stream = async function* () {
      for (let i = 0; i < 10; i++) yield new TextEncoder().encode("x".repeat(20));
    };
    expect(await failed({ body: stream() })).toMatchObject({ reason: { status: 413 } });
  }));

inStyles("a streamed answer is pulled, and abandoned when the client leaves", {
  async await() {
    let made = 0;
    let isOver = false;
    await using server = await serve({
      handler: () =>
        streamed(
          (async function* () {
            try {
              for (;;) {
                made++;
                yield new Uint8Array(64 * 1024);
              }
            } finally {
              isOver = true;
            }
          })(),
        ),
    });
    const chunks = new HttpClient().get(server.url).stream();
    await chunks.next();
    // The socket's buffers fill; then nothing more is made.
    let before = -1;
    while (before !== made) {
      before = made;
      await sleep(50);
    }
    expect(made).toBeLessThan(500);
    await chunks[Symbol.asyncDispose]();
    await until(() => isOver);
    await until(() => server.metrics().active === 0);
  },
  *yield() {
    const server = yield* serve({
      *handler() {
        return streamed(["a", "b", new TextEncoder().encode("c")], { headers: { "content-type": "text/x" } });
      },
    });
    const response = yield* new HttpClient().get(server.url);
    expect(response.headers.get("content-type")).toBe("text/x");
    expect(yield* response.text()).toBe("abc");
    yield* server.shutdown();
  },
});

test("a stream that fails breaks the connection off, and is reported", async () => {
  const failures: TaskFailure[] = [];
  await using runtime = new Runtime({ onTaskFailure: (failure) => failures.push(failure) });
  await runtime.run(async () => {
    await using server = await serve({
      handler: () =>
        streamed(
          (async function* () {
            yield "a start";
            throw new Error("the source is dry");
          })(),
        ),
    });
    const outcome = await new HttpClient({ retry: false }).get(server.url).text().settled();
    expect(outcome).toMatchObject({ reason: { code: "ERR_HTTP_NETWORK", reason: "reset" } });
  });
  expect(failures.map(({ error }) => (error as Error).message)).toEqual(["the source is dry"]);
});

inStyles("a shutdown lets requests finish, refuses new ones, and then cancels", {
  async await() {
    const server = await serve({
      async handler(request) {
        await sleep(request.url.endsWith("/short") ? 60 : 60_000);
        return new Response("done");
      },
    });
    const client = new HttpClient({ baseUrl: server.url, retry: false });
    const short = client
      .get("/short")
      .text()
      .settled()
      .then((outcome) => outcome);
    const long = client
      .get("/long")
      .text()
      .settled()
      .then((outcome) => outcome);
    await until(() => server.metrics().active === 2);
    expect(await server.shutdown({ drain: 150 })).toEqual({ cancelled: 1 });
    expect(await short).toEqual({ status: "fulfilled", value: "done" });
    expect(await long).toMatchObject({ status: "rejected" });
    expect(await client.get("/late").settled()).toMatchObject({ reason: { reason: "refused" } });
    await server.closed();
  },
  *yield() {
    const server = yield* serve({ handler: () => new Response("x") });
    expect(yield* new HttpClient().get(server.url).text()).toBe("x");
    expect(yield* server.shutdown()).toEqual({ cancelled: 0 });
    // A second one has the same end.
    expect(yield* server.shutdown()).toEqual({ cancelled: 0 });
  },
});

/** A response of the platform, made in 1.5 s: its task has ended when its body begins. */
function slowly(): Response {
  let chunks = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await sleep(300);
      controller.enqueue(new TextEncoder().encode("x"));
      if (++chunks === 5) controller.close();
    },
  });
  return new Response(body);
}

inStyles("a shutdown waits until answers are with their clients, and then for nobody", {
  async await() {
    const server = await serve({ handler: slowly });
    using response = await new HttpClient({ retry: false }).get(server.url);
    const start = performance.now();
    const stopping = server.shutdown().then((report) => report);
    expect(await response.text()).toBe("xxxxx");
    expect(await stopping).toEqual({ cancelled: 0 });
    // The client keeps its connection, which is of no more use.
    expect(performance.now() - start).toBeLessThan(2400);
  },
  *yield() {
    // The client does not read: the rest is cut off at the limit, and counted.
    const server = yield* serve({ handler: () => new Response("x".repeat(30_000_000)) });
    const response = yield* new HttpClient({ retry: false }).get(server.url);
    expect(yield* server.shutdown({ drain: 150 })).toEqual({ cancelled: 1 });
    expect(server.metrics().active).toBe(0);
    expect(yield* response.text().settled()).toMatchObject({ reason: { reason: "reset" } });
  },
});

test("a server in a scope is cancelled with it", () =>
  run(async () => {
    let isCleaned = false;
    let port = 0;
    await scope(async (tasks) => {
      const server = await serve({
        scope: tasks,
        async handler() {
          try {
            await sleep(60_000);
          } finally {
            isCleaned = true;
          }
          return new Response();
        },
      });
      port = server.port;
      const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: h\r\n\r\n"));
      socket.on("error", () => {});
      await until(() => server.metrics().active === 1);
      tasks.cancel();
      await sleep(1000);
    }).settled();
    expect(isCleaned).toBe(true);
    const outcome = await new HttpClient({ retry: false }).get(`http://127.0.0.1:${port}/`).settled();
    expect(outcome).toMatchObject({ reason: { reason: "refused" } });
  }));

test("a port that is taken is a ListenError", () =>
  run(async () => {
    await using server = await serve({ handler: () => new Response() });
    const failure = await serve({ port: server.port, handler: () => new Response() }).catch(
      (e: unknown) => e,
    );
    expect(failure).toMatchObject({ code: "ERR_HTTP_LISTEN", port: server.port });
    expect(() => serve({ handler: 1 as never })).toThrow("serve expects a handler function, got number");
    expect(() => serve({ handler: () => new Response(), port: -1 })).toThrow(RangeError);
  }));
