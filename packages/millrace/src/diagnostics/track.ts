/**
 * What a feed keeps of a task beside its record: whether it has changed, histograms of its times, and its last
 * polls. Small, since there is one for each task: about a kilobyte for one that has run often.
 */
import { host } from "../runtime/host.ts";
import type { PollSpan, TaskDetail } from "./feed-reports.ts";
import type { TaskRecord } from "./task-record.ts";

/** Doubling from 1 µs to half an hour. */
const BUCKETS = 32;
/** Polls that are remembered. */
const HISTORY = 32;
const FIELDS = 3;

/** Who is told of changes and polls. */
export interface Tracker {
  changed(track: Track): void;
  polled(task: number, at: number, ms: number): void;
}

export class Track {
  readonly record: TaskRecord;
  readonly startedAt: number = host.now();
  /** On the tracker's list of changed ones. */
  isDirty: boolean = true;
  readonly #tracker: Tracker;
  /** Poll times, then scheduled times. */
  #counts: Uint32Array | null = null;
  /** A ring of start, duration, scheduled. */
  #history: Float64Array = new Float64Array(FIELDS * 4);
  #polls: number = 0;
  #scheduledMs: number = 0;

  constructor(record: TaskRecord, tracker: Tracker) {
    this.record = record;
    this.#tracker = tracker;
  }

  changed(): void {
    if (this.isDirty) return;
    this.isDirty = true;
    this.#tracker.changed(this);
  }
  scheduled(ms: number): void {
    this.#scheduledMs = ms;
    this.#count(BUCKETS, ms);
  }
  polled(ms: number): void {
    const at = host.now() - ms;
    this.#count(0, ms);
    if (this.#polls * FIELDS === this.#history.length && this.#polls < HISTORY) {
      const grown = new Float64Array(this.#history.length * 2);
      grown.set(this.#history);
      this.#history = grown;
    }
    const ring = this.#history;
    const index = (this.#polls++ * FIELDS) % ring.length;
    ring[index] = at;
    ring[index + 1] = ms;
    ring[index + 2] = this.#scheduledMs;
    this.#scheduledMs = 0;
    this.#tracker.polled(this.record.task.id, at, ms);
    this.changed();
  }
  #count(from: number, ms: number): void {
    this.#counts ??= new Uint32Array(BUCKETS * 2);
    this.#counts[from + bucketOf(ms)]!++;
  }

  detail(): TaskDetail {
    const counts = this.#counts ?? new Uint32Array(BUCKETS * 2);
    const ring = this.#history;
    const size = Math.min(this.#polls, ring.length / FIELDS);
    const history: PollSpan[] = [];
    for (let i = this.#polls - size; i < this.#polls; i++) {
      const index = (i * FIELDS) % ring.length;
      history.push({ at: ring[index]!, ms: ring[index + 1]!, scheduledMs: ring[index + 2]! });
    }
    return {
      id: this.record.task.id,
      pollTimes: [...counts.subarray(0, BUCKETS)],
      scheduledTimes: [...counts.subarray(BUCKETS)],
      history,
    };
  }
}

/** The number of binary digits of the microseconds. */
function bucketOf(ms: number): number {
  return Math.min(BUCKETS - 1, 32 - Math.clz32(Math.min(ms * 1000, 0xffff_ffff)));
}
