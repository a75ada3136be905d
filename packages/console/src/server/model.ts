/**
 * What is known of a program, for any number of readers, each at its own pace.
 *
 *   source ──updates──► model ──what this reader has not seen──► subscriber ──► page, terminal, file
 *
 * For each reader the model keeps which tasks and resources have changed since it last took something: a slow
 * reader gets the latest state of each, once. Polls and warnings are kept in rings: what a reader was too
 * slow for is dropped, and counted.
 */
import type { Dropped, Update } from "../protocol/messages.ts";
import { ConsoleState, isAlive, KEPT_POLLS, KEPT_WARNINGS } from "../protocol/state.ts";

/** Ended tasks that are kept. */
const KEPT_ENDED = 1000;
/** In one update. */
const MOST_TASKS = 2000;
const MOST_RESOURCES = 2000;
const MOST_POLLS = 4000;

export class Model {
  readonly state: ConsoleState = new ConsoleState();
  readonly readers: Set<Reader> = new Set();
  readonly #ended: Set<number> = new Set();
  /** Polls and warnings there have been. */
  pollCount: number = 0;
  warningCount: number = 0;

  apply(update: Update): void {
    if (update.isFresh === true) {
      this.#ended.clear();
      for (const reader of this.readers) reader.restart();
    }
    this.state.apply(update);
    this.pollCount += (update.polls?.length ?? 0) / 3;
    this.warningCount += update.warnings?.length ?? 0;
    for (const id of update.goneTasks ?? []) this.#ended.delete(id);
    for (const task of update.tasks ?? []) if (!isAlive(task)) this.#ended.add(task.id);
    const evicted = this.#evict();
    for (const reader of this.readers) {
      for (const id of update.goneTasks ?? []) reader.taskGone(id);
      for (const id of update.goneResources ?? []) reader.resourceGone(id);
      for (const { id } of update.tasks ?? []) reader.tasks.add(id);
      for (const { id } of update.resources ?? []) reader.resources.add(id);
      for (const id of evicted) reader.taskGone(id);
      reader.onNews();
    }
  }

  /** `onNews` is called when there is something to take. */
  subscribe(onNews: () => void): Reader {
    const reader = new Reader(this, onNews);
    this.readers.add(reader);
    return reader;
  }

  #evict(): number[] {
    const evicted: number[] = [];
    for (const id of this.#ended) {
      if (this.#ended.size <= KEPT_ENDED) break;
      this.#ended.delete(id);
      evicted.push(id);
    }
    if (evicted.length > 0) this.state.apply({ ...this.#quiet(), goneTasks: evicted });
    return evicted;
  }
  #quiet(): Update {
    const { at, totals, loop, dropped, pending } = this.state;
    return { type: "update", seq: 0, at, totals, loop, dropped, pending };
  }
}

/** One that takes updates. It is told of a task's end, and of its removal, only if it knows the task. */
export class Reader {
  tasks: Set<number>;
  resources: Set<number>;
  readonly onNews: () => void;
  readonly #model: Model;
  readonly #knownTasks: Set<number> = new Set();
  readonly #knownResources: Set<number> = new Set();
  #goneTasks: number[] = [];
  #goneResources: number[] = [];
  #polls: number;
  #warnings: number;
  #dropped: { polls: number; warnings: number } = { polls: 0, warnings: 0 };
  /** What had been dropped when it began. */
  readonly #before: Dropped;
  #seq: number = 0;
  #isFresh: boolean = true;

  constructor(model: Model, onNews: () => void) {
    const { state } = model;
    this.#model = model;
    this.onNews = onNews;
    this.tasks = new Set(state.tasks.keys());
    this.resources = new Set(state.resources.keys());
    this.#polls = model.pollCount - Math.min(state.polls.length, MOST_POLLS);
    this.#before = state.dropped;
    this.#warnings = model.warningCount - state.warnings.length;
  }

  taskGone(id: number): void {
    this.tasks.delete(id);
    if (this.#knownTasks.delete(id)) this.#goneTasks.push(id);
  }
  resourceGone(id: number): void {
    this.resources.delete(id);
    if (this.#knownResources.delete(id)) this.#goneResources.push(id);
  }
  /** Everything was forgotten, and comes anew. */
  restart(): void {
    this.#isFresh = true;
    this.tasks.clear();
    this.resources.clear();
    this.#knownTasks.clear();
    this.#knownResources.clear();
    this.#goneTasks = [];
    this.#goneResources = [];
    this.#polls = this.#model.pollCount;
    this.#warnings = this.#model.warningCount;
  }

  /** There is more than one update can hold. */
  get hasMore(): boolean {
    return this.tasks.size > 0 || this.resources.size > 0;
  }

  take(): Update {
    const { state } = this.#model;
    const tasks = taken(this.tasks, state.tasks, this.#knownTasks, MOST_TASKS);
    const resources = taken(this.resources, state.resources, this.#knownResources, MOST_RESOURCES);
    const goneTasks = this.#goneTasks;
    const goneResources = this.#goneResources;
    const polls = this.#takePolls();
    const warnings = this.#takeWarnings();
    const isFresh = this.#isFresh;
    this.#goneTasks = [];
    this.#goneResources = [];
    this.#isFresh = false;
    return {
      type: "update",
      seq: ++this.#seq,
      at: state.at,
      ...(isFresh ? { isFresh } : {}),
      ...(tasks.length === 0 ? {} : { tasks }),
      ...(goneTasks.length === 0 ? {} : { goneTasks }),
      ...(resources.length === 0 ? {} : { resources }),
      ...(goneResources.length === 0 ? {} : { goneResources }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(polls.length === 0 ? {} : { polls }),
      totals: state.totals,
      loop: state.loop,
      dropped: this.#allDropped(state.dropped),
      pending: this.tasks.size + state.pending,
    };
  }

  close(): void {
    this.#model.readers.delete(this);
  }

  #takePolls(): number[] {
    const { state, pollCount } = this.#model;
    const kept = Math.min(pollCount - this.#polls, state.polls.length, KEPT_POLLS, MOST_POLLS);
    this.#dropped.polls += pollCount - this.#polls - kept;
    this.#polls = pollCount;
    return kept === 0 ? [] : state.polls.slice(-kept).flatMap(({ task, at, ms }) => [task, at, ms]);
  }
  #takeWarnings(): ConsoleState["warnings"] {
    const { state, warningCount } = this.#model;
    const kept = Math.min(warningCount - this.#warnings, state.warnings.length, KEPT_WARNINGS);
    this.#dropped.warnings += warningCount - this.#warnings - kept;
    this.#warnings = warningCount;
    return kept === 0 ? [] : state.warnings.slice(-kept);
  }
  #allDropped({ polls, tasks, warnings }: Dropped): Dropped {
    const before = this.#before;
    return {
      polls: Math.max(0, polls - before.polls) + this.#dropped.polls,
      tasks: Math.max(0, tasks - before.tasks),
      warnings: Math.max(0, warnings - before.warnings) + this.#dropped.warnings,
    };
  }
}

function taken<T>(wanted: Set<number>, from: ReadonlyMap<number, T>, known: Set<number>, most: number): T[] {
  const found: T[] = [];
  for (const id of wanted) {
    if (found.length >= most) break;
    wanted.delete(id);
    const value = from.get(id);
    if (value === undefined) continue;
    known.add(id);
    found.push(value);
  }
  return found;
}
