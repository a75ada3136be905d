/**
 * Actors: state owned by one task, reached only by messages.
 *
 * @module
 */
import { checkCount, checkName, optionsOf, requireBody } from "../runtime/argument.ts";
import { type Duration } from "../runtime/duration.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { Actor, type ActorSettings } from "./actor.ts";
import type { ActorContext } from "./actor-context.ts";
import { makeWeakRef, Reference, type ActorRef } from "./actor-ref.ts";
import { RestartLimit } from "./restart-limit.ts";

const POLICIES: readonly unknown[] = ["stop", "resume", "restart"];

/** How an actor waits for its messages, restarts and ends. */
export interface ActorOptions {
  /** For reports; also the name of its task. */
  name?: string;
  /** How many messages wait at most; further senders wait for room. Default 64. */
  mailbox?: number;
  /**
   * After a failing message: `"stop"` (default) ends the actor with that failure, and refuses what is
   * queued; `"resume"` keeps the state; `"restart"` disposes the object and calls `create` again. The
   * mailbox is kept, the failing message is not tried again.
   */
  onFailure?: "stop" | "resume" | "restart";
  /**
   * More restarts than `limit` within `within` ms stop the actor with the last failure. A `create` that
   * fails during a restart is tried again, and counts. Default 3 within 5000 ms.
   */
  restarts?: { limit: number; within: Duration };
}

/**
 * Starts an actor around the object that `create` returns. Its public methods (plain, async or generator)
 * are its messages; they run one at a time, in arrival order, and never interleave at awaits.
 *
 * The actor is a task of the caller's runtime. Messages sent before `create` has finished wait in the
 * mailbox; if it fails, the actor ends with that failure. The actor never keeps itself running: its object
 * knows it through `cx.self()`, which has no claim on it.
 *
 * A failing message rejects its asker and is then treated as `onFailure` says. A failure that reaches
 * nobody (of a `tell`, or of an `ask` that was abandoned) is reported as `onTaskFailure` says: at once if
 * the actor goes on, else as the failure of its task. A failure that the actor survives does not shut the
 * runtime down.
 *
 * @throws TypeError unless `create` is a function; RangeError for a bad option.
 *
 * @example
 * ```ts
 * import { main, sleep } from "millrace";
 * import { startActor } from "millrace/actor";
 *
 * class Account {
 *   #balance = 0;
 *   async deposit(amount: number) {
 *     const before = this.#balance;
 *     await sleep(1); // nothing else runs on this account meanwhile
 *     this.#balance = before + amount;
 *     return this.#balance;
 *   }
 * }
 *
 * await main(async () => {
 *   using account = startActor(() => new Account(), { name: "account" });
 *   await account.tell.deposit(20);
 *   await account.tell.deposit(20);
 *   console.log(await account.ask.deposit(2));
 *   await account.stop();
 * });
 * ```
 * ```text
 * 42
 * ```
 */
export function startActor<A extends object>(
  create: (cx: ActorContext) => Promise<A>,
  options?: ActorOptions,
): ActorRef<A>;
/** The same with the object at once. */
export function startActor<A extends object>(
  create: (cx: ActorContext) => A,
  options?: ActorOptions,
): ActorRef<A>;
export function startActor<A extends object>(
  create: (cx: ActorContext) => A | Promise<A>,
  options: ActorOptions = {},
): ActorRef<A> {
  requireBody("startActor", create);
  const actor = new Actor(ambientKernel(), create, settingsOf(options), makeWeakRef);
  // What its messages are is known to the type alone: the object is not there yet.
  return new Reference(actor) as unknown as ActorRef<A>;
}

function settingsOf(options: ActorOptions): ActorSettings {
  const { name, mailbox = 64, onFailure = "stop", restarts } = optionsOf("startActor", options);
  checkName("startActor", name);
  checkCount("startActor", "mailbox", mailbox, 1);
  if (!POLICIES.includes(onFailure)) {
    throw new RangeError(
      `startActor expects onFailure to be "stop", "resume" or "restart", got ${String(onFailure)}`,
    );
  }
  return { name, mailbox, onFailure, restarts: new RestartLimit("startActor", restarts) };
}
