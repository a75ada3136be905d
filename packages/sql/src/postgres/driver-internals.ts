/** What a client of `pg` has, and its types do not tell: the only place that knows. */
import type { Duplex } from "node:stream";
import type { Client } from "pg";

/** The wire below a client. */
export interface Wire {
  readonly stream: Duplex;
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secret: unknown): void;
  /** Ends what was sent: the server answers, and is ready for the next statement. */
  sync(): void;
  on(event: "connect" | "sslconnect" | "copyInResponse" | "end" | "error", listener: () => void): this;
}

export interface Internals {
  readonly connection: Wire;
  /** Of the session, known once it is connected. */
  readonly processID: number;
  readonly secretKey: unknown;
  /** Whether the socket keeps the program alive. */
  ref(): void;
  unref(): void;
}

export function internals(client: Client): Internals {
  return client as unknown as Internals;
}
