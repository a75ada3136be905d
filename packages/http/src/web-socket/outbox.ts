/**
 * The way out: a message is handed to the socket when less than `limit` bytes wait there, and until then its
 * sender waits. So a client that does not read holds `limit` bytes and one message, and no more.
 */
import { asyncFn, Mutex, Notify, race, sleep, type Future, type MutexGuard, type Routine } from "millrace";
import { SocketClosedError } from "../errors.ts";
import type { Wire } from "./wire.ts";

/** How often to look for room where the runtime does not tell, in ms. */
const LOOK_EVERY = 10;

export class Outbox {
  readonly #wire: Wire;
  readonly #limit: number;
  /** Whose turn it is: senders wait in the order in which they came. */
  readonly #turn: Mutex = new Mutex();
  readonly #room: Notify = new Notify();
  readonly #hasRoom: () => void = () => this.#room.notifyWaiters();
  #isClosed: boolean = false;
  /** Sends that have begun and not ended. */
  #sending: number = 0;
  readonly send: (data: string | Uint8Array) => Future<void> = asyncFn((data) => this.#send(data));

  constructor(wire: Wire, limit: number) {
    this.#wire = wire;
    this.#limit = limit;
  }

  get isWaitedFor(): boolean {
    return this.#sending > 0;
  }
  /** There may be room now. */
  drained(): void {
    this.#hasRoom();
  }
  /** Nothing can be sent any more: whoever waits is told. */
  close(): void {
    this.#isClosed = true;
    this.#hasRoom();
  }

  *#send(data: string | Uint8Array): Routine<void> {
    this.#sending++;
    let turn: MutexGuard<undefined> | undefined;
    try {
      turn = this.#turn.tryLock() ?? (yield* this.#turn.lock());
      yield* this.#whenThereIsRoom();
      if (this.#isClosed) throw new SocketClosedError("send on a WebSocket connection that has closed");
      this.#wire.send(data, this.#hasRoom);
    } finally {
      turn?.release();
      this.#sending--;
    }
  }

  *#whenThereIsRoom(): Routine<void> {
    while (!this.#isClosed && this.#wire.buffered >= this.#limit) {
      const room = this.#room.notified();
      yield* this.#wire.tellsRoom ? room : race(room, sleep(LOOK_EVERY));
    }
  }
}
