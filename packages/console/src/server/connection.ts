/**
 * One reader over a WebSocket. At most one update is under way: the next is made when the client has said that it
 * is done with the last one. A client that is slow, paused or in the background costs nothing but the merging of
 * what it misses.
 */
import type { WebSocket } from "ws";
import { parseClientMessage, type ServerMessage } from "../protocol/messages.ts";
import type { Reader } from "./model.ts";
import type { Source } from "./source.ts";

/** In ms. */
const DETAIL_EVERY = 250;
/** What a client may not have read yet; details and positions wait until it has. */
const MOST_BUFFERED = 1 << 20;

export class Connection {
  readonly #socket: WebSocket;
  readonly #source: Source;
  readonly #reader: Reader;
  #sentSeq: number = 0;
  #isUnderWay: boolean = false;
  #hasNews: boolean = true;
  #watched: number | null = null;
  #detailTimer: NodeJS.Timeout | undefined;
  readonly #leavePlayer: (() => void) | undefined;

  constructor(socket: WebSocket, source: Source) {
    this.#socket = socket;
    this.#source = source;
    source.watched(1);
    this.#send(source.hello);
    this.#reader = source.model.subscribe(() => {
      this.#hasNews = true;
      this.#next();
    });
    this.#leavePlayer = source.player?.onMove(() => this.#sendPosition());
    socket.on("message", (data, isBinary) => {
      try {
        if (isBinary) throw new Error("binary");
        this.#hear((data as Buffer).toString("utf8"));
      } catch {
        socket.close(1008, "not a message of a console");
      }
    });
    socket.on("error", () => socket.terminate());
    socket.once("close", () => this.#close());
    this.#next();
    this.#sendPosition();
  }

  #hear(text: string): void {
    const message = parseClientMessage(text);
    switch (message.type) {
      case "ack":
        if (message.seq !== this.#sentSeq) return;
        this.#isUnderWay = false;
        return this.#next();
      case "watch":
        this.#watched = message.task;
        clearInterval(this.#detailTimer);
        if (message.task === null) return;
        this.#sendDetail();
        this.#detailTimer = setInterval(() => this.#sendDetail(), DETAIL_EVERY).unref();
        return;
      case "seek":
        this.#source.player
          ?.seek(message.at)
          .catch(() => this.#socket.close(1011, "the recording is broken"));
        return;
      case "play":
        this.#source.player?.play(message.isPlaying);
    }
  }
  #next(): void {
    if (this.#isUnderWay || !(this.#hasNews || this.#reader.hasMore)) return;
    this.#hasNews = false;
    this.#isUnderWay = true;
    this.#source.aside(() => {
      const update = this.#reader.take();
      this.#sentSeq = update.seq;
      this.#send(update);
    });
  }
  #sendDetail(): void {
    if (this.#watched === null || this.#socket.bufferedAmount > MOST_BUFFERED) return;
    const detail = this.#source.detail(this.#watched);
    if (detail !== undefined) this.#send({ type: "detail", ...detail });
  }
  #sendPosition(): void {
    const { player } = this.#source;
    if (player === undefined || this.#socket.bufferedAmount > MOST_BUFFERED) return;
    this.#send({ type: "playback", at: player.at, isPlaying: player.isPlaying });
  }
  #send(message: ServerMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }
  #close(): void {
    clearInterval(this.#detailTimer);
    this.#leavePlayer?.();
    this.#reader.close();
    this.#source.watched(-1);
  }
}
