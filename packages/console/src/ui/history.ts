/** What the charts show: the last two minutes, and how full channels and locks were. Bounded in both directions. */
import type { ConsoleResource } from "../protocol/messages.ts";
import type { ConsoleState } from "../protocol/state.ts";

/** Samples that are kept, four a second at most. */
const KEPT = 480;
const EVERY = 250;
/** Resources of which the fill is remembered; the latest that were made. */
const MOST_RESOURCES = 500;

export interface Sample {
  readonly at: number;
  readonly alive: number;
  /** A second. */
  readonly polls: number;
  /** From 0 to 1. */
  readonly busy: number;
  readonly lateMs: number;
}
export interface Fill {
  readonly at: number;
  readonly size: number;
}

export class History {
  readonly samples: Sample[] = [];
  readonly #fills: Map<number, Fill[]> = new Map();
  #polls: number = 0;
  #late: number = 0;

  add(state: ConsoleState): void {
    const last = this.samples.at(-1);
    this.#late = Math.max(this.#late, state.loop.lateMs);
    if (last !== undefined && state.at - last.at < EVERY) return;
    const { at, totals, loop } = state;
    const seconds = last === undefined ? 0 : (at - last.at) / 1000;
    const polls = seconds === 0 ? 0 : Math.max(0, totals.polls - this.#polls) / seconds;
    this.#polls = totals.polls;
    this.samples.push({ at, alive: state.alive, polls, busy: loop.busy, lateMs: this.#late });
    this.#late = 0;
    if (this.samples.length > KEPT) this.samples.splice(0, this.samples.length - KEPT);
    for (const resource of state.resources.values()) this.#addFill(at, resource);
    for (const id of this.#fills.keys()) if (!state.resources.has(id)) this.#fills.delete(id);
  }
  clear(): void {
    this.samples.length = 0;
    this.#fills.clear();
    this.#polls = 0;
  }
  fill(resource: number): readonly Fill[] {
    return this.#fills.get(resource) ?? [];
  }

  #addFill(at: number, resource: ConsoleResource): void {
    const level = levelOf(resource);
    if (level === undefined) return;
    let fills = this.#fills.get(resource.id);
    if (fills === undefined) {
      this.#fills.set(resource.id, (fills = []));
      if (this.#fills.size > MOST_RESOURCES) {
        const [oldest] = this.#fills.keys();
        this.#fills.delete(oldest!);
      }
    }
    fills.push({ at, size: level.size });
    if (fills.length > KEPT) fills.splice(0, fills.length - KEPT);
  }
}

/** How full it is: messages of a channel, readers of a lock, those that have arrived at a barrier. */
export function levelOf({ attributes }: ConsoleResource): { size: number; of?: number } | undefined {
  const { size, capacity, free, maxReaders, arrived, parties, locked, running, threads } = attributes;
  if (typeof size === "number") return within(size, capacity);
  if (typeof free === "number" && typeof maxReaders === "number")
    return within(maxReaders - free, maxReaders);
  if (typeof arrived === "number") return within(arrived, parties);
  if (typeof running === "number") return within(running, threads);
  return typeof locked === "boolean" ? { size: locked ? 1 : 0, of: 1 } : undefined;
}

/** A bound that is never met is none. */
function within(size: number, of: unknown): { size: number; of?: number } {
  return typeof of === "number" && of < 1_000_000 ? { size, of } : { size };
}
