/** The one connection below a socket, as far as it can be told from what each runtime has. */
import type { Peer } from "crossws";

export interface Wire {
  /** `sent` is called when it has left for the network, where the runtime tells that. */
  send(data: string | Uint8Array, sent: () => void): void;
  /** Bytes that wait to be sent. */
  readonly buffered: number;
  /** The runtime says when there is room again; else one has to look. */
  readonly tellsRoom: boolean;
  readonly canPause: boolean;
  pause(): void;
  resume(): void;
  /** Undefined: the runtime pings by itself. */
  readonly ping: (() => void) | undefined;
  /** Undefined: the runtime answers pings by itself. */
  readonly pong: ((data: Uint8Array) => void) | undefined;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** The `ws` socket below a crossws peer on Node. */
interface NodeSocket {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, options: { binary: boolean }, sent: () => void): void;
  pong(data: Uint8Array): void;
  pause(): void;
  resume(): void;
}

export function wireOf(peer: Peer): Wire {
  const isElsewhere = "Bun" in globalThis || "Deno" in globalThis;
  return isElsewhere ? new PeerWire(peer) : new NodeWire(peer, peer.websocket as unknown as NodeSocket);
}

/** Bun and Deno. */
class PeerWire implements Wire {
  protected readonly peer: Peer;
  readonly canPause: boolean = false;
  readonly tellsRoom: boolean = "Bun" in globalThis;
  readonly ping: (() => void) | undefined;
  readonly pong: ((data: Uint8Array) => void) | undefined = undefined;

  constructor(peer: Peer) {
    this.peer = peer;
    this.ping = "Deno" in globalThis ? undefined : () => void peer.ping();
  }
  get buffered(): number {
    return this.peer.bufferedAmount;
  }
  send(data: string | Uint8Array, _sent: () => void): void {
    this.peer.send(data);
  }
  pause(): void {}
  resume(): void {}
  close(code: number, reason: string): void {
    this.peer.close(code, reason);
  }
  terminate(): void {
    // Deno cannot cut a socket; it does not wait for an answer to its close frame, either.
    if ("Deno" in globalThis) this.peer.close(1001, "going away");
    else this.peer.terminate();
  }
}

class NodeWire extends PeerWire {
  override readonly canPause: boolean = true;
  override readonly tellsRoom: boolean = true;
  override readonly pong: (data: Uint8Array) => void;
  readonly #socket: NodeSocket;
  constructor(peer: Peer, socket: NodeSocket) {
    super(peer);
    this.#socket = socket;
    this.pong = (data) => socket.pong(data);
  }
  override get buffered(): number {
    return this.#socket.bufferedAmount;
  }
  override send(data: string | Uint8Array, sent: () => void): void {
    this.#socket.send(data, { binary: typeof data !== "string" }, sent);
  }
  override pause(): void {
    this.#socket.pause();
  }
  override resume(): void {
    this.#socket.resume();
  }
}
