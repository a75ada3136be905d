/**
 * The way of a request through the server, under every order of what can happen to it: one too many, its
 * client goes away, its deadline passes, the server shuts down, somebody is cancelled. The base is a fake.
 */
import { asyncFn, race, scope, sleep, spawn, yieldNow } from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { check, explored, finish } from "../../millrace/test/explore/explored.ts";
import { get, type Steps, type Style } from "../../millrace/test/both-styles.ts";
import { Admission } from "../src/server/admission.ts";
import type { BaseOptions } from "../src/server/base.ts";
import { Deadlines } from "../src/server/deadlines.ts";
import { Exchange } from "../src/server/exchange.ts";
import { HttpServer, settingsOf, type ServerOptions } from "../src/server/http-server.ts";
import { Reception } from "../src/server/reception.ts";

/** A client of the fake base: one request, which it can walk away from. */
class Client {
  readonly #gone: AbortController = new AbortController();
  readonly answers: number[] = [];
  leave(): void {
    this.#gone.abort();
  }
  async ask(base: BaseOptions): Promise<number> {
    const request = { method: "GET", url: "http://h/", signal: this.#gone.signal, headers: new Headers() };
    const { status } = await base.handle(request as never);
    this.answers.push(status);
    return status;
  }
}

class Fixture {
  readonly options: Omit<ServerOptions, "handler">;
  base: BaseOptions | undefined;
  killed: boolean = false;
  inside: number = 0;
  most: number = 0;
  constructor(options: Omit<ServerOptions, "handler">) {
    this.options = options;
  }
  /** A server whose handler takes its time. */
  *serve(style: Style, ms: number): Steps<HttpServer> {
    const options: ServerOptions = {
      ...this.options,
      handler: style.body(() => this.#handle(ms)) as ServerOptions["handler"],
    };
    const open = async (base: BaseOptions) => {
      this.base = base;
      return {
        url: "http://h",
        closesSockets: false,
        deliversUnseen: true,
        stop: async () => {},
        kill: () => void (this.killed = true),
      };
    };
    const start = asyncFn(() => HttpServer.start(options, settingsOf(options), open));
    return yield* get(start());
  }
  *#handle(ms: number): Steps<Response> {
    this.most = Math.max(this.most, ++this.inside);
    try {
      yield* get(ms === 0 ? yieldNow() : sleep(ms));
      return new Response("ok");
    } finally {
      this.inside--;
    }
  }
  asking(style: Style, client: Client) {
    return spawn(
      style.body(
        function* (this: Fixture): Steps<number> {
          return yield* get(race(client.ask(this.base!)));
        }.bind(this),
      ),
    );
  }
  /** What must hold when the server has ended. */
  check(server: HttpServer, clients: readonly Client[]): void {
    const { active, waiting } = server.metrics();
    check(this.killed, "the base still listens");
    check(this.inside === 0, `${this.inside} handlers still run`);
    check(active === 0 && waiting === 0, `${active} are active, ${waiting} wait`);
    for (const { answers } of clients) check(answers.length <= 1, `answered with ${answers.join()}`);
  }
}

explored("of three requests one is served at a time, one waits, and one is refused", function* (style) {
  const fixture = new Fixture({ maxRequests: 1, maxQueue: 1, deadline: Infinity });
  const server = yield* fixture.serve(style, 0);
  const clients = [new Client(), new Client(), new Client()];
  const statuses = yield* finish(clients.map((client) => fixture.asking(style, client)));
  check(fixture.most <= 1, `${fixture.most} at once`);
  check(
    statuses.every((status) => status === 200 || status === 503),
    `got ${statuses.join()}`,
  );
  const { served, refused } = server.metrics();
  check(served + refused <= 3 && refused <= 1, `${served} served, ${refused} refused`);
  yield* get(server.shutdown());
  fixture.check(server, clients);
});

explored("a client that goes away gives its place to the next one", function* (style) {
  const fixture = new Fixture({ maxRequests: 1, maxQueue: 2, deadline: Infinity });
  const server = yield* fixture.serve(style, 0);
  const clients = [new Client(), new Client()];
  const asking = clients.map((client) => fixture.asking(style, client));
  const leaving = spawn(() => clients[0]!.leave());
  yield* finish<unknown>([...asking, leaving]);
  check(fixture.most <= 1, `${fixture.most} at once`);
  check(
    clients.every(({ answers }) => answers.length <= 1),
    "answered twice",
  );
  // Whoever was cancelled here has left its request on the server, which ends by itself.
  const last = new Client();
  // If the place were lost it would wait for ever.
  yield* get(race(last.ask(fixture.base!)));
  check(server.metrics().refused === 0, "a request was refused");
  yield* get(server.shutdown());
  fixture.check(server, [...clients, last]);
});

explored("a deadline is answered once, waiting included, whatever the handler does", function* (style) {
  const fixture = new Fixture({ maxRequests: 1, maxQueue: 1, deadline: 15 });
  const server = yield* fixture.serve(style, 10);
  const clients = [new Client(), new Client()];
  const statuses = yield* finish(clients.map((client) => fixture.asking(style, client)));
  check(
    statuses.every((status) => status === 200 || status === 503),
    `got ${statuses.join()}`,
  );
  check(server.metrics().expired <= 1, `${server.metrics().expired} expired`);
  yield* get(server.shutdown());
  fixture.check(server, clients);
});

explored("a shutdown answers everybody, and leaves nobody behind", function* (style) {
  const fixture = new Fixture({ maxRequests: 1, maxQueue: 2, deadline: Infinity, drain: 15 });
  const server = yield* fixture.serve(style, 10);
  const clients = [new Client(), new Client()];
  const asking = clients.map((client) => fixture.asking(style, client));
  const ending = spawn(
    style.body(function* (): Steps<void> {
      yield* get(server.shutdown());
    }),
  );
  yield* finish<unknown>([...asking, ending]);
  // Abandoning a shutdown, or never having begun one, does not spare the server a second one.
  yield* get(server.shutdown());
  fixture.check(server, clients);
});

test("a client that has gone before its task ran leaves nothing behind", () =>
  paused(async () => {
    await scope(async (tasks) => {
      const admission = new Admission(1, 1);
      const reception = new Reception({
        tasks,
        deadlines: new Deadlines(),
        deadline: Infinity,
        retryAfter: 1,
        admission,
        call: asyncFn(async () => new Response("never")),
        onFailure: undefined,
      });
      const answers: number[] = [];
      const request = new Request("http://h/", { signal: AbortSignal.abort() });
      for (const entry of [admission.enter()!, admission.enter()!])
        new Exchange(reception, request as never, entry, ({ status }) => answers.push(status)).start();
      expect(answers).toEqual([503, 503]);
      expect(reception.size).toBe(0);
      expect(admission.waiting).toBe(0);
      expect("release" in admission.enter()!).toBe(true);
    });
  }));
