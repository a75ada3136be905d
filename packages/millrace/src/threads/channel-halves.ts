/** The two halves of a channel between threads, whatever it is made of. */
import type { Future } from "../runtime/future.ts";
import type { Try } from "../sync/try.ts";
import { holdsSharedMemory } from "./shareable.ts";

/** The sending half. Passed to a thread it stays the same handle: closing it there closes it here. */
export interface SharedSender<T> extends Disposable {
  /**
   * Waits for room. Rejects with `SendError` (with the value) once the receiver is closed, or this sender was
   * before it waited (or another thread closes it), and with `RangeError` when the message is larger than the
   * channel.
   *
   * **Cancel safety.** Abandoned: the value was not sent.
   */
  send(value: T): Future<void>;
  /** Sends if there is room; never waits. */
  trySend(value: T): Try<void, "full" | "closed">;
  /** Another handle; the channel ends when the last one is closed. */
  clone(): SharedSender<T>;
  /** Gives up this handle: sends that wait go on, as those of `mpsc` do. Idempotent. */
  close(): void;
}
/** The receiving half. */
export interface SharedReceiver<T> extends AsyncIterable<T>, Disposable {
  /**
   * `undefined` when closed and drained.
   *
   * **Cancel safety.** An abandoned `recv` loses nothing.
   */
  recv(): Future<T | undefined>;
  /** The next message if there is one already; never waits. */
  tryRecv(): Try<T, "empty" | "closed">;
  /** Nothing can be sent any more. Idempotent. */
  close(): void;
}

/** Why it cannot be sent. */
export function unsendable(caller: string, value: unknown): Error {
  if (holdsSharedMemory(value)) {
    return new DOMException(
      `${caller} expects a message of values, got one that holds a channel, a lock or shared memory, which only the arguments and results of calls can`,
      "DataCloneError",
    );
  }
  return new RangeError(
    `${caller} expects a message that fits into the shared channel; give sharedChannel more bytes`,
  );
}
