/**
 * What the threads of a pool say to each other where they share no memory. Values are written as in shared
 * memory (codec.ts), so that they mean the same, and else cloned by the port.
 */
import type { Transferable } from "../internal/platform.ts";
import { bytesOf } from "./backend.ts";
import { Codec } from "./codec.ts";
import type { Reference } from "./function-table.ts";
import { AREA_WORDS } from "./layout.ts";
import { linesIn, putTogether, takeApart } from "./shareable.ts";

/** What a thread is started with. */
export interface PortThreadStart {
  readonly threads: number;
  readonly self: number;
  readonly queue: number;
}

export interface PortPayload {
  readonly bytes?: ArrayBuffer;
  readonly value?: unknown;
  /** What moves along: again, if the payload is handed on. */
  readonly moved: readonly Transferable[];
}

/** A call, by a number of its own; and one that a thread makes, by a number of that thread's. */
export interface PortCall {
  readonly id: number;
  readonly fn: Reference;
  readonly args: PortPayload;
}
interface Outcome {
  readonly id: number;
  readonly hasFailed: boolean;
  readonly value: PortPayload;
}

export type ToPortThread =
  | ({ readonly type: "call" } & PortCall)
  | { readonly type: "cancel"; readonly id: number }
  /** Of what the thread has called. A failure that is no envelope has no `classesOf`. */
  | ({ readonly type: "outcome"; readonly classesOf: string | undefined } & Outcome);

export type FromPortThread =
  | { readonly type: "ready" }
  | ({ readonly type: "end" } & Outcome)
  /** The call waits for something: the thread has time for another. */
  | { readonly type: "waits"; readonly id: number }
  | ({ readonly type: "submit"; readonly isPinned: boolean; readonly isIdempotent: boolean } & PortCall)
  /** What the thread has called, and gave up; or wants ended, with the thread that runs it. */
  | { readonly type: "drop"; readonly id: number }
  | { readonly type: "kill"; readonly id: number; readonly why: string };

interface Scratch {
  readonly words: Int32Array<ArrayBuffer>;
  readonly codec: Codec;
}
/** The latest, unless it is in use: a getter in what is written may have something written as well. */
let spare: Scratch | null = null;
function scratchOf(length: number): Scratch {
  if (spare !== null && spare.words.length >= length) return spare;
  const words = new Int32Array(Math.max(length, AREA_WORDS));
  return { words, codec: new Codec(words, bytesOf(words.buffer)) };
}

/**
 * A value as bytes, of so many words at most; `undefined` when it takes more, or holds a handle or memory
 * that is shared.
 *
 * @throws DataCloneError for what cannot be cloned.
 */
export function encoded(value: unknown, words: number = AREA_WORDS): ArrayBuffer | undefined {
  const scratch = scratchOf(words);
  spare = null;
  try {
    const end = scratch.codec.encode(value, 0, words);
    return end < 0 ? undefined : scratch.words.buffer.slice(0, end * 4);
  } finally {
    spare = scratch;
  }
}
export function decoded(bytes: ArrayBuffer): unknown {
  return new Codec(new Int32Array(bytes), bytesOf(bytes)).decode(0);
}

export function packed(value: unknown, transfer?: readonly Transferable[]): PortPayload {
  if (transfer === undefined) {
    try {
      const bytes = encoded(value);
      if (bytes !== undefined) return { bytes, moved: [bytes] };
    } catch {
      // The port may carry it nevertheless, or says why not.
    }
  }
  const parts = takeApart(value);
  return { value: parts, moved: [...(transfer ?? []), ...linesIn(parts)] };
}

export function unpacked({ bytes, value }: PortPayload): unknown {
  return bytes === undefined ? putTogether(value) : decoded(bytes);
}
