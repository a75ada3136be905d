/**
 * A message and its reply, as one future.
 *
 *   SENDING ──room──► SENT ──the actor runs it──► REPLIED | FAILED | CLOSED ──poll──► TAKEN
 *      └─────drop──────┴── withdrawn if it has not started; otherwise it runs on, and the reply is dropped
 */
import { FutureConsumedError } from "../errors.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { Operation } from "../runtime/operation.ts";
import { cx } from "../runtime/kernel.ts";
import type { Actor } from "./actor.ts";
import { Message, type Asker, type Failure } from "./message.ts";
import { Send, waitsForItself } from "./send.ts";

const SENDING = 0;
const SENT = 1;
const REPLIED = 2;
const FAILED = 3;
const CLOSED = 4;
const TAKEN = 5;

export class Ask extends Operation<unknown> implements Asker {
  declare private readonly actor: Actor;
  declare private readonly message: Message;
  /** Until there is room. */
  declare private send: Send | null;
  declare private phase: number;
  declare private waker: Waker | null;
  /** The reply, or the failure. */
  declare private result: unknown;

  constructor(actor: Actor, method: string, args: readonly unknown[], reference: object | null) {
    super();
    this.actor = actor;
    this.message = new Message(method, args, this);
    this.send = new Send(actor, this.message, reference);
    this.phase = SENDING;
    this.waker = null;
    this.result = undefined;
  }

  poll(waker: Waker): Poll<unknown> {
    if (this.phase === SENDING && !this.isSent(waker)) return PENDING;
    if (this.phase === SENT) {
      this.waker = waker;
      return PENDING;
    }
    if (this.phase !== TAKEN && !mayProceed(waker)) return PENDING;
    cx.budget--;
    const { phase, result } = this;
    this.phase = TAKEN;
    this.result = undefined;
    switch (phase) {
      case REPLIED:
        return result;
      case FAILED:
        this.actor.observed(result as Failure);
        throw (result as Failure).error;
      case CLOSED:
        throw this.actor.closedError();
      default:
        throw new FutureConsumedError("this ask has already given its reply; ask again");
    }
  }

  /** Once the message is in the mailbox. */
  private isSent(waker: Waker): boolean {
    const { actor } = this;
    if (!actor.mailbox.isClosed && actor.isRunningCaller()) {
      this.drop();
      throw waitsForItself(actor, this.describeWait());
    }
    try {
      if (this.send!.poll(waker) === PENDING) return false;
    } catch (error) {
      this.phase = TAKEN;
      this.send = null;
      throw error;
    }
    this.send = null;
    this.phase = SENT;
    return true;
  }

  override drop(): void {
    const { phase, result, message } = this;
    this.phase = TAKEN;
    this.result = undefined;
    this.waker = null;
    message.asker = null;
    if (phase === SENDING) this.send!.drop();
    else if (phase === SENT && message.isQueued) this.actor.mailbox.withdraw(message);
    else if (phase === FAILED) this.actor.unobserved(result as Failure);
  }

  // ── the actor's side

  replied(value: unknown): void {
    this.settle(REPLIED, value);
  }
  failed(failure: Failure): void {
    this.settle(FAILED, failure);
  }
  closed(): void {
    this.settle(CLOSED, undefined);
  }
  private settle(phase: number, result: unknown): void {
    this.phase = phase;
    this.result = result;
    this.waker?.wake();
  }

  override describeWait(): string {
    return this.phase === SENDING
      ? this.send!.describeWait()
      : `the reply of ${this.actor.describe()} to '${this.message.method}'`;
  }
}
