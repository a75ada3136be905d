/** Small ways to look at how a future ends. */
import { type Future, type mpsc, PENDING } from "millrace";
import { step } from "millrace/testing";
import { expect } from "vitest";
import { get, type Steps } from "../both-styles.ts";
import { turn } from "../turn.ts";

/** What `future` fails with; `undefined` if it does not. */
export function* caught(future: Future<unknown>): Steps<unknown> {
  try {
    yield* get(future);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The value of a future that must be ready. */
export function now<T>(future: Future<T>): T {
  const value = step(future).poll();
  if (value === PENDING) throw new Error("expected it to be ready");
  return value;
}

/** Misuse is thrown synchronously, as `type`, from the line of the caller. */
export function expectMisuse(type: new (...args: never[]) => Error, misuse: () => unknown): void {
  let thrown: unknown;
  try {
    misuse();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(type);
  const caller = /\n\s+at .*?(?:test\/.*)/.exec((thrown as Error).stack ?? "");
  expect(caller?.[0]).toMatch(forgetsTailCalls ? /\.test\.ts|expectMisuse/ : /\.test\.ts/);
}

/** JavaScriptCore forgets who made a call as its last act, as the line of a misuse in `() => misuse()` does. */
export const forgetsTailCalls: boolean = ((): boolean => {
  const inner = (): string => String(new Error().stack);
  const makesTailCall = (): string => inner();
  return !makesTailCall().includes("makesTailCall");
})();

/** Collects garbage until `isDone`, or for a few rounds. */
export async function collect(isDone: () => boolean): Promise<void> {
  for (let round = 0; round < 20 && !isDone(); round++) {
    await turn();
    gc!();
    await turn();
  }
}

/** What a `try` operation gives when it has nothing to give. */
export const FULL: { readonly ok: false; readonly reason: string } = { ok: false, reason: "full" };
export const CLOSED: { readonly ok: false; readonly reason: string } = { ok: false, reason: "closed" };
export const EMPTY: { readonly ok: false; readonly reason: string } = { ok: false, reason: "empty" };

/** A slot of a channel that has one. */
export function permitOf<T extends {}>(tx: mpsc.Sender<T>): mpsc.Permit<T> {
  const reserved = tx.tryReserve();
  if (!reserved.ok) throw new Error(`no slot: ${reserved.reason}`);
  return reserved.value;
}
