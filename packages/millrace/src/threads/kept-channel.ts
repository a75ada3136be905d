/** The halves of a channel between threads that share no memory. */
import { ClosedError, SendError } from "../errors.ts";
import { atCaller } from "../runtime/caller-line.ts";
import type { Future } from "../runtime/future.ts";
import { checkMessage, OK, refused, type Try } from "../sync/try.ts";
import { threadNumber } from "./backend.ts";
import { ChannelKeeper } from "./channel-keeper.ts";
import { unsendable, type SharedReceiver, type SharedSender } from "./channel-halves.ts";
import { GONE, NOTHING, type Keeper } from "./keeper.ts";
import { KeeperWait } from "./keeper-wait.ts";
import { DistantKeeper } from "./port-line.ts";
import { decoded, encoded } from "./port-messages.ts";
import { SHARE, shareable, type SharedParts } from "./shareable.ts";

const SENDER = "kept sender";
const RECEIVER = "kept receiver";
const NO_ARGUMENT = 0;

/** Senders are numbered by whoever opens them. */
let opened = 0;
const newNumber = (): number => threadNumber * 2 ** 32 + ++opened;

class Send<T> extends KeeperWait<void> {
  readonly #sender: KeptSender<T>;
  readonly #value: T;
  constructor(sender: KeptSender<T>, value: T) {
    super(sender.keeper, { kind: "room", argument: sender.number });
    this.#sender = sender;
    this.#value = value;
  }
  protected finish(room: unknown): void {
    if (room === GONE) throw new SendError("send on a shared channel that is closed", this.#value);
    this.#sender.put(this.#value, this, "send", "next");
  }
  override describeWait(): string {
    return "room in a shared channel";
  }
}

class KeptSender<T> implements SharedSender<T> {
  readonly keeper: Keeper;
  readonly number: number;
  readonly #words: number;
  #isClosed: boolean = false;

  /** `words`: of a message, at most. */
  constructor(keeper: Keeper, number: number, words: number) {
    this.keeper = keeper;
    this.number = number;
    this.#words = words;
  }
  /** A room was granted to `operation`, of which `method` was called. */
  put(value: T, operation: object, caller: string, method: string = caller): void {
    let bytes: ArrayBuffer | undefined;
    try {
      bytes = encoded(value, this.#words);
    } catch (error) {
      throw atCaller(error, operation, method);
    } finally {
      this.keeper.tell(bytes === undefined ? { what: "no message" } : { what: "message", bytes });
    }
    if (bytes === undefined) throw atCaller(unsendable(caller, value), operation, method);
  }
  send(value: T): Future<void> {
    checkMessage("send", value);
    return new Send(this, value);
  }
  trySend(value: T): Try<void, "full" | "closed"> {
    checkMessage("trySend", value);
    const room = this.keeper.tryTake({ kind: "room", argument: this.number });
    if (room === NOTHING) return refused("full");
    if (room === GONE) return refused("closed");
    this.put(value, this, "trySend");
    return OK;
  }
  clone(): SharedSender<T> {
    if (this.#isClosed) throw new ClosedError("clone of a sender that was closed");
    return opening(this.keeper, this.#words);
  }
  close(): void {
    this.#isClosed = true;
    this.keeper.tell({ what: "sender closed", sender: this.number });
  }
  [Symbol.dispose](): void {
    this.close();
  }
  [SHARE](): SharedParts {
    return { kind: SENDER, port: this.keeper.line(), data: [this.number, this.#words] };
  }
}

function opening<T>(keeper: Keeper, words: number): KeptSender<T> {
  const number = newNumber();
  keeper.tell({ what: "sender opened", sender: number });
  return new KeptSender<T>(keeper, number, words);
}

/** What was granted is received. */
function received<T>(keeper: Keeper, message: unknown): T {
  keeper.tell({ what: "received" });
  return decoded(message as ArrayBuffer) as T;
}

class Receive<T> extends KeeperWait<T | undefined> {
  readonly #keeper: Keeper;
  constructor(keeper: Keeper) {
    super(keeper, { kind: "message", argument: NO_ARGUMENT });
    this.#keeper = keeper;
  }
  protected finish(message: unknown): T | undefined {
    return message === GONE ? undefined : received<T>(this.#keeper, message);
  }
  override describeWait(): string {
    return "a message on a shared channel";
  }
}

class KeptReceiver<T> implements SharedReceiver<T> {
  readonly #keeper: Keeper;
  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }
  recv(): Future<T | undefined> {
    return new Receive<T>(this.#keeper);
  }
  tryRecv(): Try<T, "empty" | "closed"> {
    const message = this.#keeper.tryTake({ kind: "message", argument: NO_ARGUMENT });
    if (message === NOTHING) return refused("empty");
    if (message === GONE) return refused("closed");
    return { ok: true, value: received<T>(this.#keeper, message) };
  }
  close(): void {
    this.#keeper.tell({ what: "receiver closed" });
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
    return { kind: RECEIVER, port: this.#keeper.line(), data: [] };
  }
}

shareable(
  SENDER,
  ({ port, data: [number, words] }) => new KeptSender(new DistantKeeper(port!), number!, words!),
);
shareable(RECEIVER, ({ port }) => new KeptReceiver(new DistantKeeper(port!)));

/** `bytes`: of a message, at most. */
export function keptChannel<T>(capacity: number, bytes: number): [SharedSender<T>, SharedReceiver<T>] {
  const keeper = new ChannelKeeper(capacity);
  return [opening<T>(keeper, Math.ceil(bytes / 4)), new KeptReceiver<T>(keeper)];
}
