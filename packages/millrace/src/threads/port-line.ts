/** Lines between a keeper and handles on other threads. */
import type { MessagePort, Transferable } from "../internal/platform.ts";
import { host } from "../runtime/host.ts";
import { givenBack, GONE, NOTHING, type Keeper, type News, type Ticket, type Wish } from "./keeper.ts";

type ToKeeper =
  | { readonly type: "want"; readonly id: number; readonly wish: Wish }
  | { readonly type: "unwant"; readonly id: number }
  | { readonly type: "news"; readonly news: News }
  | { readonly type: "line"; readonly port: MessagePort };
type FromKeeper =
  | { readonly type: "grant"; readonly id: number; readonly value: unknown }
  /** It was not granted anything, and will not be. */
  | { readonly type: "withdrawn"; readonly id: number };

/** Hears what comes, without keeping the program alive. */
function listen<M>(port: MessagePort, hear: (message: M) => void, onClose: () => void): void {
  port.addEventListener("message", ({ data }) => hear(data as M));
  port.addEventListener("close", onClose);
  port.start();
  (port as { unref?(): void }).unref?.();
}

/** A line to the keeper. What a thread holds that dies is given back. */
export function lineTo(keeper: Keeper): MessagePort {
  const { port1, port2 } = new MessageChannel();
  serve(keeper, port1);
  return port2;
}
function serve(keeper: Keeper, port: MessagePort): void {
  const waiting = new Map<number, Ticket>();
  let rooms = 0;
  let messages = 0;
  let permits = 0;
  const say = (message: FromKeeper): void => port.postMessage(message);
  const hear = (message: ToKeeper): void => {
    switch (message.type) {
      case "want": {
        const { id, wish } = message;
        const ticket: Ticket = {
          grant(value) {
            waiting.delete(id);
            if (value !== GONE && wish.kind === "room") rooms++;
            if (value !== GONE && wish.kind === "message") messages++;
            if (value !== GONE && wish.kind === "permits") permits += wish.argument;
            say({ type: "grant", id, value });
          },
        };
        waiting.set(id, ticket);
        return keeper.want(wish, ticket);
      }
      case "unwant": {
        const ticket = waiting.get(message.id);
        if (ticket === undefined) return;
        waiting.delete(message.id);
        keeper.unwant(ticket);
        return say({ type: "withdrawn", id: message.id });
      }
      case "news": {
        const { news } = message;
        if (news.what === "message" || news.what === "no message") rooms--;
        if (news.what === "received" || news.what === "not received") messages--;
        if (news.what === "permits") permits -= news.count;
        return keeper.tell(news);
      }
      case "line":
        serve(keeper, message.port);
    }
  };
  listen(port, hear, () => {
    for (const ticket of waiting.values()) keeper.unwant(ticket);
    for (; rooms > 0; rooms--) keeper.tell({ what: "no message" });
    // They were lost with it.
    for (; messages > 0; messages--) keeper.tell({ what: "received" });
    if (permits > 0) keeper.tell({ what: "permits", count: permits, isLost: true });
  });
}

/** What a failed try has asked for is kept for the next so long, in ms. */
const SPARE_MS = 5;

/** A keeper on another thread. */
export class DistantKeeper implements Keeper {
  readonly #port: MessagePort;
  readonly #waiting: Map<number, { readonly wish: Wish; readonly ticket: Ticket | null }> = new Map();
  readonly #ids: Map<Ticket, number> = new Map();
  readonly #spare: Map<Wish["kind"], { readonly wish: Wish; readonly value: unknown }> = new Map();
  readonly #asked: Set<Wish["kind"]> = new Set();
  #next: number = 0;
  #isGone: boolean = false;

  constructor(port: MessagePort) {
    this.#port = port;
    listen<FromKeeper>(
      port,
      (message) => this.#hear(message),
      () => this.#gone(),
    );
  }
  #say(message: ToKeeper, moved: Transferable[] = []): void {
    this.#port.postMessage(message, moved);
  }

  want(wish: Wish, ticket: Ticket): void {
    if (this.#isGone) return ticket.grant(GONE);
    const id = this.#next++;
    this.#waiting.set(id, { wish, ticket });
    this.#ids.set(ticket, id);
    this.#say({ type: "want", id, wish });
  }
  unwant(ticket: Ticket): void {
    const id = this.#ids.get(ticket);
    if (id === undefined) return;
    this.#ids.delete(ticket);
    this.#waiting.set(id, { wish: this.#waiting.get(id)!.wish, ticket: null });
    this.#say({ type: "unwant", id });
  }
  #hear(message: FromKeeper): void {
    const { id } = message;
    const { wish, ticket } = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    if (message.type === "withdrawn") return;
    if (ticket === null) return this.#giveBack(wish, message.value);
    this.#ids.delete(ticket);
    ticket.grant(message.value);
  }
  #giveBack(wish: Wish, value: unknown): void {
    const news = givenBack(wish, value);
    if (news !== undefined) this.tell(news);
  }

  tryTake(wish: Wish): unknown {
    const { kind, argument } = wish;
    const spare = this.#spare.get(kind);
    if (spare !== undefined && spare.wish.argument === argument) {
      this.#spare.delete(kind);
      return spare.value;
    }
    if (this.#isGone) return GONE;
    if (!this.#asked.has(kind)) {
      this.#asked.add(kind);
      this.want(wish, { grant: (value) => this.#keep(wish, value) });
    }
    return NOTHING;
  }
  #keep(wish: Wish, value: unknown): void {
    const spare = { wish, value };
    this.#asked.delete(wish.kind);
    this.#spare.set(wish.kind, spare);
    const timer = host.timer(SPARE_MS, () => {
      if (this.#spare.get(wish.kind) !== spare) return;
      this.#spare.delete(wish.kind);
      this.#giveBack(wish, value);
    });
    (timer as { unref?(): void }).unref?.();
  }

  tell(news: News): void {
    this.#say({ type: "news", news });
  }
  line(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#say({ type: "line", port: port1 }, [port1]);
    return port2;
  }
  #gone(): void {
    this.#isGone = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#ids.clear();
    for (const { ticket } of waiting) ticket?.grant(GONE);
  }
}
