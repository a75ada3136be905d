/** What is recorded of one task. Times of polls are real milliseconds, others those of the runtime's clock. */
import { host } from "../runtime/host.ts";
import type { TaskId } from "../runtime/kernel.ts";
import type { Task } from "../runtime/task.ts";
import type { Holding } from "./resource-registry.ts";
import type { Track } from "./track.ts";

const NEVER = -1;

export class TaskRecord {
  readonly task: Task<unknown>;
  readonly parent: TaskId | undefined;
  polls: number = 0;
  busyMs: number = 0;
  scheduledMs: number = 0;
  idleMs: number = 0;
  longestPollMs: number = 0;
  wakes: number = 0;
  selfWakes: number = 0;
  /** When it began to wait for what it waits for now. */
  waitsSince: number;
  /** Where an async body awaited something that many may await. */
  awaitedAt: string | undefined = undefined;
  cancelledSince: number | undefined = undefined;
  /** While somebody follows what changes. */
  track: Track | null = null;
  /** Guards that it has. */
  readonly holdings: Set<Holding> = new Set();
  /** Of a poll that is not over: its part inside of what the body awaited. */
  carriedMs: number = 0;
  /** What it waited for after the last poll. */
  #leaf: unknown = undefined;
  #wokenAt: number = NEVER;
  #idleSince: number;

  constructor(task: Task<unknown>, parent: TaskId | undefined) {
    this.task = task;
    this.parent = parent;
    this.waitsSince = this.#idleSince = this.now();
  }

  now(): number {
    return this.task.kernel.clock.now();
  }
  /** Woken, and not run since. */
  get isReady(): boolean {
    return this.#wokenAt !== NEVER;
  }

  woken(isSelf: boolean): void {
    this.wakes++;
    if (isSelf) this.selfWakes++;
    if (this.#wokenAt !== NEVER) return;
    this.#wokenAt = host.now();
    this.track?.changed();
    if (this.polls > 0) this.idleMs += this.now() - this.#idleSince;
  }
  started(at: number): void {
    if (this.#wokenAt === NEVER) return;
    const ms = at - this.#wokenAt;
    this.scheduledMs += ms;
    this.track?.scheduled(ms);
    this.#wokenAt = NEVER;
  }
  ended(ms: number): void {
    this.polls++;
    this.busyMs += ms;
    if (ms > this.longestPollMs) this.longestPollMs = ms;
    this.#idleSince = this.now();
    this.track?.polled(ms);
  }
  /** What an async body has spent before it went on. */
  takeCarried(): number {
    const ms = this.carriedMs;
    this.carriedMs = 0;
    return ms;
  }
  /** It waits, for `leaf` if that is known; again for the same is still the same wait. */
  waits(leaf: unknown): void {
    if (leaf !== undefined && leaf === this.#leaf) return;
    this.#leaf = leaf;
    this.waitsSince = this.now();
    this.track?.changed();
  }
}
