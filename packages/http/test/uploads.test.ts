/** Bodies that are sent as streams: the source is released however the request ends. */
import type { Socket } from "node:net";
import { fromPromise, sleep, spawn, type JoinHandle, type Routine } from "millrace";
import { expect } from "vitest";
import { HttpClient, type RequestBody } from "../src/index.ts";
import { until } from "./support/origin.ts";
import { inStyles, unobserved } from "./support/styles.ts";
import { wireServer, type WireServer } from "./support/wire-server.ts";

/** A body of more than any buffer on the way holds. */
class Long {
  /** Chunks that were asked for. */
  chunks: number = 0;
  isReleased: boolean = false;

  async *body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      while (this.chunks++ < 2000) yield new Uint8Array(65_536);
    } finally {
      this.isReleased = true;
    }
  }
}

/** Gives an upload up once the server takes no more of it. */
async function abandonedWhileItWaits(
  post: (client: HttpClient, url: string, body: RequestBody) => JoinHandle<unknown>,
  toBody: (chunks: AsyncIterable<Uint8Array<ArrayBuffer>>) => RequestBody,
): Promise<void> {
  await using server: WireServer = await wireServer((socket) => socket.pause());
  const source = new Long();
  const upload = post(new HttpClient(), server.url, toBody(source.body()));
  let before = -1;
  while (source.chunks === 0 || source.chunks !== before) {
    before = source.chunks;
    await sleep(20);
  }
  upload.abort();
  expect(await upload.settled()).toMatchObject({ status: "cancelled" });
  await until(() => source.isReleased);
  expect(source.chunks).toBeLessThanOrEqual(before + 1);
}

/** The types of browsers do not know it yet. */
const fromChunks = (
  ReadableStream as unknown as {
    from(chunks: AsyncIterable<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>>;
  }
).from;

for (const [what, toBody] of [
  ["an iterable", (chunks) => chunks],
  ["a web stream", fromChunks],
] satisfies [string, (chunks: AsyncIterable<Uint8Array<ArrayBuffer>>) => RequestBody][]) {
  inStyles(`an upload of ${what} that is abandoned reads no further and releases its source`, {
    await: () =>
      abandonedWhileItWaits(
        (client, url, body) => spawn(async () => await client.post(url, { body }).text()),
        toBody,
      ),
    *yield(): Routine<void> {
      yield* fromPromise(
        abandonedWhileItWaits(
          (client, url, body) =>
            spawn(function* () {
              return yield* client.post(url, { body }).text();
            }),
          toBody,
        ),
      );
    },
  });
}

/** What the server does with an upload of which it has seen the head, and what the client makes of it. */
const ends: Record<string, readonly [answer: (socket: Socket) => void, outcome: object]> = {
  "answered before its end": [
    (socket) => {
      socket.pause();
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nenough");
    },
    { status: "fulfilled", value: "enough" },
  ],
  "broken off": [
    (socket) => {
      socket.pause();
      setTimeout(() => socket.resetAndDestroy(), 20);
    },
    { status: "rejected", reason: { reason: "reset" } },
  ],
};
for (const [how, [answer, outcome]] of Object.entries(ends)) {
  inStyles(`an upload that is ${how} releases its source`, {
    async await() {
      await using server = await wireServer(answer);
      const source = new Long();
      const text = new HttpClient().post(server.url, { body: source.body() }).text();
      expect(await text.settled()).toMatchObject(outcome);
      await until(() => source.isReleased);
      expect(source.chunks).toBeLessThan(2000);
    },
    *yield(): Routine<void> {
      const server = yield* fromPromise(wireServer(answer));
      const source = new Long();
      const text = new HttpClient().post(server.url, { body: source.body() }).text();
      expect(yield* text.settled()).toMatchObject(outcome);
      yield* fromPromise(until(() => source.isReleased));
      expect(source.chunks).toBeLessThan(2000);
      yield* fromPromise(Promise.resolve(server[Symbol.asyncDispose]()));
    },
  });
}

inStyles("a failure of the cleanup of an upload that was given up is reported", {
  async await() {
    await using server = await wireServer((socket) => socket.pause());
    await failingCleanup(
      spawn(async () => await new HttpClient().post(server.url, { body: untidy() }).text()),
    );
  },
  *yield(): Routine<void> {
    const server = yield* fromPromise(wireServer((socket) => socket.pause()));
    const upload = spawn(() => new HttpClient().post(server.url, { body: untidy() }).text());
    yield* fromPromise(failingCleanup(upload));
    yield* fromPromise(Promise.resolve(server[Symbol.asyncDispose]()));
  },
});

async function* untidy(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for (;;) yield new Uint8Array(65_536);
  } finally {
    refuse();
  }
}

async function failingCleanup(upload: JoinHandle<unknown>): Promise<void> {
  await sleep(50);
  upload.abort();
  expect(await upload.settled()).toMatchObject({ status: "cancelled" });
  await until(() => unobserved.length > 0);
  expect(unobserved.splice(0).map(({ error }) => String(error))).toEqual(["Error: cannot be closed"]);
}

inStyles("a source that fails while its upload is given up has nothing to clean up", {
  await: () =>
    failingMeanwhile((url, body) => spawn(async () => await new HttpClient().post(url, { body }).text())),
  *yield(): Routine<void> {
    const post = (url: string, body: RequestBody): JoinHandle<unknown> =>
      spawn(function* () {
        return yield* new HttpClient().post(url, { body }).text();
      });
    yield* fromPromise(failingMeanwhile(post));
  },
});

async function failingMeanwhile(
  post: (url: string, body: RequestBody) => JoinHandle<unknown>,
): Promise<void> {
  await using server = await wireServer(() => {});
  let source: ReadableStreamDefaultController<Uint8Array>;
  const upload = post(
    server.url,
    new ReadableStream<Uint8Array>({ start: (controller) => void (source = controller) }),
  );
  await until(() => server.open() === 1);
  await sleep(20);
  upload.abort();
  source!.error(new Error("gone"));
  expect(await upload.settled()).toMatchObject({ status: "cancelled" });
  await sleep(20);
}

function refuse(): never {
  throw new Error("cannot be closed");
}
