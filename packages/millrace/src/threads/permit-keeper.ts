/** Permits, kept by the thread that made them. First come, first served. */
import type { MessagePort } from "../internal/platform.ts";
import { NOTHING, type Keeper, type News, type Ticket, type Wish } from "./keeper.ts";
import { lineTo } from "./port-line.ts";

export class PermitKeeper implements Keeper {
  #free: number;
  /** A thread died while it held permits, and nobody has been told yet. */
  #isAbandoned: boolean = false;
  readonly #waiting: Map<Ticket, Wish> = new Map();

  constructor(permits: number) {
    this.#free = permits;
  }

  /** Whether a holder died, for the first who asks. */
  tryTake({ argument }: Wish): unknown {
    return this.#waiting.size > 0 ? NOTHING : this.#take(argument);
  }
  #take(count: number): unknown {
    if (this.#free < count) return NOTHING;
    this.#free -= count;
    const wasAbandoned = this.#isAbandoned;
    this.#isAbandoned = false;
    return wasAbandoned;
  }
  want(wish: Wish, ticket: Ticket): void {
    this.#waiting.set(ticket, wish);
    this.#serve();
  }
  unwant(ticket: Ticket): void {
    this.#waiting.delete(ticket);
    this.#serve();
  }
  tell(news: News): void {
    if (news.what !== "permits") return;
    this.#free += news.count;
    if (news.isLost === true) this.#isAbandoned = true;
    this.#serve();
  }
  #serve(): void {
    for (const [ticket, { argument }] of this.#waiting) {
      const taken = this.#take(argument);
      if (taken === NOTHING) return;
      this.#waiting.delete(ticket);
      ticket.grant(taken);
    }
  }
  line(): MessagePort {
    return lineTo(this);
  }
}
