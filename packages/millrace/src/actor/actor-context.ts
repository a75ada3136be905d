/** What `create` is given: the actor as its object may know it. */
import { CancelledError } from "../errors.ts";
import type { AbortSignal } from "../internal/platform.ts";
import type { Task } from "../runtime/task.ts";
import type { ActorRef } from "./actor-ref.ts";

/** Passed to the function that creates an actor's object, at the start and at each restart. */
export interface ActorContext {
  /** What `ActorOptions.name` said. */
  readonly name: string | undefined;
  /**
   * Aborts when the object that is being created has had its time: at once when the actor is aborted, else
   * after its last message, before it is disposed. Hand it to what the object starts.
   */
  readonly signal: AbortSignal;
  /** Holds no claim on the actor's life. */
  self(): WeakActorRef;
}

/** A reference that does not keep the actor running. */
export interface WeakActorRef {
  /** A reference of its own, to be disposed; `undefined` once the actor has stopped, or takes no messages any more. */
  upgrade<A extends object>(): ActorRef<A> | undefined;
}

/** One life of the object, from `create` until it is disposed. */
export class Incarnation implements ActorContext {
  readonly name: string | undefined;
  readonly #task: Task<void>;
  readonly #self: WeakActorRef;
  #controller: AbortController | null = null;
  #endedWith: CancelledError | null = null;

  constructor(task: Task<void>, self: WeakActorRef) {
    this.name = task.name;
    this.#task = task;
    this.#self = self;
  }

  get signal(): AbortSignal {
    if (this.#controller !== null) return this.#controller.signal;
    this.#controller = new AbortController();
    if (this.#endedWith !== null) this.#controller.abort(this.#endedWith);
    else if (this.#task.signal.aborted) this.#onAbort();
    else this.#task.signal.addEventListener("abort", this.#onAbort, { once: true });
    return this.#controller.signal;
  }
  readonly #onAbort: () => void = () => this.#controller!.abort(this.#task.signal.reason);

  self(): WeakActorRef {
    return this.#self;
  }

  end(): void {
    const error = this.#task.cancelError ?? new CancelledError("the actor's object has had its last message");
    this.#endedWith = error;
    if (this.#controller === null) return;
    this.#task.signal.removeEventListener("abort", this.#onAbort);
    this.#controller.abort(error);
  }
}
