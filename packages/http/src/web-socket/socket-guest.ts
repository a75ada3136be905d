/**
 * One connection, as a task.
 *
 *   OPEN ──handler ends──► close 1000   ─┐
 *     │  ──handler fails─► close 1011    ├─► CLOSED, when both the connection and the task have ended
 *     │  ──aborted───────► close 1001    │
 *     └──the client closes, breaks off, is silent──► messages end; the handler may go on for a while
 */
import { CancelledError, type AbortHandle, type Future, type TaskContext } from "millrace";
import type { Routine } from "millrace";
import type { Reception, Guest } from "../server/reception.ts";
import { SocketClosedError } from "../errors.ts";
import { reportable } from "../server/answers.ts";
import type { Deadline, Expiring } from "../server/deadlines.ts";
import { Inbox, type SocketMessage } from "./inbox.ts";
import { Outbox } from "./outbox.ts";
import type { SocketSettings } from "./socket-route.ts";
import { WebSocketConnection, type SocketEnd } from "./web-socket-connection.ts";
import type { Wire } from "./wire.ts";

/** With less than this before it a pong is sent; with more, the socket tells when that has gone. */
const PONG_ROOM = 64 * 1024;

export class SocketGuest implements Guest, Expiring {
  readonly connection: WebSocketConnection;
  readonly #reception: Reception;
  readonly #wire: Wire;
  readonly #settings: SocketSettings;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #onOver: () => void;
  #task: AbortHandle | null = null;
  #timer: Deadline | undefined;
  /** What the last ping said. */
  #unanswered: Uint8Array | undefined;
  /** Something came since the last ping. */
  #isAlive: boolean = true;
  #isOpen: boolean = true;
  #hasBegun: boolean = false;
  #isRunning: boolean = true;

  constructor(
    reception: Reception,
    wire: Wire,
    request: Request,
    protocol: string,
    settings: SocketSettings,
    onOver: () => void,
  ) {
    this.#reception = reception;
    this.#wire = wire;
    this.#settings = settings;
    this.#inbox = new Inbox(wire, settings.receiveBuffer);
    this.#outbox = new Outbox(wire, settings.sendBuffer);
    this.#onOver = onOver;
    this.connection = new WebSocketConnection(request, protocol, wire, this.#inbox, this.#outbox);
  }

  start(name: string, call: (socket: WebSocketConnection, cx: TaskContext) => Future<void>): void {
    this.#reception.entered(this);
    const handle = this.#reception.house.tasks.spawn((cx) => this.#run(cx, call), { name });
    handle.detach();
    this.#task = handle;
  }

  received(message: SocketMessage): void {
    this.#isAlive = true;
    if (!this.#inbox.put(message)) this.#wire.close(1013, "messages come faster than they are read");
  }
  /** A pong. */
  heard(): void {
    this.#isAlive = true;
  }
  /** Of several pings the last is answered, when there is room: a client that does not read costs no memory. */
  pinged(data: Uint8Array): void {
    this.#isAlive = true;
    this.#unanswered = data;
    this.#answerPing();
  }
  drained(): void {
    this.#answerPing();
    this.#outbox.drained();
  }

  #answerPing(): void {
    if (this.#unanswered === undefined || this.#wire.buffered >= PONG_ROOM) return;
    this.#wire.pong?.(this.#unanswered);
    this.#unanswered = undefined;
  }

  /** The connection is no more. */
  closed(end: SocketEnd): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.connection.ended(end);
    if (!this.#isRunning) return this.#over();
    // A handler that reads, waits to send, or waits for the end, finds it by itself; another would not learn of it.
    const findsOut = this.#inbox.isRead || this.#outbox.isWaitedFor || this.connection.isEndAskedFor;
    if (findsOut) this.#setTimer(this.#settings.closeGrace);
    else this.abort("the connection has closed");
  }

  /** Time for a ping; or the connection has closed, and the handler had its time. */
  expire(): void {
    if (!this.#isOpen) return this.abort("the connection has closed");
    // While it is paused nothing is heard of it.
    if (!this.#isAlive && !this.#inbox.isPaused) return this.#wire.terminate();
    this.#isAlive = false;
    this.#wire.ping?.();
    this.#setTimer(this.#settings.ping);
  }

  abort(reason: string): void {
    this.#task?.abort(reason);
    // The task has not run yet, and never will.
    if (!this.#hasBegun && this.#isRunning) this.#stopped(true);
  }
  close(code: number, reason: string): void {
    if (this.#isOpen) this.#wire.close(code, reason);
  }
  terminate(): void {
    if (this.#isOpen) this.#wire.terminate();
  }

  *#run(
    cx: TaskContext,
    call: (socket: WebSocketConnection, cx: TaskContext) => Future<void>,
  ): Routine<void> {
    this.#hasBegun = true;
    if (this.#wire.ping !== undefined) this.#setTimer(this.#settings.ping);
    try {
      yield* call(this.connection, cx);
      this.close(1000, "");
    } catch (error) {
      if (cx.isCancelled && error instanceof CancelledError) throw error;
      this.#failed(error);
    } finally {
      this.#stopped(cx.isCancelled);
    }
  }

  /** The handler will not go on; the connection may. */
  #stopped(isCancelled: boolean): void {
    if (isCancelled) this.close(1001, "going away");
    this.#isRunning = false;
    if (!this.#isOpen) return this.#over();
    // The client's answer to the close comes behind whatever it has sent.
    this.#inbox.discard();
  }

  #failed(error: unknown): void {
    if (error instanceof SocketClosedError && !this.#isOpen) return;
    this.close(1011, "internal error");
    this.#reception.failed++;
    const { onFailure } = this.#reception.house;
    if (onFailure === undefined) throw reportable(error);
    onFailure(error, this.connection.request);
  }

  #setTimer(ms: number): void {
    this.#clearTimer();
    if (ms !== Infinity) this.#timer = this.#reception.house.deadlines.add(this, ms);
  }
  #clearTimer(): void {
    if (this.#timer !== undefined) this.#reception.house.deadlines.remove(this.#timer);
    this.#timer = undefined;
  }
  #over(): void {
    this.#clearTimer();
    this.#reception.left(this);
    this.#onOver();
  }
}
