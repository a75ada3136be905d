/** Clients that leave while their request is worked on: its task is cancelled, and that is no failure of anybody. */
import { connect } from "node:net";
import { fromPromise, sleep, type Future, type Routine } from "millrace";
import { expect, test } from "vitest";
import { HttpClient, type RequestBody } from "../src/index.ts";
import { readBody, readJson, readText, serve, type Handler } from "../src/server.ts";
import { until } from "./support/origin.ts";
import { run, unobserved } from "./support/styles.ts";

/** What a handler may be waiting for, in both styles. */
const handlers: Record<string, Handler> = {
  "the chunks of the body (await)": async (request) => {
    for await (const _ of readBody(request));
    return new Response();
  },
  *"the chunks of the body (yield*)"(request): Routine<Response> {
    yield* readBody(request).forEach(() => {});
    return new Response();
  },
  "the body as text (await)": async (request) => new Response(await readText(request)),
  *"the body as text (yield*)"(request): Routine<Response> {
    return new Response(yield* readText(request));
  },
  "the body as JSON (await)": async (request) => Response.json(await readJson(request)),
  "the body as the platform reads it (await)": async (request) => new Response(await request.text()),
  *"the body as the platform reads it (yield*)"(request): Routine<Response> {
    return new Response(yield* fromPromise(request.text()));
  },
  "a server to which it sends the body on (await)": async (request) =>
    new Response(await elsewhere(request.url, readBody(request))),
  *"a server to which it sends the body on (yield*)"(request): Routine<Response> {
    return new Response(yield* elsewhere(request.url, readBody(request)));
  },
  "what has the signal of the request (await)": async (request) => {
    const { signal } = request;
    await new Promise((_, refuse) => signal.addEventListener("abort", () => refuse(signal.reason)));
    return new Response();
  },
};

/** A server that reads and never answers. */
function elsewhere(url: string, body: AsyncIterable<Uint8Array>): Future<string> {
  const fetch = (_: unknown, init?: RequestInit): Promise<Response> =>
    new Response(init?.body).bytes().then(() => new Promise(() => {}));
  return new HttpClient({ fetch }).post(url, { body: body as RequestBody }).text();
}

for (const [what, handler] of Object.entries(handlers)) {
  for (const how of ["destroy", "resetAndDestroy", "end"] as const) {
    test(`a client that leaves (${how}) while the handler waits for ${what} is no failure`, () =>
      run(async () => {
        const failures: unknown[] = [];
        await using server = await serve({ handler, onFailure: (error) => failures.push(error) });
        const socket = connect(server.port, "127.0.0.1").on("error", () => {});
        socket.write("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\n{");
        await until(() => server.metrics().active === 1);
        await sleep(5);
        socket[how]();
        await until(() => server.metrics().active === 0);
        await sleep(5);
        expect([failures, server.metrics().failed]).toEqual([[], 0]);
      }));
  }
}

test("what fails of a handler in its cleanup is reported, also after its client has left", () =>
  run(async () => {
    const failures: unknown[] = [];
    await using server = await serve({
      async handler() {
        try {
          await sleep(10_000);
        } finally {
          refuse();
        }
      },
      onFailure: (error) => failures.push(error),
    });
    const socket = connect(server.port, "127.0.0.1").on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    await until(() => server.metrics().active === 1);
    await sleep(5);
    socket.destroy();
    await until(() => failures.length + unobserved.length > 0);
    const reported = [...failures, ...unobserved.splice(0).map(({ error }) => error)];
    expect(reported.map(String)).toEqual(["TypeError: cannot clean up"]);
  }));

function refuse(): never {
  throw new TypeError("cannot clean up");
}
