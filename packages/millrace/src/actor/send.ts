/** Putting a message into a mailbox: all of a `tell`, and the beginning of an `ask`. */
import { ClosedError, DeadlockError } from "../errors.ts";
import { Acquire } from "../runtime/acquire.ts";
import type { Poll, Waker } from "../runtime/body.ts";
import type { WaitQueue } from "../runtime/wait-queue.ts";
import type { Actor } from "./actor.ts";
import type { Message } from "./message.ts";

/** Waits for room. While it waits it keeps the actor open, though its reference may be disposed. */
export class Send extends Acquire<void> {
  declare private readonly actor: Actor;
  declare private readonly message: Message;
  /** Whoever sends keeps the reference; null if that was disposed before. */
  declare private readonly reference: object | null;

  constructor(actor: Actor, message: Message, reference: object | null) {
    super();
    this.actor = actor;
    this.message = message;
    this.reference = reference;
  }
  protected get queue(): WaitQueue {
    return this.actor.mailbox.slots;
  }
  override poll(waker: Waker): Poll<void> {
    if (this.reference === null)
      throw new ClosedError(`this reference to ${this.actor.describe()} was disposed`);
    return super.poll(waker);
  }
  protected override entered(): void {
    this.actor.claimed();
    if (!this.actor.isRunningCaller()) return;
    this.drop();
    throw waitsForItself(this.actor, this.describeWait());
  }
  protected override left(): void {
    this.actor.claimGone();
  }
  protected granted(): void {
    this.actor.mailbox.push(this.message);
  }
  protected closed(): never {
    throw this.actor.closedError();
  }
  override describeWait(): string {
    return `room for '${this.message.method}' in the mailbox of ${this.actor.describe()}`;
  }
}

/** A message of the actor waits for what only a later message of the same actor could bring. */
export function waitsForItself(actor: Actor, wait: string): DeadlockError {
  return new DeadlockError(
    `${actor.describe()} would wait for itself: a message that it runs waits for ${wait}, and it runs one at a time; call the method of the object instead, or \`tell\` without waiting`,
    [`${actor.task.describe()} waits for ${wait}`],
  );
}
