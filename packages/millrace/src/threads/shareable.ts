/**
 * Handles over shared memory (channel halves, locks) among arguments, results and messages' parts. A handle
 * crosses as what it is made of, and a handle of the same kind is made of that on the other side.
 */
import type { MessagePort } from "../internal/platform.ts";
import { refuseCode, refuseThreadBound, refuseWithin } from "./refusal.ts";

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
export function takeApart(value: unknown): unknown {
  let isWhole = true;
  refuseCode(value);
  const check = (each: object): void => {
    if (isShareable(each)) isWhole = false;
    else if (!isPlain(each)) {
      refuseThreadBound(each);
      refuseWithin(each, isShareable);
    }
  };
  walk(value, check, refuseCode);
  return isWhole
    ? value
    : rebuilt(value, (each) => (isShareable(each) ? { [MARK]: each[SHARE]() } : undefined));
}

/** The value with its handles made again. */
export function putTogether(value: unknown): unknown {
  let isWhole = true;
  walk(value, (each) => {
    if (partsOf(each) !== undefined) isWhole = false;
  });
  if (isWhole) return value;
  return rebuilt(value, (each) => {
    const parts = partsOf(each);
    return parts === undefined ? undefined : kinds.get(parts.kind)!(parts);
  });
}

/** What must move along with a value that was taken apart. */
export function linesIn(value: unknown): MessagePort[] {
  const found: MessagePort[] = [];
  walk(value, (each) => {
    const port = partsOf(each)?.port;
    if (port !== undefined) found.push(port);
  });
  return found;
}

/** A handle, or memory that threads share, is within the value. */
export function holdsSharedMemory(value: unknown): boolean {
  let holds = false;
  walk(value, (each) => {
    const memory = ArrayBuffer.isView(each) ? each.buffer : each;
    if (isShareable(each) || memory instanceof SharedArrayBuffer) holds = true;
  });
  return holds;
}

function partsOf(value: object): SharedParts | undefined {
  return (value as { [MARK]?: SharedParts })[MARK];
}

/**
 * Visits what the value is made of, as far as arrays and plain objects reach: each once, whatever refers to it;
 * and what is no object in them.
 */
function walk(value: unknown, visit: (each: object) => void, visitOther?: (part: unknown) => void): void {
  const seen: Set<object> = new Set();
  const left: unknown[] = [value];
  while (left.length > 0) {
    const each = left.pop();
    if (typeof each !== "object" || each === null || seen.has(each)) continue;
    seen.add(each);
    visit(each);
    if (!isPlain(each)) continue;
    for (const part of Array.isArray(each) ? (each as unknown[]) : Object.values(each))
      if (typeof part !== "object") visitOther?.(part);
      else if (part !== null) left.push(part);
  }
}

/** A copy with some of its parts changed, that refers to itself where the value did. */
function rebuilt(
  value: unknown,
  change: (each: object) => object | undefined,
  done: Map<object, object> = new Map(),
): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  const changed = change(value) ?? (isPlain(value) ? undefined : value);
  if (changed !== undefined) {
    done.set(value, changed);
    return changed;
  }
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    done.set(value, copy);
    for (const each of value) copy.push(rebuilt(each, change, done));
    return copy;
  }
  const copy: Record<string, unknown> = { ...value };
  done.set(value, copy);
  for (const key of Object.keys(copy)) copy[key] = rebuilt(copy[key], change, done);
  return copy;
}

function isPlain(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
