/**
 * LISTEN as a stream. It has a session of its own, since a session listens for as long as it lives; leaving
 * the stream, in whatever way, ends the session, and the server forgets it.
 *
 * A notification is sent once. When the session breaks, those that come meanwhile are lost: so the stream
 * fails rather than listen anew in silence, and its reader knows that it has to look for what it missed.
 */
import { EventEmitter } from "node:events";
import type { Routine } from "millrace";
import { Stream } from "millrace/stream";
import { ConnectionError } from "../errors.ts";
import { quoted, raw } from "../statement.ts";
import { PostgresConnection, type PostgresTarget } from "./connection.ts";

/** What somebody has sent with NOTIFY. */
export interface Notification {
  /** Where it was sent to. */
  readonly channel: string;
  /** What was sent; "" for nothing. */
  readonly payload: string;
}

/** What happens when notifications come faster than they are read. */
export interface ListenOptions {
  /** Notifications that wait for the reader. Default 1000. */
  readonly capacity?: number;
  /** What happens when more come; "error" fails with `LaggedError`. Default "error". */
  readonly overflow?: "dropOldest" | "dropNewest" | "error";
}

export function* listen(
  target: PostgresTarget,
  channels: readonly string[],
  { capacity = 1000, overflow = "error" }: ListenOptions,
): Routine<Stream<Notification>> {
  const connection = yield* PostgresConnection.open(target);
  let stream: Stream<Notification> | undefined;
  try {
    const events = new Relay(connection, target.name);
    // Before the first LISTEN, so that nothing can come in between.
    const listening = Stream.fromEvents<Notification>(events, "notification", { capacity, overflow });
    for (const channel of channels) yield* connection.run(raw(`LISTEN ${quoted(channel)}`));
    connection.keepAlive();
    return (stream = listening);
  } finally {
    if (stream === undefined) connection.destroy();
  }
}

/** What the stream listens to. It ends with its last listener. */
class Relay extends EventEmitter {
  constructor(connection: PostgresConnection, name: string) {
    super();
    const { client } = connection;
    client.on("notification", ({ channel, payload = "" }) => {
      this.emit("notification", { channel, payload } satisfies Notification);
    });
    const broke = (cause?: unknown): void => {
      if (this.listenerCount("error") === 0) return;
      const message = `the session that listens to ${name} broke: notifications may be lost`;
      this.emit("error", new ConnectionError(message, { cause }));
    };
    client.on("error", broke);
    client.on("end", broke);
    this.on("removeListener", (event) => {
      if (event === "notification") connection.destroy();
    });
  }
}
