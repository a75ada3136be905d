/**
 * An actor: a task that owns an object and runs the messages in its mailbox on it, one after the other.
 *
 *   CREATING ──► SERVING ──mailbox closed and empty──► DISPOSING ──► STOPPED
 *      ▲            │ a message fails                      ▲
 *      │            ├── "resume": goes on                  │
 *      │            ├── "stop", or too many restarts ──────┤ fails with that error
 *      └─ dispose ──┴── "restart"                          │
 *                        aborted, in any state ────────────┘ cancelled
 *
 * Invariants
 *  1. Only the task touches the object. A message has ended, all of its awaits included, before the next
 *     one begins.
 *  2. What keeps an actor open is counted in `claims`: references, and sends that wait for room. When
 *     there is none left the mailbox closes; what is in it is still run.
 *  3. The mailbox closes once. Whoever asked and was not answered when the task ends is told.
 *  4. The actor refers to no reference: one that is lost is collected, and counts as disposed.
 *  5. A failure reaches an asker, or makes the task fail, or is reported.
 */
import { LEAVING } from "../runtime/task-state.ts";
import { outcomeOf } from "../runtime/outcome.ts";
import { CancelledError, ClosedError } from "../errors.ts";
import type { Outcome, Routine } from "../runtime/body.ts";
import { yieldNow } from "../runtime/budget.ts";
import { Call } from "../runtime/call.ts";
import { reportFailure } from "../runtime/failure.ts";
import type { Kernel, TaskFailure } from "../runtime/kernel.ts";
import { spawnOn } from "../runtime/spawn.ts";
import type { Task } from "../runtime/task.ts";
import { ambientBranch } from "../runtime/trail.ts";
import { Handles } from "../sync/handle.ts";
import { Incarnation, type ActorContext, type WeakActorRef } from "./actor-context.ts";
import { Mailbox } from "./mailbox.ts";
import { Failure, type Message } from "./message.ts";
import { hasMethod, unknownMethod } from "./methods.ts";
import type { RestartLimit } from "./restart-limit.ts";
import { reportSurvived } from "./survived.ts";

export interface ActorSettings {
  readonly name: string | undefined;
  readonly mailbox: number;
  readonly onFailure: "stop" | "resume" | "restart";
  readonly restarts: RestartLimit;
}

type Create = (cx: ActorContext) => unknown;

export class Actor {
  readonly task: Task<void>;
  readonly mailbox: Mailbox;
  /** The references. */
  readonly handles: Handles = new Handles();
  /** Null before it is created, between two lives, and in the end. */
  object: object | null = null;
  readonly #kernel: Kernel;
  readonly #settings: ActorSettings;
  readonly #create: Create;
  readonly #self: WeakActorRef;
  #claims: number = 0;
  #incarnation: Incarnation | null = null;
  /** What runs right now: a message, `create` or the disposal. */
  #running: Call<unknown, never[]> | null = null;
  /** The message that ended it. */
  #lastFailure: Failure | null = null;
  /** What ended it, unless it stopped: from here on everything is refused. */
  #endedBy: { readonly error: unknown } | null = null;

  constructor(
    kernel: Kernel,
    create: Create,
    settings: ActorSettings,
    makeSelf: (actor: Actor) => WeakActorRef,
  ) {
    this.#kernel = kernel;
    this.#settings = settings;
    this.#create = create;
    this.#self = makeSelf(this);
    this.mailbox = new Mailbox(settings.mailbox, () => this.handles.awaited());
    const options = settings.name === undefined ? {} : { name: settings.name };
    // A generator, so that the task can be unwound wherever it is.
    this.task = spawnOn<void>(kernel, () => this.#live(), options, true, "actor");
    this.task.onEnd(() => this.#ended());
  }

  /** "actor 'bank'" */
  describe(): string {
    const { id, name } = this.task;
    return name === undefined ? `the actor of task #${id}` : `actor '${name}'`;
  }

  // ── who keeps it open

  claimed(): void {
    this.#claims++;
  }
  claimGone(): void {
    if (--this.#claims === 0) this.close();
  }
  /** Takes no more messages; ends after those that it has. */
  close(): void {
    if (this.isIdle && this.mailbox.length === 0) this.task.flags |= LEAVING;
    this.mailbox.close();
  }
  /** The actor waits for messages: whoever lost a reference keeps it waiting. */
  get isIdle(): boolean {
    return this.mailbox.consumer !== null;
  }

  /** Why nothing can be sent any more; made for each who tries, so that the stack is theirs. */
  closedError(): ClosedError {
    const { task } = this;
    const cause = this.#endedBy?.error ?? task.cancelError ?? (task.isFailed ? task.result : undefined);
    if (cause === undefined)
      return new ClosedError(`${this.describe()} ${task.isDone ? "has stopped" : "is stopping"}`);
    const why = cause === task.cancelError ? "was aborted" : "has stopped because it failed";
    return new ClosedError(`${this.describe()} ${why}`, { cause });
  }

  /** Whether the caller is part of what the actor runs right now, and so keeps it from running anything else. */
  isRunningCaller(): boolean {
    const running = this.#running?.branch ?? null;
    if (running === null) return false;
    for (let branch = ambientBranch(); branch !== null; branch = branch.parent) {
      // A helper that nobody waited for goes on after its message.
      if (branch.isDone) return false;
      if (branch === running) return true;
    }
    return false;
  }

  // ── how it ended

  /** Whoever asks has observed it. */
  outcome(): Outcome<void> {
    if (this.#lastFailure !== null) this.#lastFailure.isObserved = true;
    return this.outcomeForSupervisor().outcome;
  }

  /** `isDelivered`: the failure was sent to an asker, who either takes it or leaves it to be reported. */
  outcomeForSupervisor(): { readonly outcome: Outcome<void>; readonly isDelivered: boolean } {
    const outcome = outcomeOf(this.task);
    const failure = this.#lastFailure;
    if (failure === null) return { outcome, isDelivered: false };
    // Also when a message failed with the cancellation of something else: the actor was not cancelled.
    return { outcome: { status: "rejected", reason: failure.error }, isDelivered: failure.isSent };
  }

  /** An asker has taken the failure. */
  observed(failure: Failure): void {
    failure.isObserved = true;
    if (failure === this.#lastFailure) this.task.observe();
  }
  /** An asker has gone without the failure that it was sent. */
  unobserved(failure: Failure): void {
    if (failure.isObserved) return;
    if (failure !== this.#lastFailure) return this.report(failure.error, "after its asker had gone");
    // Otherwise it is the task's failure, and noted as such.
    if (this.task.isObserved || failure.error instanceof CancelledError) this.#reportEnd(failure.error);
  }

  /** A failure that the actor, or its supervisor, survives and that reaches nobody. */
  report(error: unknown, what: string): void {
    reportSurvived(this.#kernel, this.#asTaskFailure(error), `${this.describe()} failed ${what}`);
  }
  #reportEnd(error: unknown): void {
    reportFailure(this.#kernel, this.#asTaskFailure(error));
  }
  #asTaskFailure(error: unknown): TaskFailure {
    const { id, name, spawnedAt } = this.task;
    return { error, id, name, spawnedAt };
  }

  // ── its life

  *#live(): Routine<void> {
    try {
      yield* this.#begin();
      yield* this.#serve();
    } catch (error) {
      this.#endedBy = { error };
    }
    // Nobody has to wait for the disposal to be told.
    this.#refuse();
    try {
      yield* this.#endIncarnation();
    } catch (error) {
      if (this.#endedBy === null) this.#endedBy = { error };
      else if (error !== this.#endedBy.error && !(error instanceof CancelledError))
        this.report(error, "when its object was disposed");
    }
    if (this.#endedBy !== null) throw this.#endedBy.error;
  }

  /** The task has ended, however: it may never have started. */
  #ended(): void {
    this.object = null;
    this.#refuse();
  }

  #refuse(): void {
    const { mailbox } = this;
    mailbox.close();
    for (let message = mailbox.shift(); message !== undefined; message = mailbox.shift())
      message.asker?.closed();
  }

  *#begin(): Routine<void> {
    const incarnation = new Incarnation(this.task, this.#self);
    this.#incarnation = incarnation;
    const object = yield* this.#run(
      new Call<unknown, [ActorContext]>(this.#create, [incarnation], { name: "create" }),
    );
    if (object === null || (typeof object !== "object" && typeof object !== "function")) {
      const got = object === null ? "null" : typeof object;
      throw new TypeError(`startActor expects create to give the actor's object, got ${got}`);
    }
    this.object = object;
  }

  *#serve(): Routine<void> {
    const who = this.describe();
    for (;;) {
      const message = yield* this.mailbox.next(who);
      if (message === undefined) return;
      const failure = yield* this.#handle(message);
      // Aborted by the message itself, or in spite of it.
      if (this.task.isCancelled) throw this.task.cancelError!;
      if (failure !== null) yield* this.#failed(message, failure);
    }
  }

  *#handle(message: Message): Routine<Failure | null> {
    const { method, args } = message;
    const object = this.object as Record<string, unknown>;
    let failure: Failure;
    try {
      const body = hasMethod(object, method) ? object[method] : undefined;
      if (typeof body !== "function") return this.#unknown(message, object);
      const call = new Call(
        body.bind(object) as (...args: readonly unknown[]) => unknown,
        args as unknown[],
        {
          name: method,
        },
      );
      const value = yield* this.#run(call);
      message.asker?.replied(value);
      return null;
    } catch (error) {
      if (this.task.isCancelled) {
        message.asker?.closed();
        throw error;
      }
      failure = new Failure(error);
    }
    if (message.asker === null) return failure;
    // Before the asker hears of it: it may observe the failure at once.
    if (this.#settings.onFailure === "stop") this.#lastFailure = failure;
    failure.isSent = true;
    message.asker.failed(failure);
    return failure;
  }

  /** It was sent before the object was there. The mistake is the sender's. */
  #unknown(message: Message, object: object): null {
    const error = unknownMethod(this.describe(), object, message.method);
    if (message.asker === null) this.report(error, "to take a message");
    else message.asker.failed(new Failure(error));
    return null;
  }

  *#failed(message: Message, failure: Failure): Routine<void> {
    switch (this.#settings.onFailure) {
      case "resume":
        if (!failure.isSent) this.report(failure.error, `in '${message.method}', and goes on`);
        return;
      case "stop":
        throw this.#fatal(failure);
      case "restart":
        return yield* this.#restart(failure, `in '${message.method}'`);
    }
  }

  /** The actor ends with it. Unless an asker takes it, it is noted as the task's failure, and reported if nobody looks. */
  #fatal(failure: Failure): unknown {
    this.#lastFailure = failure;
    if (failure.isObserved) this.task.observe();
    // Of a cancelled task nothing would be noted.
    else if (!failure.isSent && failure.error instanceof CancelledError) this.#reportEnd(failure.error);
    return failure.error;
  }

  *#restart(failure: Failure, where: string): Routine<void> {
    for (;;) {
      if (!this.#settings.restarts.tryRestart(this.#kernel.clock.now())) throw this.#fatal(failure);
      if (!failure.isSent) this.report(failure.error, `${where}, and is restarted`);
      try {
        yield* this.#endIncarnation();
      } catch (error) {
        if (this.task.isCancelled) throw error;
        this.report(error, "when its object was disposed");
      }
      try {
        return yield* this.#begin();
      } catch (error) {
        if (this.task.isCancelled) throw error;
        failure = new Failure(error);
        where = "in 'create'";
      }
      // A `create` that fails at once must not keep everybody else from running.
      yield* yieldNow();
    }
  }

  *#endIncarnation(): Routine<void> {
    this.#incarnation?.end();
    this.#incarnation = null;
    const { object } = this;
    this.object = null;
    if (object === null) return;
    const { [Symbol.asyncDispose]: disposeAsync, [Symbol.dispose]: dispose } = object as Partial<
      AsyncDisposable & Disposable
    >;
    const end = disposeAsync ?? dispose;
    if (typeof end === "function") yield* this.#run(new Call(end.bind(object), [], { name: "dispose" }));
  }

  *#run<T, A extends unknown[]>(call: Call<T, A>): Routine<T> {
    this.#running = call as unknown as Call<unknown, never[]>;
    try {
      return yield* call;
    } finally {
      this.#running = null;
    }
  }
}
