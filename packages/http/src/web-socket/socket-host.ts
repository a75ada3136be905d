/**
 * Takes the upgrades of a server, with crossws: it knows how each runtime is asked for one, and lets us have
 * the socket below, whose buffers we need to see and whose reading we need to pause.
 */
import type { Hooks, Peer } from "crossws";
import { asyncFn, type Awaitable, type Future, Notify, type Routine, type TaskContext } from "millrace";
import type { Server, ServerRequest } from "srvx";
import { failed } from "../server/answers.ts";
import type { Reception } from "../server/reception.ts";
import { SocketGuest } from "./socket-guest.ts";
import {
  chosenProtocol,
  isFromAllowedOrigin,
  settingsOf,
  type SocketRoute,
  type SocketSettings,
} from "./socket-route.ts";
import { takeUpgrades, toMessage, type Upgrade } from "./upgrades.ts";
import type { WebSocketConnection } from "./web-socket-connection.ts";
import { wireOf } from "./wire.ts";

type ChooseRoute = (request: Request) => SocketRoute | undefined;

/** What goes with a connection from the request to its end. */
interface Visit {
  readonly route: SocketRoute;
  readonly settings: SocketSettings;
  readonly protocol: string;
  guest?: SocketGuest;
}

/** What an upgrade is answered with that is granted. */
interface Admitted {
  readonly protocol?: string;
  readonly context: Record<string, unknown>;
}

export class SocketHost {
  readonly #reception: Reception;
  readonly #chooseRoute: ChooseRoute;
  readonly #isStopping: () => boolean;
  readonly #guests: Set<SocketGuest> = new Set();
  readonly #lastLeft: Notify = new Notify();
  readonly #perRoute: WeakMap<SocketRoute["handle"], number> = new WeakMap();
  /** Where an upgrade comes as a request. */
  #upgrade: Upgrade | undefined;

  private constructor(reception: Reception, chooseRoute: ChooseRoute, isStopping: () => boolean) {
    this.#reception = reception;
    this.#chooseRoute = chooseRoute;
    this.#isStopping = isStopping;
  }

  static async attach(
    server: Server,
    reception: Reception,
    chooseRoute: ChooseRoute,
    options: { readonly maxMessageBytes: number; readonly isStopping: () => boolean },
  ): Promise<SocketHost> {
    const host = new SocketHost(reception, chooseRoute, options.isStopping);
    host.#upgrade = await takeUpgrades(server, host.#hooks(), options.maxMessageBytes);
    return host;
  }

  /** The answer to a request for an upgrade; `undefined` when it asks for none, or is not asked here. */
  answer(request: ServerRequest): Promise<Response> | undefined {
    if (this.#upgrade === undefined || request.headers.get("upgrade")?.toLowerCase() !== "websocket")
      return undefined;
    return this.#upgrade(request);
  }

  get size(): number {
    return this.#guests.size;
  }
  closeAll(code: number, reason: string): void {
    for (const guest of this.#guests) guest.close(code, reason);
  }
  /** Everybody has gone. */
  *empty(): Routine<void> {
    while (this.#guests.size > 0) yield* this.#lastLeft.notified();
  }
  /** Whoever is still there is cut off. */
  end(): void {
    for (const guest of this.#guests) guest.terminate();
  }

  #hooks(): Partial<Hooks> {
    const guestOf = (peer: Peer): SocketGuest | undefined => visitOf(peer).guest;
    return {
      upgrade: (request) => this.#admit(request as Request),
      open: (peer) => this.#open(peer),
      message: (peer, message) => guestOf(peer)?.received(toMessage(message.rawData)),
      close: (peer, { code = 1005, reason = "" }) => guestOf(peer)?.closed({ code, reason }),
      error: () => {},
      drain: (peer) => guestOf(peer)?.drained(),
      ping: (peer, data) => guestOf(peer)?.pinged(data),
      pong: (peer) => guestOf(peer)?.heard(),
    };
  }

  /** Whatever the program's part in it throws is answered and reported here: behind it is only the platform. */
  #admit(request: Request): Response | Admitted {
    if (this.#isStopping()) return refusal(503);
    try {
      const route = this.#chooseRoute(request);
      return route === undefined ? refusal(404) : this.#admitTo(route, request);
    } catch (error) {
      const { response, isFailure } = failed(error);
      if (isFailure) this.#report(error, request);
      return response;
    }
  }

  #admitTo(route: SocketRoute, request: Request): Response | Admitted {
    const settings = settingsOf(route);
    if (!isFromAllowedOrigin(route, request)) return refusal(403);
    if ((this.#perRoute.get(route.handle) ?? 0) >= settings.maxConnections) return refusal(503);
    const protocol = chosenProtocol(route, request);
    const visit: Visit = { route, settings, protocol: protocol ?? "" };
    return { context: { visit }, ...(protocol !== undefined && { protocol }) };
  }

  #open(peer: Peer): void {
    const visit = visitOf(peer);
    const { route, settings, protocol } = visit;
    this.#counted(route, 1);
    const guest = new SocketGuest(this.#reception, wireOf(peer), peer.request, protocol, settings, () => {
      this.#guests.delete(guest);
      if (this.#guests.size === 0) this.#lastLeft.notifyWaiters();
      this.#counted(route, -1);
    });
    visit.guest = guest;
    this.#guests.add(guest);
    const call = asyncFn(route.handle as (socket: WebSocketConnection, cx: TaskContext) => Awaitable<void>);
    guest.start(
      `socket ${new URL(peer.request.url).pathname}`,
      call as (socket: WebSocketConnection, cx: TaskContext) => Future<void>,
    );
  }

  #counted(route: SocketRoute, by: number): void {
    this.#perRoute.set(route.handle, (this.#perRoute.get(route.handle) ?? 0) + by);
  }

  /** Of a task of its own, since this one is the platform's. */
  #report(error: unknown, request: Request): void {
    this.#reception.failed++;
    const { onFailure, tasks } = this.#reception.house;
    if (onFailure !== undefined) return onFailure(error, request);
    const fail = (): never => {
      throw error;
    };
    tasks.spawn(fail, { name: "choosing a socket's route" }).detach();
  }
}

function visitOf(peer: Peer): Visit {
  return peer.context.visit as Visit;
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: status === 503 ? { "retry-after": "1" } : {} });
}
