/** The server of a console: the page, and a WebSocket with what changes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { Connection } from "./connection.ts";
import { announce } from "./discovery.ts";
import { Gate, type Refusal } from "./gate.ts";
import { loadPage } from "./page.ts";
import { entryPage, refusalPage } from "./entry-page.ts";
import type { Source } from "./source.ts";

/** Where a console is served. */
export interface ServerOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** The address to listen on. Default "127.0.0.1", which only this machine reaches. */
  readonly host?: string;
}
/** A console that is being served. */
export interface Served {
  /** With a one-time token in it, a new one each time it is read. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  /** Closes all connections; completes when the port is free. */
  close(): Promise<void>;
}

/** What a client may say is short. */
const MOST_SAID = 4096;
/** A used link makes a new one be printed, at most so often, in ms. */
const PRINT_EVERY = 10_000;

export interface ServerSettings extends ServerOptions {
  readonly source: Source;
  /** The server keeps the process alive. */
  readonly keepsAlive: boolean;
  /** Tools find it by the id of the process. */
  readonly isAnnounced: boolean;
}

export async function startServer(settings: ServerSettings): Promise<Served> {
  const { source, host = "127.0.0.1" } = settings;
  const server = createServer();
  await listening(server, settings.port ?? 0, host);
  const { port } = server.address() as AddressInfo;
  const started = new ConsoleServer(server, source, new Gate(host, port), base(host, port));
  if (!settings.keepsAlive) started.unref();
  if (settings.isAnnounced) started.announce();
  // A page that has to be built is ready by the time somebody has copied its address.
  void loadPage().catch(() => {});
  return started;
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") return fail(error);
      fail(new Error(`port ${port} of ${host} is taken; the console needs another one`, { cause: error }));
    });
    server.listen({ port, host }, done);
  });
}

/** An address under which this machine reaches it. */
function base(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}/`;
}

class ConsoleServer implements Served {
  readonly #server: Server;
  readonly #source: Source;
  readonly #gate: Gate;
  readonly #base: string;
  readonly #sockets: WebSocketServer = new WebSocketServer({ noServer: true, maxPayload: MOST_SAID });
  #withdraw: () => void = () => {};
  #isUnrefed: boolean = false;
  #printedAt: number = -Infinity;
  #closing: Promise<void> | undefined;

  constructor(server: Server, source: Source, gate: Gate, url: string) {
    this.#server = server;
    this.#source = source;
    this.#gate = gate;
    this.#base = url;
    server.on("request", (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) plain(response, 500, error instanceof Error ? error.message : "failed");
        else response.destroy();
      });
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head);
    });
    server.on("connection", (socket) => {
      if (this.#isUnrefed) socket.unref();
    });
  }

  get url(): string {
    return `${this.#base}?token=${this.#gate.issue()}`;
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  unref(): void {
    this.#isUnrefed = true;
    this.#server.unref();
  }
  announce(): void {
    this.#withdraw = announce({ url: this.#base, key: this.#gate.key });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }
  async #close(): Promise<void> {
    this.#withdraw();
    for (const client of this.#sockets.clients) {
      client.send(JSON.stringify({ type: "end", reason: "the console was closed" }));
      client.close(1001, "the console was closed");
    }
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    this.#server.closeIdleConnections();
    // Whoever does not answer the farewell is cut off.
    const cutOff = setTimeout(() => {
      for (const client of this.#sockets.clients) client.terminate();
      this.#server.closeAllConnections();
    }, 200);
    await closed;
    clearTimeout(cutOff);
    this.#source.close();
  }

  // ── the page

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(this.#headers(request))) response.setHeader(name, value);
    const refusal = this.#gate.refuse(request) ?? refusedMethod(request);
    if (refusal !== undefined) return plain(response, refusal.status, refusal.why);
    const { path, token } = targetOf(request);
    const mayEnter = path === "/" && request.method === "GET";
    const entered = mayEnter ? this.#gate.redeem(token) : undefined;
    if (entered !== undefined) {
      response.setHeader("Set-Cookie", entered.cookie);
      return html(response, 200, entryPage(entered.folder));
    }
    const { session, file: name } = placeOf(path);
    if (!this.#gate.admitsPage(request, session)) {
      const isPage = path === "/" || name === "/";
      return isPage
        ? html(response, 401, refusalPage(this.#printLink(request)))
        : plain(response, 401, "open the console with its link");
    }
    const file = (await loadPage()).get(name);
    if (file === undefined) return plain(response, 404, "there is no such file");
    response.setHeader("Content-Type", file.type);
    response.end(file.body);
  }
  /** Whoever sees the program's output is its user: a used link is no dead end for them. */
  #printLink(request: IncomingMessage): boolean {
    if (this.#gate.isForeign(request)) return false;
    const now = performance.now();
    if (now - this.#printedAt >= PRINT_EVERY) {
      this.#printedAt = now;
      process.stderr.write(
        `millrace: the console was opened with a link that is used up; a new one: ${this.url}\n`,
      );
    }
    return true;
  }
  #headers({ headers }: IncomingMessage): Record<string, string> {
    const own = headers.host ?? "";
    const sockets = /^[\w.:[\]-]+$/.test(own) ? ` ws://${own}` : "";
    return {
      "Content-Security-Policy": `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'${sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      "X-Content-Type-Options": "nosniff",
      "X-Frame-Options": "DENY",
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Cache-Control": "no-store",
      Allow: "GET, HEAD",
    };
  }

  // ── the socket

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // The server has let go of it: nobody else hears of its failure, or closes it.
    socket.on("error", () => socket.destroy());
    const refusal = this.#gate.refuse(request) ?? this.#refusedUpgrade(request);
    if (refusal !== undefined) {
      const body = `${refusal.why}\n`;
      socket.end(
        `HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        () => socket.destroy(),
      );
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      new Connection(client, this.#source);
    });
  }
  #refusedUpgrade(request: IncomingMessage): Refusal | undefined {
    const { path } = targetOf(request);
    const { session, file } = placeOf(path);
    // A page has an origin, and its cookie is worth nothing without; a tool has a key or a token.
    const isKnown =
      file === "/socket"
        ? request.headers.origin !== undefined && this.#gate.admitsPage(request, session)
        : path === "/socket" && !this.#gate.isForeign(request) && this.#gate.admitsTool(request);
    return isKnown ? undefined : { status: 401, why: "open the console with its link" };
  }
}

/** As it was sent: nothing is decoded or resolved, so that nothing can be hidden in it. */
function targetOf({ url = "" }: IncomingMessage): { readonly path: string; readonly token: string | null } {
  const [path = "", query = ""] = url.split("?", 2);
  return { path, token: new URLSearchParams(query).get("token") };
}
/** "/name/assets/main.js": the session, and the file as the page's folder names it. */
function placeOf(path: string): { readonly session: string; readonly file: string } {
  const [, session = "", file = ""] = /^\/([\w-]+)(\/.*)$/.exec(path) ?? [];
  return { session, file };
}
function refusedMethod({ method }: IncomingMessage): Refusal | undefined {
  return method === "GET" || method === "HEAD" ? undefined : { status: 405, why: "only GET is answered" };
}

function html(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(text);
}
function plain(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`${text}\n`);
}
