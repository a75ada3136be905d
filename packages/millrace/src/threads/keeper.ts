/**
 * What a channel or a lock is where threads share no memory: the thread that made it keeps it, and the handles
 * of others speak with it over a line (port-line.ts). Handles of either kind know it as a keeper.
 *
 *   want ──► (waits) ──► granted ──► told what became of it: a message in the room, permits given back
 *     └──unwant──► nothing was taken
 *
 * What is granted belongs to the handle until it says what became of it. So giving up loses and takes
 * nothing, however long the line: what comes too late is given back.
 */
import type { MessagePort } from "../internal/platform.ts";

/** Nothing is there, or is known to be there. */
export const NOTHING: unique symbol = Symbol("nothing");
/** The channel is closed, or its keeper has died. */
export const GONE = null;

export interface Ticket {
  /** Once. */
  grant(value: unknown): void;
}

export interface Wish {
  readonly kind: "room" | "message" | "permits";
  /** The sender's number, or how many permits. */
  readonly argument: number;
}

export type News =
  /** Uses up a room. */
  | { readonly what: "message"; readonly bytes: ArrayBuffer }
  | { readonly what: "no message" | "received" }
  | { readonly what: "not received"; readonly bytes: ArrayBuffer }
  /** Of a thread that died without giving them back: `isLost`. */
  | { readonly what: "permits"; readonly count: number; readonly isLost?: boolean }
  | { readonly what: "sender opened" | "sender closed"; readonly sender: number }
  | { readonly what: "receiver closed" };

export interface Keeper {
  want(wish: Wish, ticket: Ticket): void;
  /** Of a ticket that was not granted anything. */
  unwant(ticket: Ticket): void;
  /** What can be had at once. From afar: what was asked for before, and has come meanwhile. */
  tryTake(wish: Wish): unknown;
  tell(news: News): void;
  /** A line to it, to be given to another thread. */
  line(): MessagePort;
}

/** What became of something that was granted, if nobody wants it any more. */
export function givenBack({ kind, argument }: Wish, value: unknown): News | undefined {
  if (value === GONE) return undefined;
  if (kind === "room") return { what: "no message" };
  if (kind === "message") return { what: "not received", bytes: value as ArrayBuffer };
  return { what: "permits", count: argument };
}
