/** The face of a WebSocket connection: what its handler is given. */
import { SetOnce, type Future } from "millrace";
import { Stream } from "millrace/stream";
import type { Inbox, SocketMessage } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Wire } from "./wire.ts";

/** How a connection ended; 1006 when it broke off. */
export interface SocketEnd {
  /** Of the closing: 1000 for a normal end, 1006 for one without a goodbye. */
  readonly code: number;
  /** What the side that closed it said; often "". */
  readonly reason: string;
}

/**
 * A WebSocket connection. Reading and sending both keep memory bounded: messages that nobody reads make the
 * client wait, and a client that does not read makes `send` wait.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { serve } from "@millrace/http/server";
 *
 * await main(function* () {
 *   const server = yield* serve({
 *     handler: () => new Response(null, { status: 404 }),
 *     webSocket: () => ({
 *       async handle(socket) {
 *         for await (const message of socket.messages) await socket.send(`you said ${message}`);
 *       },
 *     }),
 *   });
 *   console.log(server.metrics().sockets); // 0
 *   yield* server.shutdown();
 * });
 * ```
 */
export class WebSocketConnection {
  /** What the client sends, in order: text as strings, the rest as bytes. Ends when the connection closes, after what came before. One reader. */
  readonly messages: Stream<SocketMessage>;
  /** The request that asked for the connection. */
  readonly request: Request;
  /** The subprotocol agreed on; "" for none. */
  readonly protocol: string;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #wire: Wire;
  readonly #end: SetOnce<SocketEnd> = new SetOnce();
  #isEndAskedFor: boolean = false;

  /** @internal */
  constructor(request: Request, protocol: string, wire: Wire, inbox: Inbox, outbox: Outbox) {
    this.request = request;
    this.protocol = protocol;
    this.messages = Stream.from(inbox);
    this.#inbox = inbox;
    this.#outbox = outbox;
    this.#wire = wire;
  }

  /**
   * Sends text or bytes, once less than `sendBuffer` bytes wait before it; senders take turns. It completes
   * when the message is with the socket, not when the client has it. Bytes must not be changed afterwards.
   *
   * **Cancel safety.** Abandoned while it waits, the message was not sent.
   *
   * @throws SocketClosedError when the connection has closed; TypeError for anything but text and bytes.
   */
  send(data: string | Uint8Array): Future<void> {
    if (typeof data !== "string" && !(data instanceof Uint8Array))
      throw new TypeError(
        `WebSocketConnection.send expects a string or a Uint8Array, got ${data === null ? "null" : typeof data}`,
      );
    return this.#outbox.send(data);
  }

  /**
   * Starts closing, with what was sent before it still on its way. Idempotent.
   *
   * @throws RangeError unless `code` is 1000 or from 3000 to 4999, and the reason at most 123 bytes long.
   */
  close(code: number = 1000, reason: string = ""): void {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999))
      throw new RangeError(
        `WebSocketConnection.close expects code to be 1000 or from 3000 to 4999, got ${String(code)}`,
      );
    if (new TextEncoder().encode(reason).length > 123)
      throw new RangeError("WebSocketConnection.close expects a reason of at most 123 bytes");
    this.#wire.close(code, reason);
  }

  /** Completes when the connection has ended. A handler that has asked for it may go on for `closeGrace`, as one that reads. */
  closed(): Future<SocketEnd> {
    this.#isEndAskedFor = true;
    return this.#end.wait();
  }
  /** It has ended; nothing can be sent any more. */
  get isClosed(): boolean {
    return this.#end.get() !== undefined;
  }
  /** Bytes that wait to be sent. */
  get bufferedAmount(): number {
    return this.#wire.buffered;
  }

  /** @internal */
  get isEndAskedFor(): boolean {
    return this.#isEndAskedFor;
  }
  /** @internal */
  ended(end: SocketEnd): void {
    this.#end.set(end);
    this.#inbox.end();
    this.#outbox.close();
  }
}
