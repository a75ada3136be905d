/**
 * Supervisors: groups of actors that are started, restarted and ended together.
 *
 *   started in order ──► watching ──a child fails──► its group ends in reverse order, starts in order ─┐
 *                          ▲  │ past the limit                                                        │
 *                          └──┼───────────────────────────────────────────────────────────────────────┘
 *                             ▼
 *            the others end in reverse order, and the failure is thrown
 *
 * A child that has stopped normally is over, for every strategy; when all are, so is the supervisor.
 */
import { optionsOf } from "../runtime/argument.ts";
import { select } from "../combinators/select.ts";
import { ClosedError } from "../errors.ts";
import type { Routine } from "../runtime/body.ts";
import { yieldNow } from "../runtime/budget.ts";
import { Call, rootTask } from "../runtime/call.ts";
import type { Duration } from "../runtime/duration.ts";
import type { Future } from "../runtime/future.ts";
import { Settlement } from "../runtime/task-join.ts";
import type { TaskId } from "../runtime/task.ts";
import { ambientBranch, ambientKernel } from "../runtime/trail.ts";
import type { Actor } from "./actor.ts";
import { actorBehind, type ActorRef } from "./actor-ref.ts";
import { RestartLimit } from "./restart-limit.ts";
import { reportSurvived } from "./survived.ts";

/** Who is restarted when a child fails: it alone, all of them, or it and those that were started after it. */
export type Strategy = "oneForOne" | "oneForAll" | "restForOne";

/** Which children are restarted when the one at `failed` is: those from here on … */
const FIRST: Record<Strategy, (failed: number) => number> = {
  oneForOne: (failed) => failed,
  oneForAll: () => 0,
  restForOne: (failed) => failed,
};
/** … up to there. */
const LAST: Record<Strategy, (failed: number, count: number) => number> = {
  oneForOne: (failed) => failed + 1,
  oneForAll: (_, count) => count,
  restForOne: (_, count) => count,
};

/**
 * Restarts a group of actors together, as OTP supervisors do. The children are started in order, when the
 * future is first polled. One that fails (with `onFailure: "stop"`, or past its own restart limit), or is
 * aborted by somebody else, is restarted by calling its function again: it alone with `"oneForOne"` (the
 * default), together with all others with `"oneForAll"`, with those that come after it with
 * `"restForOne"`. Those are aborted in reverse order first, each with its cleanup. A child that stops
 * normally is over, and is not restarted with others either.
 *
 * Ends when all have stopped normally. More restarts of the group than `limit` (default 3) within
 * `within` ms (default 5000) end it: the others are aborted in reverse order and the last failure is
 * thrown. A restart of several children is one restart. A function that throws, or a `create` that fails,
 * is a failure of the child; when a function throws at the start, the supervisor throws it at once.
 *
 * A failure that is answered by a restart, and that no asker was told, is reported as `onTaskFailure` says.
 *
 * The supervisor owns the references; to talk to a child, keep what the function returns, and fetch it
 * anew after a `ClosedError`.
 *
 * **Cancel safety.** Abandoning it aborts all children in reverse order; the task waits for their cleanup.
 *
 * @throws TypeError for children that are no functions; RangeError for a bad option.
 *
 * @example
 * ```ts
 * import { main, sleep } from "millrace";
 * import { startActor, supervise, type ActorRef } from "millrace/actor";
 *
 * class Counter {
 *   count = 0;
 *   add(n: number) {
 *     if (n < 0) throw new RangeError("cannot count backwards");
 *     return (this.count += n);
 *   }
 * }
 *
 * await main(async () => {
 *   let counter: ActorRef<Counter> | undefined;
 *   const children = { counter: () => (counter = startActor(() => new Counter(), { name: "counter" })) };
 *   const use = async () => {
 *     await sleep(1);
 *     console.log(await counter!.ask.add(1));
 *     await counter!.ask.add(-1).catch((error) => console.log(String(error)));
 *     await sleep(1);
 *     console.log(await counter!.ask.add(2)); // it began anew
 *     await counter!.stop();
 *   };
 *   await Promise.all([supervise(children), use()]);
 * });
 * ```
 * ```text
 * 1
 * RangeError: cannot count backwards
 * 2
 * ```
 */
export function supervise(
  children: Record<string, () => ActorRef<object>>,
  options: { strategy?: Strategy; restarts?: { limit: number; within: Duration } } = {},
): Future<void> {
  const { strategy = "oneForOne", restarts } = optionsOf("supervise", options);
  if (!Object.hasOwn(FIRST, strategy)) {
    throw new RangeError(
      `supervise expects strategy to be "oneForOne", "oneForAll" or "restForOne", got ${String(strategy)}`,
    );
  }
  if (typeof children !== "object" || children === null) {
    throw new TypeError("supervise expects an object of functions that each start an actor");
  }
  const group = Object.entries(children).map(([name, start]) => {
    if (typeof start === "function") return new Child(name, start);
    throw new TypeError(
      `supervise expects '${name}' to be a function that starts an actor, got ${typeof start}`,
    );
  });
  const supervisor = new Supervisor(group, strategy, new RestartLimit("supervise", restarts));
  return new Call(() => supervisor.run(), [], { name: "supervise" });
}

class Child {
  readonly name: string;
  readonly #start: () => ActorRef<object>;
  /** While it lives. */
  actor: Actor | null = null;
  /** Keeps it running. */
  ref: ActorRef<object> | null = null;

  constructor(name: string, start: () => ActorRef<object>) {
    this.name = name;
    this.#start = start;
  }
  start(): void {
    const ref = this.#start();
    const actor = actorBehind(ref);
    if (actor === undefined)
      throw new TypeError(`supervise expects '${this.name}' to return what startActor gives`);
    this.actor = actor;
    this.ref = ref;
  }
  /** It has stopped normally, though the supervisor may not have looked yet. */
  get isOver(): boolean {
    const { actor } = this;
    return actor === null || (actor.task.isSettled && !actor.task.isFailed);
  }
  /** It has ended. */
  over(): void {
    this.actor = null;
    this.ref = null;
  }
}

interface Failed {
  readonly error: unknown;
  /** Says what is done about it, unless an asker was told. */
  readonly report: ((what: string) => void) | null;
}

class Supervisor {
  readonly #children: readonly Child[];
  readonly #strategy: Strategy;
  readonly #limit: RestartLimit;

  constructor(children: readonly Child[], strategy: Strategy, limit: RestartLimit) {
    this.#children = children;
    this.#strategy = strategy;
    this.#limit = limit;
  }

  *run(): Routine<void> {
    try {
      for (const child of this.#children) child.start();
      for (;;) {
        const ended = yield* this.#nextEnd();
        if (ended === undefined) return;
        const failed = this.#failureOf(ended);
        if (failed !== null) yield* this.#restart(ended, failed);
      }
    } finally {
      yield* this.#abort(this.#children);
    }
  }

  /** The first child that has ended; `undefined` when none is left. */
  *#nextEnd(): Routine<Child | undefined> {
    const ends: Record<string, Future<void>> = {};
    this.#children.forEach(({ actor }, i) => {
      if (actor !== null) ends[i] = new Settlement(actor.task as never);
    });
    if (Object.keys(ends).length === 0) return undefined;
    const { key } = yield* select(ends, { biased: true });
    return this.#children[Number(key)];
  }

  /** Null for a child that stopped normally. */
  #failureOf(child: Child): Failed | null {
    const actor = child.actor!;
    const { outcome, isDelivered } = actor.outcomeForSupervisor();
    child.over();
    switch (outcome.status) {
      case "fulfilled":
        return null;
      case "rejected":
        return {
          error: outcome.reason,
          report: isDelivered ? null : (what) => actor.report(outcome.reason, what),
        };
      case "cancelled":
        // Thrown as it is, it would look as if the supervisor had been cancelled.
        return {
          error: new ClosedError(`${actor.describe()} was aborted, though not by its supervisor`, {
            cause: outcome.reason,
          }),
          report: null,
        };
    }
  }

  *#restart(child: Child, failed: Failed): Routine<void> {
    const at = this.#children.indexOf(child);
    const last = LAST[this.#strategy](at, this.#children.length);
    const group = this.#children
      .slice(FIRST[this.#strategy](at), last)
      .filter((each) => each === child || !each.isOver);
    for (;;) {
      if (!this.#limit.tryRestart(ambientKernel().clock.now())) throw failed.error;
      failed.report?.("and is restarted by its supervisor");
      yield* this.#abort(group);
      try {
        for (const each of group) each.start();
        return;
      } catch (error) {
        failed = { error, report: (what) => reportStart(error, what) };
      }
      yield* yieldNow();
    }
  }

  /** In reverse order, one after the other. */
  *#abort(children: readonly Child[]): Routine<void> {
    for (const child of children.toReversed()) {
      const { actor } = child;
      if (actor === null) continue;
      actor.task.abort("its supervisor ended it");
      yield* new Settlement(actor.task as never);
      child.over();
    }
  }
}

/** A child's function threw, and is called again. */
function reportStart(error: unknown, what: string): void {
  const { id = 0 as TaskId, name, spawnedAt } = rootTask(ambientBranch()) ?? {};
  reportSurvived(ambientKernel(), { error, id, name, spawnedAt }, `a child could not be started ${what}`);
}
