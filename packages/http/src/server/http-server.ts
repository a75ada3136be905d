/**
 * A server whose requests are tasks.
 *
 *   server task: LISTENING ──shutdown()──► DRAINING ──all ended, or the limit──► the rest cancelled ──► CLOSED
 *                    └──cancelled, with whoever owns it──► all cancelled ─────────────────────────────────┘
 *
 * Requests and sockets are tasks in a scope of the server's task, so that none of them outlives it.
 */
import {
  asyncFn,
  oneshot,
  race,
  scope,
  SetOnce,
  spawn,
  fromPromise,
  timeout,
  type Awaitable,
  type Duration,
  type Future,
  type JoinHandle,
  type Routine,
  type TaskContext,
  type TaskScope,
} from "millrace";
import type { ServerRequest } from "srvx";
import { count, milliseconds, optionsOf } from "../option-values.ts";
import { SocketHost } from "../web-socket/socket-host.ts";
import type { SocketRoute } from "../web-socket/socket-route.ts";
import { Admission } from "./admission.ts";
import { busy, leaving, tooLarge } from "./answers.ts";
import { declaredLength, listen, type Base } from "./base.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchange, type Answer } from "./exchange.ts";
import { handling } from "./handling.ts";
import { Reception } from "./reception.ts";

/** A request as the handlers get it: a standard one, with the address that it came from. */
export type IncomingRequest = Request & { readonly ip?: string | undefined };

/** An async function, a generator function or a plain one. */
export type Handler =
  | ((request: IncomingRequest, cx: TaskContext) => Routine<Answer>)
  | ((request: IncomingRequest, cx: TaskContext) => Awaitable<Answer>);

/** What a server does, where, and within which limits. */
export interface ServerOptions {
  /** Answers the requests. */
  readonly handler: Handler;
  /** Which route takes the WebSocket connection that this request asks for; `undefined`: 404. Without it there are none. */
  readonly webSocket?: (request: IncomingRequest) => SocketRoute | undefined;
  /** Default 0: one that is free. */
  readonly port?: number;
  /** Default "127.0.0.1", which nobody reaches from outside; "0.0.0.0" for all. */
  readonly hostname?: string;
  /** A certificate and its key, in PEM: the server speaks https. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Whose task the server is. Default: the runtime's. */
  readonly scope?: TaskScope;
  /** Requests that are worked on at once. Default 1000. */
  readonly maxRequests?: number;
  /** Further ones that wait for that; what comes beyond them gets 503 with `Retry-After`. Default 0. */
  readonly maxQueue?: number;
  /** What `Retry-After` says then. Default 1 s; it is told in whole seconds. */
  readonly retryAfter?: Duration;
  /** From the arrival of a request to the start of its answer, waiting included. Then it gets 503 and its task is cancelled. Default 30 s. */
  readonly deadline?: Duration;
  /** For the headers of a request to arrive, on Node. Default 10 s. */
  readonly headersTimeout?: Duration;
  /** Of a request's body; a longer one gets 413, at once when its `content-length` says so. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Of a WebSocket message; a longer one closes its connection (1009). Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** How long `shutdown` lets requests and sockets finish. Default 10 s. */
  readonly drain?: Duration;
  /** Takes failures of handlers. Default: they are failures of the request's task that nobody observes, so the runtime reports them. */
  readonly onFailure?: (error: unknown, request: Request) => void;
  /** Of its task, for reports. Default "http server". */
  readonly name?: string;
}

/** What a shutdown has seen. */
export interface ShutdownReport {
  /** Requests and sockets that had not ended within the limit, and were cancelled. */
  readonly cancelled: number;
}

/** What a server is doing, and what it has done since it began. */
export interface ServerMetrics {
  /** Requests and sockets that are being served, waiting requests included. */
  readonly active: number;
  /** Requests that wait for a place. */
  readonly waiting: number;
  /** WebSocket connections that are open. */
  readonly sockets: number;
  /** Requests that were answered by a handler. */
  readonly served: number;
  /** Answered with 503, one too many. */
  readonly refused: number;
  /** Handlers that failed. */
  readonly failed: number;
  /** Requests whose deadline passed. */
  readonly expired: number;
}

interface Settings {
  readonly hostname: string;
  readonly port: number;
  readonly retryAfter: number;
  readonly deadline: number;
  readonly headersTimeout: number;
  readonly maxBodyBytes: number;
  readonly maxMessageBytes: number;
  readonly maxRequests: number;
  readonly maxQueue: number;
  readonly drain: number;
}

/** A server that listens. `await using` shuts it down at the end of the block. */
export class HttpServer implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly #settings: Settings;
  /** A fake, where a test explores every order of what can happen. */
  readonly #listenOn: typeof listen;
  /** How long to drain, in ms. */
  readonly #stop: SetOnce<number> = new SetOnce();
  readonly #admission: Admission;
  #reception: Reception | null = null;
  #sockets: SocketHost | null = null;
  #task: JoinHandle<ShutdownReport> | null = null;
  #url: string = "";

  private constructor(options: ServerOptions, settings: Settings, open: typeof listen) {
    this.#options = options;
    this.#settings = settings;
    this.#listenOn = open;
    this.#admission = new Admission(settings.maxRequests, settings.maxQueue);
  }

  /** @internal */
  static *start(
    options: ServerOptions,
    settings: Settings,
    open: typeof listen = listen,
  ): Routine<HttpServer> {
    const server = new HttpServer(options, settings, open);
    const [listening, isListening] = oneshot.channel<true>();
    const owner = options.scope ?? { spawn };
    const task = owner.spawn(server.#run(listening), { name: options.name ?? "http server" });
    server.#task = task;
    let hasBegun = false;
    try {
      // A task that cannot listen fails, which is thrown here.
      yield* race(isListening, task);
      hasBegun = true;
    } finally {
      if (!hasBegun) task.abort("nobody waits for the server any more");
    }
    return server;
  }

  /** `http://127.0.0.1:8080`, without a slash at its end. */
  get url(): string {
    return this.#url;
  }
  /** The port it listens on, also where any was asked for. */
  get port(): number {
    const { port, protocol } = new URL(this.#url);
    return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  }

  /** The counts as they are now. */
  metrics(): ServerMetrics {
    const { served = 0, failed = 0, expired = 0, size = 0 } = this.#reception ?? {};
    const { waiting, refused } = this.#admission;
    return { active: size, waiting, sockets: this.#sockets?.size ?? 0, served, refused, failed, expired };
  }

  /**
   * Stops accepting, lets requests finish and asks sockets to close (1001), for `drain` (ms) at most; then
   * cancels the rest. A request has finished when the client has its answer, as far as the runtime tells (Node). Meanwhile a request on an open connection gets 503 and `Connection: close`. A second
   * call waits for the same end.
   *
   * **Cancel safety.** Abandoning it does not stop the shutdown.
   *
   * @throws RangeError when `drain` is no duration.
   */
  shutdown(options: { readonly drain?: Duration } = {}): Future<ShutdownReport> {
    const { drain } = optionsOf("HttpServer.shutdown", options);
    const ms =
      drain === undefined ? this.#settings.drain : milliseconds("HttpServer.shutdown", "drain", drain);
    return shutDown(this.#stop, ms, this.#task!);
  }

  /** Completes when the server has ended, for whatever reason. */
  closed(): Future<void> {
    return this.#task!.settled().map(() => {});
  }

  /** As `shutdown()`, with what `drain` said when it was started; does not throw. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown().settled();
  }

  #run(listening: oneshot.Sender<true>): Future<ShutdownReport> {
    const { name = "http server" } = this.#options;
    return scope((tasks) => this.#serve(tasks, listening), { supervise: true, name });
  }

  *#serve(tasks: TaskScope, listening: oneshot.Sender<true>): Routine<ShutdownReport> {
    const deadlines = new Deadlines();
    const watching = tasks.spawn(() => deadlines.run(), { name: "deadlines" });
    const { deadline, retryAfter } = this.#settings;
    const { handler, onFailure } = this.#options;
    const call = asyncFn(handling(handler));
    const admission = this.#admission;
    this.#reception = new Reception({ tasks, deadlines, deadline, retryAfter, admission, call, onFailure });
    const base = yield* this.#listen(this.#reception);
    try {
      listening.send(true);
      const drain = yield* this.#stop.wait();
      return yield* this.#drain(base, drain);
    } finally {
      watching.abort();
      // Cancelled: what still comes is refused, and whose task has not run yet is answered.
      this.#stop.set(0);
      this.#reception.abortAll("the server has ended");
      this.#sockets?.end();
      const released = base.kill();
      if (released !== undefined) yield* timeout(1000, fromPromise(released)).settled();
    }
  }

  *#listen(reception: Reception): Routine<Base> {
    const { webSocket, tls } = this.#options;
    const base = yield* fromPromise(
      this.#listenOn({
        ...this.#settings,
        tls,
        handle: (request) => this.#take(reception, request),
        prepare: async (server) => {
          if (webSocket === undefined) return;
          this.#sockets = await SocketHost.attach(server, reception, webSocket, {
            maxMessageBytes: this.#settings.maxMessageBytes,
            isStopping: () => this.#isStopping,
          });
        },
      }),
    );
    this.#url = base.url;
    return base;
  }

  get #isStopping(): boolean {
    return this.#stop.get() !== undefined;
  }

  #take(reception: Reception, request: ServerRequest): Response | Promise<Response> {
    const upgraded = this.#sockets?.answer(request);
    if (upgraded !== undefined) return upgraded;
    const { retryAfter, maxBodyBytes } = this.#settings;
    if (this.#isStopping) return leaving(retryAfter);
    // Not only when it is read: a client may say that it has much to send, and send none of it.
    if (declaredLength(request) > maxBodyBytes) return tooLarge();
    const entry = this.#admission.enter();
    if (entry === undefined) return busy(retryAfter);
    return new Promise((respond) => new Exchange(reception, request, entry, respond).start());
  }

  *#drain(base: Base, limit: number): Routine<ShutdownReport> {
    const reception = this.#reception!;
    const sockets = this.#sockets;
    sockets?.closeAll(1001, "the server is shutting down");
    if (base.closesSockets && sockets !== null) {
      const empty = asyncFn(() => sockets.empty());
      yield* timeout(Math.min(limit, FAREWELL_MS), empty()).settled();
    }
    const stopped = base.stop();
    const isEmpty = asyncFn(() => reception.empty());
    const drained = yield* timeout(limit, isEmpty()).settled();
    const cancelled = drained.status === "fulfilled" ? 0 : reception.abortAll("the server is shutting down");
    // A socket has had its close frame; a client that did not answer it will not.
    this.#sockets?.end();
    // What was cancelled may clean up, within the runtime's cleanup window.
    if (cancelled > 0) yield* reception.empty();
    // The last answers may be on their way, and clients that keep their connection do not end it by themselves.
    const linger = base.deliversUnseen ? Math.max(FAREWELL_MS, Math.min(1000, limit)) : FAREWELL_MS;
    yield* timeout(linger, fromPromise(stopped)).settled();
    return { cancelled };
  }
}

/** For the last frames and answers to arrive before the connections are closed as they are. */
const FAREWELL_MS = 100;

const shutDown = asyncFn(function* shutdown(
  stop: SetOnce<number>,
  drain: number,
  task: JoinHandle<ShutdownReport>,
): Routine<ShutdownReport> {
  stop.set(drain);
  return yield* task;
});

/**
 * Starts a server: gives it once it listens.
 *
 * Each request is a task, with the task's own `cx`: it is cancelled when the client goes away, when its
 * deadline passes and when the server is shut down. The server itself is a task of the runtime, or of the
 * `scope` it is given, and is cancelled with it, requests and all.
 *
 * What a handler throws becomes a 500 that says nothing of it, and is reported; a `RejectedError` becomes
 * the answer it describes.
 *
 * **Cancel safety.** Abandoned before it listens, the server is stopped.
 *
 * @throws ListenError when the port is taken or not allowed; TypeError, RangeError for bad options.
 *
 * @example
 * ```ts
 * import { main, sleep } from "millrace";
 * import { HttpClient } from "@millrace/http";
 * import { serve } from "@millrace/http/server";
 *
 * await main(async () => {
 *   await using server = await serve({
 *     maxRequests: 100,
 *     deadline: { seconds: 5 },
 *     *handler(request) {
 *       yield* sleep(1); // or an async function, and `await`
 *       return Response.json({ path: new URL(request.url).pathname });
 *     },
 *   });
 *   console.log(await new HttpClient({ baseUrl: server.url }).get("/hello").json()); // { path: "/hello" }
 * });
 * ```
 */
export function serve(options: ServerOptions): Future<HttpServer> {
  if (typeof options?.handler !== "function")
    throw new TypeError(`serve expects a handler function, got ${typeof options?.handler}`);
  if (options.webSocket !== undefined && typeof options.webSocket !== "function")
    throw new TypeError(`serve expects webSocket to be a function, got ${typeof options.webSocket}`);
  return startServer(options, settingsOf(options));
}

const startServer = asyncFn(function* serve(options: ServerOptions, settings: Settings): Routine<HttpServer> {
  return yield* HttpServer.start(options, settings);
});

/** With nothing left open. @internal */
export function settingsOf(options: ServerOptions): Settings {
  const { port = 0, hostname = "127.0.0.1", retryAfter = 1000, deadline = 30_000 } = options;
  const {
    headersTimeout = 10_000,
    maxBodyBytes = 1024 * 1024,
    maxMessageBytes = 1024 * 1024,
    drain = 10_000,
  } = options;
  const { maxRequests = 1000, maxQueue = 0 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RangeError(`serve expects port to be an integer from 0 to 65535, got ${String(port)}`);
  return {
    port,
    hostname,
    retryAfter: Math.ceil(milliseconds("serve", "retryAfter", retryAfter) / 1000),
    deadline: milliseconds("serve", "deadline", deadline),
    headersTimeout: milliseconds("serve", "headersTimeout", headersTimeout),
    drain: milliseconds("serve", "drain", drain),
    maxBodyBytes: count("serve", "maxBodyBytes", maxBodyBytes, 0),
    maxMessageBytes: count("serve", "maxMessageBytes", maxMessageBytes, 1),
    maxRequests: count("serve", "maxRequests", maxRequests, 1),
    maxQueue: count("serve", "maxQueue", maxQueue, 0),
  };
}
