/**
 * What waits in the client and in sockets, under every order of two or three tasks, with and without one of
 * them being cancelled. The network is a fake, so that the explorer decides when it answers.
 */
import { asyncFn, spawn, yieldNow, type Routine } from "millrace";
import { check, explored, finish } from "../../millrace/test/explore/explored.ts";
import { get, type Steps } from "../../millrace/test/both-styles.ts";
import { InFlight } from "../src/client/in-flight.ts";
import { HttpClient, NetworkError } from "../src/index.ts";
import { Inbox } from "../src/web-socket/inbox.ts";
import { Outbox } from "../src/web-socket/outbox.ts";
import type { Wire } from "../src/web-socket/wire.ts";

class FakeWire implements Wire {
  readonly sent: string[] = [];
  buffered: number = 0;
  readonly tellsRoom: boolean = true;
  readonly canPause: boolean = true;
  isPaused: boolean = false;
  readonly ping: undefined = undefined;
  readonly pong: undefined = undefined;
  send(data: string | Uint8Array): void {
    this.sent.push(String(data));
    this.buffered += data.length;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(): void {}
  terminate(): void {}
}

/** A response whose body is one chunk, read when it is asked for: a real one waits in ways of its own. */
function bodyOf(chunk: () => Promise<Uint8Array>): Response {
  let reads = 0;
  const read = async () =>
    reads++ === 0 ? { done: false, value: await chunk() } : { done: true, value: undefined };
  return {
    status: 200,
    headers: new Headers(),
    body: { getReader: () => ({ read }) },
  } as unknown as Response;
}

explored(
  "a place is given to one at a time, of a host and in total, and every place comes back",
  function* (style) {
    const places = new InFlight({ total: 1, perHost: 1 });
    let inside = 0;
    const visit = asyncFn(function* (host: string, isWatched: boolean): Routine<string> {
      const place = places.tryEnter(host, isWatched) ?? (yield* places.enter(host, isWatched));
      check(++inside === 1, `${inside} at once`);
      try {
        yield* yieldNow();
        return host;
      } finally {
        inside--;
        place.release();
      }
    });
    yield* finish(
      ["a", "a", "b"].map((host, n) =>
        spawn(
          style.body(function* () {
            return yield* get(visit(host, n === 1));
          }),
        ),
      ),
    );
    check(places.hosts === 0, `${places.hosts} hosts are remembered`);
    const again = places.tryEnter("a", false);
    check(again !== undefined, "a place was lost");
  },
);

explored(
  "requests wait for each other; an abandoned one is aborted, and its place goes on",
  function* (style) {
    const ends: string[] = [];
    let onTheirWay = 0;
    const fetch = (async (_: string, { signal }: RequestInit) => {
      check(++onTheirWay === 1, `${onTheirWay} on their way`);
      let isOver = false;
      const end = (how: string): void => {
        if (!isOver) onTheirWay--;
        isOver = true;
        ends.push(how);
      };
      signal!.addEventListener("abort", () => end("aborted"));
      await yieldNow();
      return bodyOf(async () => {
        if (signal!.aborted) throw signal!.reason as Error;
        end("read");
        return new TextEncoder().encode("ok");
      });
    }) as typeof globalThis.fetch;
    const client = new HttpClient({ maxInFlight: 1, fetch, timeout: Infinity });
    const asking = [1, 2].map(() =>
      spawn(
        style.body(function* (): Steps<string> {
          return yield* get(client.get("http://h/").text());
        }),
      ),
    );
    const texts = yield* finish(asking);
    check(
      texts.every((text) => text === "ok"),
      `got ${texts.join()}`,
    );
    check(onTheirWay === 0, `${onTheirWay} still on their way; ${ends.join()}`);
    check((yield* get(client.get("http://h/").text())) === "ok", "a place was lost");
  },
);

explored("a request that fails is tried again, unless it is abandoned", function* (style) {
  let attempts = 0;
  const fetch = (async () => {
    attempts++;
    await yieldNow();
    throw new TypeError("the connection was reset");
  }) as typeof globalThis.fetch;
  const client = new HttpClient({ maxInFlight: 1, fetch, retry: { limit: 1, baseDelay: 10 } });
  const asking = [1, 2].map(() =>
    spawn(
      style.body(function* (): Steps<string> {
        const outcome = yield* get(client.get("http://h/").text().settled());
        check(
          outcome.status === "cancelled" ||
            (outcome.status === "rejected" && outcome.reason instanceof NetworkError),
          outcome.status,
        );
        return outcome.status;
      }),
    ),
  );
  const outcomes = yield* finish(asking);
  check(attempts >= 2 * outcomes.length && attempts <= 4, `${attempts} attempts`);
});

explored(
  "every message is sent once, when there is room, and those of an abandoned sender never",
  function* (style) {
    const wire = new FakeWire();
    const outbox = new Outbox(wire, 1);
    const sending = ["a", "b", "c"].map((text) =>
      spawn(
        style.body(function* (): Steps<string> {
          yield* get(outbox.send(text));
          return text;
        }),
      ),
    );
    // What was sent leaves, one at a time, until all have ended.
    while (sending.some((each) => !each.isFinished)) {
      wire.buffered = 0;
      outbox.drained();
      yield* get(yieldNow());
    }
    const sent = yield* finish(sending);
    for (const text of sent)
      check(wire.sent.filter((each) => each === text).length === 1, `${text} of ${wire.sent.join()}`);
    check(new Set(wire.sent).size === wire.sent.length, `twice: ${wire.sent.join()}`);
    check(!outbox.isWaitedFor, "somebody still sends");
    wire.buffered = 0;
    yield* get(outbox.send("after"));
    check(wire.sent.at(-1) === "after", "nobody can send any more");
  },
);

explored("messages are read once and in order, whoever gives up reading", function* (style) {
  const wire = new FakeWire();
  const inbox = new Inbox(wire, 100);
  const got: string[] = [];
  const writer = spawn(
    style.body(function* (): Steps<void> {
      for (const text of ["a", "b", "c"]) {
        inbox.put(text);
        yield* get(yieldNow());
      }
    }),
  );
  const reader = spawn(
    style.body(function* (): Steps<void> {
      for (let count = 0; count < 2; count++) {
        const { done, value } = yield* get(inbox.next());
        if (!done) got.push(String(value));
      }
    }),
  );
  yield* get(writer.settled());
  inbox.end();
  yield* get(reader.settled());
  for (;;) {
    const { done, value } = yield* get(inbox.next());
    if (done) break;
    got.push(String(value));
  }
  check("abc".startsWith(got.join("")) || got.join("") === "abc", got.join());
  check(!wire.isPaused, "the socket stays paused");
});
