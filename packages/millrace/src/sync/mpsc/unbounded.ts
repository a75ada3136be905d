/** The sending half of an unbounded channel. */
import { ClosedError, SendError } from "../../errors.ts";
import type { Future } from "../../runtime/future.ts";
import { Handle, Remains } from "../handle.ts";
import { checkMessage } from "../try.ts";
import type { Channel } from "./channel.ts";
import { ReceiverClosed, SENDER } from "./sender.ts";

/** Sends without waiting. There is no back-pressure: memory grows with the backlog. */
export class UnboundedSender<T> extends Handle implements Disposable {
  readonly #channel: Channel<unknown>;
  #isClosed: boolean = false;

  /** @internal */
  constructor(channel: Channel<unknown>) {
    super();
    this.#channel = channel;
    channel.handles.opened(this, !channel.items.isEmpty);
  }

  /**
   * @throws SendError, with the value, once the receiver is closed; ClosedError on a closed handle;
   * TypeError for `undefined`.
   */
  send(value: T): void {
    const channel = this.#open("send");
    checkMessage("UnboundedSender.send", value);
    if (channel.isReceiverClosed) throw new SendError("the receiver of the channel is closed", value);
    channel.push(value);
  }
  clone(): UnboundedSender<T> {
    const channel = this.#open("clone");
    channel.senders++;
    return new UnboundedSender(channel);
  }
  /** Completes when the receiver is closed. **Cancel safety.** Abandoning it leaves no trace. */
  closed(): Future<void> {
    return new ReceiverClosed(this.#open("closed"));
  }
  /** Whether nothing can be sent with this handle any more: the receiver or the handle itself is closed. */
  get isClosed(): boolean {
    return this.#isClosed || this.#channel.isReceiverClosed;
  }
  /** Gives up this handle. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#channel.handles.closed(this);
    this.#channel.senderClosed();
  }
  [Symbol.dispose](): void {
    this.close();
  }
  /** @internal */
  makeRemains(): Remains {
    return new Remains(SENDER, this.#channel);
  }
  #open(what: string): Channel<unknown> {
    if (this.#isClosed) throw new ClosedError(`UnboundedSender.${what} on a sender that was closed`);
    return this.#channel;
  }
}
