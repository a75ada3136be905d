/** A bounded channel between any two threads. */
import { ClosedError, SendError } from "../errors.ts";
import { PENDING, type Poll } from "../runtime/body.ts";
import { checkCount, optionsOf } from "../runtime/argument.ts";
import { atCaller } from "../runtime/caller-line.ts";
import type { Future } from "../runtime/future.ts";
import { checkMessage, OK, refused, type Try } from "../sync/try.ts";
import { sharesMemory } from "./backend.ts";
import { unsendable, type SharedReceiver, type SharedSender } from "./channel-halves.ts";
import { keptChannel } from "./kept-channel.ts";
import { SHARE, shareable, type SharedParts } from "./shareable.ts";
import { CLOSED, EMPTY, FULL, REFUSED, SENT_IT, SharedRing } from "./shared-ring.ts";
import { SharedWait } from "./shared-wait.ts";

const SENDER = "sender";
const RECEIVER = "receiver";
/** Of a message, when nothing is said about their size. */
const TYPICAL_BYTES = 256;
const LEAST_BYTES = 65_536;
/** No place has it: of a handle that was closed. */
const NO_LIFE = -1;

class Send<T> extends SharedWait<void> {
  declare private readonly sender: Sender<T>;
  declare private readonly value: T;
  constructor(sender: Sender<T>, value: T) {
    super(sender.ring.notFull);
    this.sender = sender;
    this.value = value;
  }
  protected attempt(): Poll<void> {
    const { sender, value } = this;
    const result = sender.offer(value, this.isInLine);
    if (result === FULL) return PENDING;
    if (result === CLOSED) throw closed(value);
    if (result !== SENT_IT) throw atCaller(sender.whyNot("send", value, result), this, "next");
  }
  protected override enters(): void {
    if (this.sender.isClosed) throw closed(this.value);
    this.sender.waits++;
  }
  protected override left(): void {
    this.sender.waits--;
    if (this.sender.isClosed) this.sender.close();
  }
  override describeWait(): string {
    return "room in a shared channel";
  }
}

function closed<T>(value: T): SendError<T> {
  return new SendError("send on a shared channel that is closed", value);
}

class Sender<T> implements SharedSender<T> {
  readonly ring: SharedRing;
  readonly #place: number;
  readonly #life: number;
  isClosed: boolean = false;
  /** Sends of this thread that wait: closed, it lets them end. */
  waits: number = 0;
  constructor(ring: SharedRing, place: number, life: number) {
    this.ring = ring;
    this.#place = place;
    this.#life = life;
  }
  offer(value: T, hasWaited: boolean): number {
    if (this.isClosed && !hasWaited) return CLOSED;
    return this.ring.send(value, this.#place, this.#life);
  }
  send(value: T): Future<void> {
    checkMessage("send", value);
    return new Send(this, value);
  }
  trySend(value: T): Try<void, "full" | "closed"> {
    checkMessage("trySend", value);
    const result = this.offer(value, false);
    if (result === SENT_IT) return OK;
    if (result === CLOSED) return refused("closed");
    if (result === FULL) return refused("full");
    throw atCaller(this.whyNot("trySend", value, result), this, "trySend");
  }
  whyNot(caller: string, value: T, result: number): unknown {
    return result === REFUSED ? this.ring.refusal : unsendable(caller, value);
  }
  clone(): SharedSender<T> {
    if (this.isClosed || !this.ring.isOpen(this.#place, this.#life))
      throw new ClosedError("clone of a sender that was closed");
    return newSender(this.ring);
  }
  close(): void {
    this.isClosed = true;
    if (this.waits === 0) this.ring.close(this.#place, this.#life);
  }
  [Symbol.dispose](): void {
    this.close();
  }
  [SHARE](): SharedParts {
    return {
      kind: SENDER,
      memory: this.ring.memory,
      data: [this.#place, this.isClosed ? NO_LIFE : this.#life],
    };
  }
}

function newSender<T>(ring: SharedRing): Sender<T> {
  const handle = ring.open();
  if (handle === undefined) throw new RangeError("a shared channel has at most 1024 senders at a time");
  return new Sender(ring, ...handle);
}

class Receive<T> extends SharedWait<T | undefined> {
  declare private readonly ring: SharedRing;
  constructor(ring: SharedRing) {
    super(ring.notEmpty);
    this.ring = ring;
  }
  protected attempt(): Poll<T | undefined> {
    const value = this.ring.receive(true);
    if (value !== EMPTY) return value as T;
    return this.ring.isOver ? undefined : PENDING;
  }
  override describeWait(): string {
    return "a message on a shared channel";
  }
}

class Receiver<T> implements SharedReceiver<T> {
  readonly #ring: SharedRing;
  constructor(ring: SharedRing) {
    this.#ring = ring;
  }
  recv(): Future<T | undefined> {
    return new Receive<T>(this.#ring);
  }
  tryRecv(): Try<T, "empty" | "closed"> {
    const value = this.#ring.receive(false);
    if (value !== EMPTY) return { ok: true, value: value as T };
    return refused(this.#ring.isOver ? "closed" : "empty");
  }
  close(): void {
    this.#ring.closeReceiver();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const value = await this.recv();
      if (value === undefined) return;
      yield value;
    }
  }
  [Symbol.dispose](): void {
    this.close();
  }
  [SHARE](): SharedParts {
    return { kind: RECEIVER, memory: this.#ring.memory, data: [] };
  }
}

shareable(SENDER, ({ memory, data: [place, life] }) => new Sender(new SharedRing(memory!), place!, life!));
shareable(RECEIVER, ({ memory }) => new Receiver(new SharedRing(memory!)));

/**
 * A bounded channel between threads, in shared memory. Either half can be passed to a `threaded` function.
 * Messages are copied, as arguments of calls are: an object that is in one twice may arrive as two. It means what `mpsc.channel` means, except that senders of different threads have no
 * order among themselves, and that no collector closes a half that was dropped open: another thread may have it.
 *
 * `capacity` is in messages; `bytes` is how much memory they share, 256 a message unless said, and bounds
 * the size of one. Where threads share no memory, the thread that made the channel keeps it, and each
 * message is a message to that thread and from it; from others, `trySend` and `tryRecv` then only know what an
 * earlier try has asked for.
 *
 * @throws RangeError when `capacity` or `bytes` is not a positive integer.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { sharedChannel, spawnBlocking, threaded, type SharedSender } from "millrace/threads";
 *
 * export const count = threaded(import.meta, async (tx: SharedSender<number>) => {
 *   for (let i = 0; i < 3; i++) await tx.send(i);
 *   tx.close();
 * });
 * main(async () => {
 *   const [tx, rx] = sharedChannel<number>(32);
 *   spawnBlocking(count, tx);
 *   for await (const n of rx) console.log(n); // 0, 1, 2
 * });
 * ```
 */
export function sharedChannel<T>(
  capacity: number,
  options: { bytes?: number } = {},
): [SharedSender<T>, SharedReceiver<T>] {
  checkCount("sharedChannel", "capacity", capacity, 1);
  const { bytes = Math.max(LEAST_BYTES, capacity * TYPICAL_BYTES) } = optionsOf("sharedChannel", options);
  checkCount("sharedChannel", "bytes", bytes, 1);
  if (!sharesMemory()) return keptChannel(capacity, bytes);
  const ring = SharedRing.create(capacity, bytes);
  return [newSender<T>(ring), new Receiver<T>(ring)];
}
