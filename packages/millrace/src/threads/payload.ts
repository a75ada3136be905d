/**
 * Where the arguments and the result of a task are: in its slot, in the slot's payload area, or in a
 * message that carries the slot's number and generation. A result may use the area of its arguments, which
 * have been read by then.
 */
import { Codec } from "./codec.ts";
import { AREA_WORDS, INLINE, SLOT_WORDS } from "./layout.ts";
import { putTogether, takeApart } from "./shareable.ts";
import type { SharedMemory } from "./shared-memory.ts";

export const IN_SLOT = 0;
export const IN_AREA = 1;
export const IN_MESSAGE = 2;

// A slot's flags: two bits for the arguments, two for the result, then these.
export const FAILED: number = 1 << 4;
export const RESULT_SHIFT = 2;

/**
 * To find out that a value does not fit into its slot costs more than to copy it (the row of calls with 1 KB),
 * and large ones seldom come alone. After so many small ones slots are tried again.
 */
const SMALL_ONES = 16;

/** A payload on its way between the main thread and a thread. */
export interface PayloadMessage {
  readonly type: "arguments" | "result";
  readonly slot: number;
  readonly generation: number;
  readonly value: unknown;
}

export class Payloads {
  readonly #memory: SharedMemory;
  readonly #codec: Codec;
  /** So many more go to the area without being tried in the slot. */
  #toArea: number = 0;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#codec = new Codec(memory.words, memory.bytes);
  }

  /** Writes it into shared memory. `IN_MESSAGE` when it has to be sent. */
  write(slot: number, value: unknown): number {
    const { layout } = this.#memory;
    const at = layout.slot(slot);
    try {
      if (this.#toArea === 0 && this.#codec.encode(value, at + INLINE, at + SLOT_WORDS) >= 0) return IN_SLOT;
      const area = layout.area(slot);
      const end = this.#codec.encode(value, area, area + AREA_WORDS);
      if (end >= 0) {
        if (end - area > SLOT_WORDS - INLINE) this.#toArea = SMALL_ONES;
        else if (this.#toArea > 0) this.#toArea--;
        return IN_AREA;
      }
    } catch {
      // A message may carry it nevertheless: a port, a shared buffer. Otherwise sending it says why not.
    }
    return IN_MESSAGE;
  }

  read(slot: number, place: number): unknown {
    const { layout } = this.#memory;
    return this.#codec.decode(place === IN_SLOT ? layout.slot(slot) + INLINE : layout.area(slot));
  }
}

export function message(
  type: "arguments" | "result",
  slot: number,
  generation: number,
  value: unknown,
): PayloadMessage {
  return { type, slot, generation, value: takeApart(value) };
}
export function opened(payload: PayloadMessage): unknown {
  return putTogether(payload.value);
}
