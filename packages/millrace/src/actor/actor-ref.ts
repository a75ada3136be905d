/** References: what everybody but the actor itself has of it. */
import { ClosedError } from "../errors.ts";
import { PENDING, type Outcome, type Poll, type Routine, type Waker } from "../runtime/body.ts";
import { Future } from "../runtime/future.ts";
import { Settlement } from "../runtime/task-join.ts";
import { Handle, type HandleKind, Remains } from "../sync/handle.ts";
import type { Actor } from "./actor.ts";
import type { WeakActorRef } from "./actor-context.ts";
import { Ask } from "./ask.ts";
import { Message } from "./message.ts";
import { hasMethod, unknownMethod } from "./methods.ts";
import { Send } from "./send.ts";

/**
 * The messages of an actor.
 *
 * @ignore
 */
export type Methods<A> = { [K in keyof A as A[K] extends (...args: never[]) => unknown ? K : never]: A[K] };
/**
 * What a message replies.
 *
 * @ignore
 */
export type Result<R> = R extends Routine<infer T> ? T : Awaited<R>;

/**
 * A reference to an actor. Asking or telling a stopped actor, or through a disposed reference, rejects
 * with `ClosedError`. Disposing the last reference stops the actor after its queue; one that is
 * garbage-collected undisposed while the actor waits for messages counts as disposed, and is reported.
 *
 * The messages are the methods of the object, inherited ones as well. No message are `constructor`, `then`
 * and methods whose name is a symbol.
 */
export interface ActorRef<A extends object> extends Disposable {
  /**
   * Sends a message and waits for its reply; the failure of the message is thrown unchanged. The actor
   * that asks itself, in the midst of a message, would wait for ever, and is told so with `DeadlockError`.
   *
   * **Cancel safety.** Abandoning it withdraws the message if it has not started. One that has started
   * runs on, and its reply is dropped; should it fail, the failure is reported.
   */
  readonly ask: {
    [K in keyof Methods<A>]: Methods<A>[K] extends (...args: infer P) => infer R
      ? (...args: P) => Future<Result<R>>
      : never;
  };
  /**
   * Sends a message and waits only for room in the mailbox. A failure goes to `onFailure`; it is never
   * silent. What was told and has not started is dropped when the actor fails or is aborted.
   *
   * **Cancel safety.** Abandoned before there was room, nothing was sent.
   */
  readonly tell: {
    [K in keyof Methods<A>]: Methods<A>[K] extends (...args: infer P) => unknown
      ? (...args: P) => Future<void>
      : never;
  };
  /**
   * Finishes what is queued, runs the object's `[Symbol.asyncDispose]` (or `[Symbol.dispose]`) if it has
   * one, then stops; those who wait for room are refused. Completes when it has stopped, however: how is
   * told by `stopped()`. Within a message of the actor it does not wait.
   *
   * **Cancel safety.** Abandoned once it was polled, the actor stops all the same.
   */
  stop(): Future<void>;
  /** Cancels what it runs and refuses what is queued. The object is disposed, within the runtime's `cleanupWindow`. */
  abort(reason?: unknown): void;
  /**
   * How it ended: rejected with the failure that it stopped with, cancelled if it was aborted. Also
   * through a disposed reference. A failure that is not taken here, nor by an asker, is reported.
   *
   * **Cancel safety.** Abandoning it takes nothing.
   */
  stopped(): Future<Outcome<void>>;
  /** Another reference, to be disposed on its own. @throws ClosedError if this one was disposed. */
  clone(): ActorRef<A>;
  /** Messages in the mailbox: sent and not started. */
  readonly queued: number;
}

/** Makes the future of one message. */
type Make = (ref: Reference, method: string, args: readonly unknown[]) => Future<unknown>;
type Senders = Record<string, (...args: unknown[]) => Future<unknown>>;

let actorOf: (ref: Reference) => Actor;

const REFERENCE: HandleKind<Actor> = {
  what: "a reference to an actor",
  isAwaited: ({ isIdle }) => isIdle,
  release: (actor) => actor.claimGone(),
};

export class Reference extends Handle implements ActorRef<object> {
  declare private readonly actor: Actor;
  declare private isDisposed: boolean;
  declare private askers: Senders | null;
  declare private tellers: Senders | null;

  constructor(actor: Actor) {
    super();
    this.actor = actor;
    this.isDisposed = false;
    this.askers = null;
    this.tellers = null;
    actor.claimed();
    actor.handles.opened(this, actor.isIdle);
  }

  get ask(): {} {
    return (this.askers ??= senders(this, makeAsk));
  }
  get tell(): {} {
    return (this.tellers ??= senders(this, makeTell));
  }
  get queued(): number {
    return this.actor.mailbox.length;
  }

  stop(): Future<void> {
    return new Stop(this.actor, this.isDisposed);
  }
  abort(reason?: unknown): void {
    if (this.isDisposed && !this.actor.mailbox.isClosed) throw disposed(this.actor, "abort");
    this.actor.task.abort(reason);
  }
  stopped(): Future<Outcome<void>> {
    return new Stopped(this.actor, this);
  }
  clone(): ActorRef<object> {
    if (this.isDisposed) throw disposed(this.actor, "clone");
    return new Reference(this.actor);
  }

  [Symbol.dispose](): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.actor.handles.closed(this);
    this.actor.claimGone();
  }
  /** @internal */
  makeRemains(): Remains {
    return new Remains(REFERENCE, this.actor);
  }

  /** Null once disposed: what is sent through it is refused. */
  get asSender(): Reference | null {
    return this.isDisposed ? null : this;
  }
  static {
    actorOf = (ref) => ref.actor;
  }
}

/** The actor behind a reference that this library made. */
export function actorBehind(ref: unknown): Actor | undefined {
  return ref instanceof Reference ? actorOf(ref) : undefined;
}

export function makeWeakRef(actor: Actor): WeakActorRef {
  return {
    upgrade<A extends object>() {
      // The messages of the object are known to the caller alone.
      return actor.mailbox.isClosed ? undefined : (new Reference(actor) as unknown as ActorRef<A>);
    },
  };
}

const makeAsk: Make = (ref, method, args) => new Ask(actorOf(ref), method, args, ref.asSender);
const makeTell: Make = (ref, method, args) =>
  new Send(actorOf(ref), new Message(method, args, null), ref.asSender);

/** An object that has, for each message, the function that sends it. */
function senders(ref: Reference, make: Make): Senders {
  const actor = actorOf(ref);
  const made: Senders = Object.create(null) as Senders;
  return new Proxy(made, {
    get(_, method) {
      if (typeof method === "symbol" || method === "then") return undefined;
      return (made[method] ??= (...args) => {
        const { object } = actor;
        if (object !== null && !hasMethod(object, method)) {
          throw unknownMethod(actor.describe(), object, method);
        }
        return make(ref, method, args);
      });
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}

function disposed(actor: Actor, what: string): ClosedError {
  return new ClosedError(`ActorRef.${what} of a reference to ${actor.describe()} that was disposed`);
}

class Stop extends Future<void> {
  readonly #actor: Actor;
  readonly #isRefused: boolean;
  readonly #end: Settlement;
  constructor(actor: Actor, isRefused: boolean) {
    super();
    this.#actor = actor;
    this.#isRefused = isRefused;
    this.#end = new Settlement(actor.task as never);
  }
  poll(waker: Waker): Poll<void> {
    const { mailbox } = this.#actor;
    if (!mailbox.isClosed) {
      if (this.#isRefused) throw disposed(this.#actor, "stop");
      this.#actor.close();
    }
    // Part of the actor: what it waited for would be its own end.
    return this.#actor.isRunningCaller() ? undefined : this.#end.poll(waker);
  }
  override drop(): void {
    this.#end.drop();
  }
  override describeWait(): string {
    return `${this.#actor.describe()} to stop`;
  }
}

class Stopped extends Future<Outcome<void>> {
  readonly #actor: Actor;
  readonly #end: Settlement;
  /** Whoever waits keeps the reference. */
  readonly reference: object;
  constructor(actor: Actor, reference: object) {
    super();
    this.#actor = actor;
    this.#end = new Settlement(actor.task as never);
    this.reference = reference;
  }
  poll(waker: Waker): Poll<Outcome<void>> {
    return this.#end.poll(waker) === PENDING ? PENDING : this.#actor.outcome();
  }
  override drop(): void {
    this.#end.drop();
  }
  override describeWait(): string {
    return `the end of ${this.#actor.describe()}`;
  }
}
