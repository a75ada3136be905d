/** A console as another program sees it: `millrace top`. */
import WebSocket from "ws";
import type { ClientMessage, Detail, Hello, Playback, ServerMessage } from "../protocol/messages.ts";
import { VERSION } from "../protocol/messages.ts";
import { ConsoleState } from "../protocol/state.ts";
import { findConsole } from "../server/discovery.ts";

/** Who is told of changes. */
export interface ConnectOptions {
  /** Called after each update, and when details or the end have come. */
  readonly onChange?: (client: ConsoleClient) => void;
}

/** What is known of a program, kept up to date until it ends or `close` is called. */
export interface ConsoleClient {
  /** Which program it is, and whether this is a recording. */
  readonly hello: Hello;
  /** What is known of it: its tasks, resources, warnings and totals. */
  readonly state: ConsoleState;
  /** Of the task that is watched. */
  readonly detail: Detail | undefined;
  /** Where a recording is; `undefined` for a program that runs. */
  readonly playback: Playback | undefined;
  /** Why nothing more comes; `undefined` while it does. */
  readonly ended: string | undefined;
  /** While it is paused the state stands still; the program goes on. */
  isPaused: boolean;
  /** Asks for the details of a task from now on. */
  watch(task: number | null): void;
  /** Of a recording: goes to a time of the program. */
  seek(at: number): void;
  /** Of a recording: plays it, or stops. */
  play(isPlaying: boolean): void;
  /** Disconnects. The program goes on. */
  close(): void;
}

/**
 * Connects to a console: by its link, or by the id of a process of the same user that serves one.
 *
 * It rejects when there is none, when the link is used up, or when it speaks another version.
 *
 * @throws TypeError unless `target` is a link or a process id.
 */
export async function connect(target: string | number, options: ConnectOptions = {}): Promise<ConsoleClient> {
  const { url, key } = addressOf(target);
  const socket = new WebSocket(new URL("/socket", url).href.replace(/^http/, "ws"), {
    headers: { authorization: `Bearer ${key}` },
    maxPayload: 1 << 28,
  });
  const client = new Client(socket, options.onChange ?? (() => {}));
  await client.opened();
  return client;
}

function addressOf(target: string | number): { url: string; key: string } {
  if (typeof target === "number" || /^\d+$/.test(target)) {
    const found = findConsole(Number(target));
    if (found !== undefined) return found;
    throw new Error(
      `process ${target} serves no console (or another user runs it); run it with --console, or call serveConsole()`,
    );
  }
  const url = URL.parse(target);
  if (url === null || url.protocol !== "http:") {
    throw new TypeError(
      `connect expects the link of a console or a process id, got ${JSON.stringify(target)}`,
    );
  }
  const token = url.searchParams.get("token");
  if (token === null) throw new TypeError(`the link ${target} has no token: copy all of it`);
  return { url: url.origin, key: token };
}

class Client implements ConsoleClient {
  readonly state: ConsoleState = new ConsoleState();
  hello!: Hello;
  detail: Detail | undefined;
  playback: Playback | undefined;
  ended: string | undefined;
  readonly #socket: WebSocket;
  readonly #onChange: (client: ConsoleClient) => void;
  #isPaused: boolean = false;
  #unanswered: number | undefined;

  constructor(socket: WebSocket, onChange: (client: ConsoleClient) => void) {
    this.#socket = socket;
    this.#onChange = onChange;
  }

  opened(): Promise<void> {
    return new Promise((done, fail) => {
      const socket = this.#socket;
      socket.on("error", (error) =>
        fail(new Error(`there is no console: ${error.message}`, { cause: error })),
      );
      socket.on("unexpected-response", (_, response) => {
        socket.terminate();
        const why =
          response.statusCode === 401
            ? "the link of the console is used up: each is good for one visit"
            : `the console refused the connection (HTTP ${response.statusCode})`;
        fail(new Error(why));
      });
      socket.on("message", (data) => {
        const message = JSON.parse((data as Buffer).toString("utf8")) as ServerMessage;
        if (message.type !== "hello") return this.#hear(message);
        if (message.version !== VERSION) {
          socket.terminate();
          return fail(new Error(`the console speaks version ${message.version}, this is ${VERSION}`));
        }
        this.hello = message;
        done();
      });
      socket.on("close", () => this.#end("the program ended, or the connection was lost"));
    });
  }
  #hear(message: Exclude<ServerMessage, Hello>): void {
    switch (message.type) {
      case "update":
        this.state.apply(message);
        this.#unanswered = message.seq;
        if (!this.#isPaused) this.#answer();
        break;
      case "detail":
        this.detail = message;
        break;
      case "playback":
        this.playback = message;
        break;
      case "end":
        return this.#end(message.reason);
    }
    this.#onChange(this);
  }
  #end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    if (this.hello !== undefined) this.#onChange(this);
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }
  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
    if (!isPaused) this.#answer();
  }
  #answer(): void {
    if (this.#unanswered !== undefined) this.#say({ type: "ack", seq: this.#unanswered });
    this.#unanswered = undefined;
  }
  watch(task: number | null): void {
    this.detail = undefined;
    this.#say({ type: "watch", task });
  }
  seek(at: number): void {
    this.#say({ type: "seek", at });
  }
  play(isPlaying: boolean): void {
    this.#say({ type: "play", isPlaying });
  }
  #say(message: ClientMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
  close(): void {
    this.#end("closed");
    this.#socket.close();
  }
}
