/** Answers that cannot be sent as they are, and limits that Node would not take as they are. */
import { connect } from "node:net";
import { fromPromise, Runtime, sleep } from "millrace";
import { expect, test } from "vitest";
import { HttpClient } from "../src/index.ts";
import { readBody, readJson, readText, RejectedError, serve, streamed, type Answer } from "../src/server.ts";
import { until } from "./support/origin.ts";
import { inStyles, run } from "./support/styles.ts";

async function alreadyRead(): Promise<Response> {
  const response = new Response("x");
  await response.text();
  return response;
}

const answers: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
  "Response.error()": () => Response.error(),
  "already read": alreadyRead,
  "valid headers": () => {
    throw new RejectedError(401, "who are you?", { headers: { "no name": "" } });
  },
};

const failures: string[] = [];
const onFailure = (error: unknown): void => void failures.push(String(error));
const get = (url: string) => new HttpClient({ retry: false }).get(url).text().settled();

for (const [what, answer] of Object.entries(answers))
  inStyles(`an answer that cannot be sent is a reported 500: ${what}`, {
    async await() {
      failures.length = 0;
      await using server = await serve({ onFailure, handler: async () => await answer() });
      expect(await get(server.url)).toMatchObject({
        reason: { status: 500, bodyStart: "Internal Server Error" },
      });
      expect(failures).toEqual([expect.stringMatching(`TypeError: .*${what.replace(/\W+$/, "")}`)]);
    },
    *yield() {
      failures.length = 0;
      const server = yield* serve({ onFailure, handler: () => answer() });
      expect(yield* get(server.url)).toMatchObject({ reason: { status: 500 } });
      expect(failures).toHaveLength(1);
      expect(server.metrics().failed).toBe(1);
      yield* server.shutdown();
    },
  });

test("a streamed answer of what is neither text nor bytes breaks off, and is reported", () =>
  run(async () => {
    failures.length = 0;
    await using server = await serve({ onFailure, handler: () => streamed(["a", 1 as never]) });
    expect(await get(server.url)).toMatchObject({ reason: { reason: "reset" } });
    await until(() => server.metrics().active === 0);
    expect(failures).toEqual(["TypeError: streamed expects chunks of text or bytes, got number"]);
  }));

inStyles("a body that is read twice is a failure of the program, and no fault of the client", {
  async await() {
    failures.length = 0;
    await using server = await serve({
      onFailure,
      async handler(request) {
        await readText(request);
        return Response.json(await readJson(request));
      },
    });
    const outcome = await new HttpClient()
      .post(server.url, { json: [1] })
      .text()
      .settled();
    expect(outcome).toMatchObject({ reason: { status: 500 } });
    expect(failures).toEqual([expect.stringMatching(/^TypeError: .*was already read/)]);
  },
  *yield() {
    failures.length = 0;
    const server = yield* serve({
      onFailure,
      *handler(request) {
        yield* readBody(request).forEach(() => {});
        return new Response(yield* readText(request));
      },
    });
    const outcome = yield* new HttpClient().post(server.url, { body: "x" }).text().settled();
    expect(outcome).toMatchObject({ reason: { status: 500 } });
    expect(failures).toHaveLength(1);
    yield* server.shutdown();
  },
});

/** A response of the platform whose body fails after its start. */
function failing(): Response {
  let hasBegun = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await sleep(1);
      if (hasBegun) controller.error(new Error("the source is dry"));
      else controller.enqueue(new Uint8Array(3));
      hasBegun = true;
    },
  });
  return new Response(body);
}

inStyles("a plain response whose stream fails breaks off, and is reported once", {
  async await() {
    failures.length = 0;
    await using server = await serve({ onFailure, handler: async () => failing() });
    expect(await get(server.url)).toMatchObject({ reason: { reason: "reset" } });
    await until(() => server.metrics().active === 0 && failures.length > 0);
    expect(failures).toEqual(["Error: the source is dry"]);
    expect(server.metrics().failed).toBe(1);
    // A client that leaves is no failure.
    const leaving = await new HttpClient().get(server.url);
    leaving[Symbol.dispose]();
    await until(() => server.metrics().active === 0);
  },
  *yield() {
    const reported: unknown[] = [];
    const runtime = new Runtime({ onTaskFailure: ({ name, error }) => reported.push([name, error]) });
    yield* fromPromise(
      runtime.run(function* () {
        const server = yield* serve({ handler: () => failing() });
        expect(yield* get(`${server.url}/dry`)).toMatchObject({ reason: { reason: "reset" } });
        yield* server.shutdown();
      }),
    );
    yield* fromPromise(runtime.shutdown());
    expect(reported).toEqual([["GET /dry", new Error("the source is dry")]]);
  },
});

test("a client that leaves with answers in line is no failure", () =>
  run(async () => {
    failures.length = 0;
    await using server = await serve({
      onFailure,
      drain: 50,
      handler: () => new Response("x".repeat(20_000_000)),
    });
    const twice = "GET / HTTP/1.1\r\nhost: h\r\n\r\n".repeat(2);
    for (const leave of ["destroy", "resetAndDestroy"] as const) {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.pause().write(twice);
      await until(() => server.metrics().active === 2);
      socket[leave]();
      await until(() => server.metrics().active === 0);
    }
    expect(failures).toEqual([]);
  }));

test("a limit of no bytes for messages, which the platform takes for none, is refused", () => {
  const handler = (): Response => new Response();
  expect(() => serve({ handler, maxMessageBytes: 0 })).toThrow(
    "serve expects maxMessageBytes to be an integer of at least 1",
  );
});

for (const headersTimeout of [Infinity, 1500.5, { minutes: 10 }])
  test(`headers may take ${typeof headersTimeout === "number" ? `${headersTimeout} ms` : "10 minutes"}`, () =>
    run(async () => {
      await using server = await serve({
        headersTimeout,
        deadline: Infinity,
        async handler() {
          await sleep(1);
          return new Response("fine");
        },
      });
      expect(await get(server.url)).toMatchObject({ value: "fine" });
    }));
