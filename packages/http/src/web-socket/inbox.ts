/**
 * Messages that have come and were not read yet. When they are more than `limit` bytes the socket is paused,
 * and the client's own buffers fill; where a socket cannot be paused, the connection is closed when there
 * are sixteen times as many.
 */
import { asyncFn, Notify, type Future, type Routine } from "millrace";
import type { Wire } from "./wire.ts";

/** Text, or bytes. */
export type SocketMessage = string | Uint8Array<ArrayBuffer>;

type Pulled = IteratorResult<SocketMessage, undefined>;

/** Where nothing can be paused, this many times the limit is too much. */
const SLACK = 16;
/** What a message takes beside its content: an empty one is not free. */
const OVERHEAD = 64;

export class Inbox implements AsyncIterable<SocketMessage>, AsyncIterator<SocketMessage, undefined> {
  readonly #wire: Wire;
  readonly #limit: number;
  readonly #messages: SocketMessage[] = [];
  readonly #arrived: Notify = new Notify();
  #bytes: number = 0;
  #isPaused: boolean = false;
  #hasEnded: boolean = false;
  /** Somebody has begun to read. */
  isRead: boolean = false;
  readonly next: () => Future<Pulled> = asyncFn(() => this.#next());

  constructor(wire: Wire, limit: number) {
    this.#wire = wire;
    this.#limit = limit;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** False: there is no room, and the connection must end. */
  put(message: SocketMessage): boolean {
    if (this.#hasEnded) return true;
    const size = sizeOf(message);
    if (!this.#wire.canPause && this.#bytes + size > this.#limit * SLACK) return false;
    this.#messages.push(message);
    this.#bytes += size;
    if (this.#bytes > this.#limit && !this.#isPaused && this.#wire.canPause) {
      this.#isPaused = true;
      this.#wire.pause();
    }
    this.#arrived.notifyOne();
    return true;
  }

  /** Nothing more will come; what is there can be read. */
  end(): void {
    this.#hasEnded = true;
    this.#arrived.notifyOne();
  }

  /** Nobody will read: what is there, and what still comes, is thrown away, so that a close can be heard. */
  discard(): void {
    this.#messages.length = 0;
    this.#bytes = 0;
    this.end();
    this.#flow();
  }

  *#next(): Routine<Pulled> {
    this.isRead = true;
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        this.#taken(message);
        return { done: false, value: message };
      }
      if (this.#hasEnded) return { done: true, value: undefined };
      yield* this.#arrived.notified();
    }
  }

  #taken(message: SocketMessage): void {
    this.#bytes -= sizeOf(message);
    // Not at every message: a pause and its end cost a system call each.
    if (this.#bytes <= this.#limit / 2) this.#flow();
  }

  #flow(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#wire.resume();
  }
}

function sizeOf(message: SocketMessage): number {
  return OVERHEAD + (typeof message === "string" ? message.length * 2 : message.byteLength);
}
