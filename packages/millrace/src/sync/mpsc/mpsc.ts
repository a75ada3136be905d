/**
 * Many producers, a queue of messages, one place to receive them.
 *
 * Which channel? `mpsc` for a queue of work, with back-pressure; `oneshot` for one reply; `broadcast`
 * for events to many; `watch` for the latest state.
 *
 * @example
 * ```ts
 * import { mpsc, spawn } from "millrace";
 *
 * const [tx, rx] = mpsc.channel<number>(32);
 * spawn(async () => {
 *   for (let i = 0; i < 100; i++) await tx.send(i); // waits while 32 are buffered
 *   tx.close();
 * });
 * let sum = 0;
 * for await (const n of rx) sum += n;
 * console.log(sum); // 4950
 * ```
 *
 * @module
 */
import { pin } from "../../internal/pin.ts";
import { checkCount } from "../../runtime/argument.ts";
import type { Named } from "../../runtime/resource.ts";
import type { Message } from "../try.ts";
import { Channel, UNBOUNDED } from "./channel.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { UnboundedSender } from "./unbounded.ts";

export { Permit, Sender, WeakSender } from "./sender.ts";
export { Receiver } from "./receiver.ts";
export { UnboundedSender } from "./unbounded.ts";

/**
 * A bounded FIFO channel. Reports call it by the `name` it was given.
 *
 * @throws RangeError unless `capacity` is a positive integer.
 */
export function channel<T extends Message>(capacity: number, options?: Named): [Sender<T>, Receiver<T>] {
  const shared = new Channel<T>(checkCount("mpsc.channel", "capacity", capacity, 1), options);
  return [new Sender(shared), new Receiver(shared)];
}

/** A channel without back-pressure: memory grows with the backlog. Prefer `channel`. */
export function unbounded<T extends Message>(options?: Named): [UnboundedSender<T>, Receiver<T>] {
  const shared = new Channel<T>(UNBOUNDED, options);
  const receiver = new Receiver(shared);
  // Senders never wait: what they send would pile up.
  shared.receiverAwaited();
  return [new UnboundedSender(shared), receiver];
}

const [tx, rx] = channel<null>(1);
pin(tx);
pin(rx);
pin(tx.send(null));
pin(rx.recv());
