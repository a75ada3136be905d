/**
 * Handles over shared memory (channel halves, locks) among arguments, results and messages' parts. A handle
 * crosses as what it is made of, and a handle of the same kind is made of that on the other side.
 */
import { refuseThreadBound } from "./refusal.ts";

export interface SharedParts {
  readonly kind: string;
  /** What it stands for: memory, or where there is none the line to whoever has it (port-handle.ts). */
  readonly memory?: SharedArrayBuffer;
  readonly port?: MessagePort;
  readonly data: readonly number[];
}

export const SHARE: unique symbol = Symbol("millrace.share");
export interface Shareable {
  [SHARE](): SharedParts;
}

type Restore = (parts: SharedParts) => object;
const kinds = new Map<string, Restore>();
const MARK = "millrace:shared";
/** Deeper structures are sent as they are. */
const MAX_DEPTH = 24;

/** How a handle of that kind is made again. */
export function shareable(kind: string, restore: Restore): void {
  kinds.set(kind, restore);
}

export function isShareable(value: object): value is Shareable {
  return SHARE in value;
}

/**
 * The value with its handles taken apart; the value itself when there are none.
 *
 * @throws DataCloneError for what means nothing on another thread.
 */
export function takeApart(value: unknown, depth: number = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isShareable(value)) return { [MARK]: value[SHARE]() };
  if (!isPlain(value)) refuseThreadBound(value);
  return rebuild(value, depth, takeApart);
}

/** The value with its handles made again. */
export function putTogether(value: unknown, depth: number = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  const parts = (value as { [MARK]?: SharedParts })[MARK];
  if (parts !== undefined) return kinds.get(parts.kind)!(parts);
  return rebuild(value, depth, putTogether);
}

/** What must move along with a value that was taken apart. */
export function linesIn(value: unknown): MessagePort[] {
  const found: MessagePort[] = [];
  const look = (each: unknown, depth: number): unknown => {
    if (typeof each !== "object" || each === null) return each;
    const port = (each as { [MARK]?: SharedParts })[MARK]?.port;
    if (port !== undefined) found.push(port);
    else rebuild(each, depth, look);
    return each;
  };
  look(value, 0);
  return found;
}

function rebuild(value: object, depth: number, change: (value: unknown, depth: number) => unknown): object {
  if (depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | null = null;
    for (let i = 0; i < value.length; i++) {
      const changed = change(value[i], depth + 1);
      if (changed === value[i]) continue;
      copy ??= [...(value as unknown[])];
      copy[i] = changed;
    }
    return copy ?? value;
  }
  if (!isPlain(value)) return value;
  let copy: Record<string, unknown> | null = null;
  for (const [key, each] of Object.entries(value)) {
    const changed = change(each, depth + 1);
    if (changed === each) continue;
    copy ??= { ...value };
    copy[key] = changed;
  }
  return copy ?? value;
}

function isPlain(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
