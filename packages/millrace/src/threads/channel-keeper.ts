/**
 * A bounded channel, kept by the thread that made it.
 *
 * Invariants
 *  1. Messages and granted rooms are never more than the capacity.
 *  2. It is over when nothing can be sent any more, and neither a room nor a message is out, nor a message left:
 *     whoever was granted a room may still send, whoever was granted a message may still give it back, and what
 *     was sent is received.
 */
import type { MessagePort } from "../internal/platform.ts";
import { GONE, NOTHING, type Keeper, type News, type Ticket, type Wish } from "./keeper.ts";
import { lineTo } from "./port-line.ts";

export class ChannelKeeper implements Keeper {
  readonly #capacity: number;
  readonly #messages: ArrayBuffer[] = [];
  #rooms: number = 0;
  #out: number = 0;
  readonly #senders: Set<number> = new Set();
  #isClosed: boolean = false;
  /** First come, first served. */
  readonly #wantRoom: Set<Ticket> = new Set();
  readonly #wantMessage: Set<Ticket> = new Set();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  tryTake({ kind, argument }: Wish): unknown {
    if (kind === "room") {
      if (!this.#senders.has(argument)) return GONE;
      return this.#room();
    }
    return this.#message();
  }
  #room(): unknown {
    if (this.#isClosed) return GONE;
    if (this.#messages.length + this.#rooms >= this.#capacity) return NOTHING;
    this.#rooms++;
    return undefined;
  }
  #message(): unknown {
    const message = this.#messages.shift();
    if (message !== undefined) {
      this.#out++;
      return message;
    }
    const maySend = !this.#isClosed && this.#senders.size + this.#wantRoom.size > 0;
    const mayCome = this.#rooms + this.#out > 0 || maySend;
    return mayCome ? NOTHING : GONE;
  }
  want(wish: Wish, ticket: Ticket): void {
    if (wish.kind === "room") {
      // Closed later, the sender still sends what waits by then.
      if (!this.#senders.has(wish.argument)) return ticket.grant(GONE);
      this.#wantRoom.add(ticket);
    } else this.#wantMessage.add(ticket);
    this.#serve();
  }
  unwant(ticket: Ticket): void {
    this.#wantMessage.delete(ticket);
    // Perhaps nobody else was going to send.
    if (this.#wantRoom.delete(ticket)) this.#serve();
  }

  tell(news: News): void {
    switch (news.what) {
      case "message":
        this.#rooms--;
        this.#messages.push(news.bytes);
        break;
      case "no message":
        this.#rooms--;
        break;
      case "received":
        this.#out--;
        break;
      case "not received":
        this.#out--;
        this.#messages.unshift(news.bytes);
        break;
      case "sender opened":
        this.#senders.add(news.sender);
        break;
      case "sender closed":
        this.#senders.delete(news.sender);
        break;
      case "receiver closed":
        this.#isClosed = true;
        break;
      case "permits":
    }
    this.#serve();
  }

  /** Grants what can be granted. */
  #serve(): void {
    for (const ticket of this.#wantRoom) {
      const room = this.#room();
      if (room === NOTHING) break;
      this.#wantRoom.delete(ticket);
      ticket.grant(room);
    }
    for (const ticket of this.#wantMessage) {
      const message = this.#message();
      if (message === NOTHING) return;
      this.#wantMessage.delete(ticket);
      ticket.grant(message);
      // Its place is free.
      if (this.#wantRoom.size > 0 && message !== GONE) return this.#serve();
    }
  }
  line(): MessagePort {
    return lineTo(this);
  }
}
