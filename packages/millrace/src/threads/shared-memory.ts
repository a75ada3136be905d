/** The pool's shared memory, seen from one of its threads: views, rings, bitmaps. */
import { bytesOf, type Bytes } from "./backend.ts";
import { HintRing } from "./hint-ring.ts";
import { COMPLETED_DIRTY, INBOX_DIRTY, INCARNATION, Layout, STATE, TENURE, TURN } from "./layout.ts";
import { Parking } from "./parking.ts";
import { SharedBits } from "./shared-bits.ts";
import { Tenure } from "./tenure.ts";

export class SharedMemory {
  readonly buffer: SharedArrayBuffer;
  readonly layout: Layout;
  readonly words: Int32Array;
  readonly bytes: Bytes;
  readonly parking: Parking;
  readonly rings: readonly HintRing[];
  /** What each participant has to take back. */
  readonly completed: readonly SharedBits[];
  /** Tasks that one thread, and no other, must run. */
  readonly inboxes: readonly SharedBits[];
  /** Of the participant that looks. */
  readonly tenure: Tenure;

  /** As participant `self` sees it in its life `life`. */
  constructor(threads: number, buffer?: SharedArrayBuffer, self: number = 0, life: number = 0) {
    const layout = new Layout(threads);
    this.layout = layout;
    this.buffer = buffer ?? new SharedArrayBuffer(layout.words * 4);
    const words = new Int32Array(this.buffer);
    this.words = words;
    this.bytes = bytesOf(this.buffer);
    this.parking = new Parking(words, layout);
    this.tenure = new Tenure(words, layout.block(self) + TENURE, layout.block(self) + TURN, life);
    const each = <T>(make: (participant: number) => T): T[] =>
      Array.from({ length: threads + 1 }, (_, participant) => make(participant));
    this.rings = each((p) => new HintRing(words, layout.block(p), layout.ring(p)));
    this.completed = each(
      (p) =>
        new SharedBits(words, layout.block(p) + COMPLETED_DIRTY, layout.completed(p), layout.slotsOf(p) / 32),
    );
    this.inboxes = each(
      (p) => new SharedBits(words, layout.block(p) + INBOX_DIRTY, layout.inbox(p), layout.slotCount / 32),
    );
  }

  state(slot: number): number {
    return Atomics.load(this.words, this.layout.slot(slot) + STATE);
  }
  incarnation(participant: number): number {
    return Atomics.load(this.words, this.layout.block(participant) + INCARNATION);
  }
  /** Whether a task is queued that anybody may run. */
  get hasWork(): boolean {
    for (const ring of this.rings) if (!ring.isEmpty) return true;
    return false;
  }
}
