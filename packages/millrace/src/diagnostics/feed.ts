/**
 * What changes, for somebody who looks now and then. The program marks what has changed and never waits;
 * what is not looked at in time is merged (tasks, resources) or dropped and counted (polls, tasks that began and
 * ended between two looks). So its memory is bounded by the tasks that live, whether or not anybody looks.
 *
 * A task that was told of is always told of again when it has ended.
 */
import { waitsIn } from "../runtime/branch-waits.ts";
import { host } from "../runtime/host.ts";
import { joinedTask } from "../runtime/task-join.ts";
import type { TaskId } from "../runtime/kernel.ts";
import type { Resource } from "../runtime/resource.ts";
import { leaves } from "../runtime/wait-graph.ts";
import type { Changes, FeedTask, TaskDetail } from "./feed-reports.ts";
import { enable } from "./enable.ts";
import { active, type Recorder } from "./recorder.ts";
import type { TaskInfo, Warning } from "./reports.ts";
import { ResourceFeed } from "./resource-feed.ts";
import { living } from "./snapshot.ts";
import { taskInfo } from "./task-info.ts";
import type { TaskRecord } from "./task-record.ts";
import { Track } from "./track.ts";

/** Changed tasks that are given at once; one costs a few microseconds. */
const MOST_TASKS = 2000;
/** Tasks that began and ended since the last look. */
const MOST_BRIEF = 1000;
const MOST_POLLS = 4000;
const MOST_WARNINGS = 1000;
/** Ended tasks of which the details are kept. */
const DETAILS = 1000;
/** In ms. */
const SWEEP_EVERY = 1000;

/** What a recorded program does, taken piece by piece. There is one at a time in a process. */
export class Feed implements Disposable {
  #recorder: Recorder | null = null;
  #recording: Disposable | null = null;
  readonly #dirty: Set<Track> = new Set();
  readonly #told: Map<TaskId, Track> = new Map();
  readonly #ended: Map<TaskId, Track> = new Map();
  #endedTasks: FeedTask[] = [];
  #brief: number = 0;
  #sweptAt: number = 0;
  readonly #resources: ResourceFeed = new ResourceFeed();
  #warnings: Warning[] = [];
  #polls: number[] = [];
  readonly #totals: { spawned: number; ended: number; polls: number; busyMs: number } = {
    spawned: 0,
    ended: 0,
    polls: 0,
    busyMs: 0,
  };
  readonly #dropped: { polls: number; tasks: number } = { polls: 0, tasks: 0 };

  /** Follows whatever recording counts; records itself while there is none. */
  constructor() {
    this.#follow();
  }

  /** What is new since the last time. */
  take(): Changes {
    const recorder = this.#follow();
    return recorder.aside(() => this.#take(recorder));
  }
  /** Does something with what was taken; if it takes long, the program is not blamed for it. */
  aside<T>(work: () => T): T {
    return this.#recorder === null ? work() : this.#recorder.aside(work);
  }
  #take(recorder: Recorder): Changes {
    this.#maySweep(recorder);
    const tasks: FeedTask[] = this.#endedTasks;
    this.#endedTasks = [];
    this.#brief = 0;
    for (const track of this.#dirty) {
      if (tasks.length >= MOST_TASKS) break;
      this.#dirty.delete(track);
      track.isDirty = false;
      const { record } = track;
      // Another recording counts since.
      if (record.track !== track) continue;
      this.#told.set(record.task.id, track);
      tasks.push(this.#describe(track, taskInfo(record, recorder), recorder));
    }
    const { resources, gone } = this.#resources.take(recorder);
    const warnings = this.#warnings;
    this.#warnings = [];
    const polls = this.#polls;
    this.#polls = [];
    const totals = { ...this.#totals };
    const dropped = { ...this.#dropped };
    return {
      at: host.now(),
      tasks,
      resources,
      gone,
      warnings,
      polls,
      totals,
      dropped,
      pending: this.#dirty.size,
    };
  }

  /** Of a task that was told of; `undefined` when it ended too long ago. */
  detail(task: number): TaskDetail | undefined {
    const id = task as TaskId;
    return (this.#told.get(id) ?? this.#ended.get(id))?.detail();
  }

  /** Ends it, and the recording if it began one. */
  [Symbol.dispose](): void {
    this.#leave();
    this.#recording?.[Symbol.dispose]();
    this.#recording = null;
  }

  // ── the recorder's side

  /**
   * The recorder's side: a task was spawned.
   *
   * @internal
   */
  begun(record: TaskRecord): void {
    this.#totals.spawned++;
    this.#track(record);
  }
  /**
   * The recorder's side: a task has ended.
   *
   * @internal
   */
  ended(record: TaskRecord, info: TaskInfo): void {
    const track = record.track ?? this.#told.get(record.task.id);
    this.#totals.ended++;
    if (track === undefined) return;
    record.track = null;
    this.#dirty.delete(track);
    if (this.#told.delete(info.id)) this.#endedTasks.push(this.#describe(track, info, null));
    else if (this.#brief < MOST_BRIEF) {
      this.#brief++;
      this.#endedTasks.push(this.#describe(track, info, null));
    } else {
      this.#dropped.tasks++;
      return;
    }
    this.#ended.set(info.id, track);
    if (this.#ended.size <= DETAILS) return;
    const [oldest] = this.#ended.keys();
    this.#ended.delete(oldest!);
  }
  /**
   * The recorder's side: a resource was made.
   *
   * @internal
   */
  made(resource: Resource): void {
    this.#resources.mention(resource, this.#recorder!);
  }
  /**
   * The recorder's side: there is a warning.
   *
   * @internal
   */
  warned(warning: Warning): void {
    if (this.#warnings.push(warning) > MOST_WARNINGS) this.#warnings.shift();
  }

  // ── the tracks' side

  /**
   * The tracks' side: a task is not what was last told.
   *
   * @internal
   */
  changed(track: Track): void {
    this.#dirty.add(track);
  }
  /**
   * The tracks' side: a poll is over.
   *
   * @internal
   */
  polled(task: number, at: number, ms: number): void {
    this.#totals.polls++;
    this.#totals.busyMs += ms;
    if (this.#polls.length < MOST_POLLS * 3) this.#polls.push(task, rounded(at), rounded(ms));
    else this.#dropped.polls++;
  }

  /** A program in which nothing runs does not look over itself. */
  #maySweep(recorder: Recorder): void {
    const now = host.now();
    if (now - this.#sweptAt < SWEEP_EVERY) return;
    this.#sweptAt = now;
    recorder.sweep();
  }
  #track(record: TaskRecord): void {
    record.track = new Track(record, this);
    this.changed(record.track);
  }
  #describe(track: Track, info: TaskInfo, recorder: Recorder | null): FeedTask {
    const { startedAt, record } = track;
    if (recorder === null) return { ...info, startedAt, endedAt: host.now() };
    const { waitingOn } = info;
    if (waitingOn === undefined) return { ...info, startedAt };
    const resources: number[] = [];
    const joins: TaskId[] = [];
    for (const leaf of leaves(waitsIn(record.task))) {
      const joined = joinedTask(leaf);
      if (joined !== undefined) joins.push(joined.id);
      const resource = leaf.waitedResource;
      if (resource === undefined) continue;
      const id = this.#resources.mention(resource, recorder);
      if (!resources.includes(id)) resources.push(id);
    }
    const since = host.now() - (record.now() - waitingOn.since);
    return {
      ...info,
      waitingOn: { ...waitingOn, ...(resources.length === 0 ? {} : { resource: resources[0]! }), since },
      startedAt,
      ...(resources.length === 0 ? {} : { resources }),
      ...(joins.length === 0 ? {} : { joins }),
    };
  }

  /** The recording that counts may have changed. */
  #follow(): Recorder {
    if (active.length === 0) this.#recording = enable();
    const recorder = active.at(-1)!;
    if (recorder === this.#recorder) return recorder;
    if (recorder.feed !== null) throw new Error("a feed is open already: there is one in a process");
    this.#leave();
    this.#recorder = recorder;
    recorder.feed = this;
    recorder.warnings.onAdd.add(this.#onWarning);
    for (const warning of recorder.warnings.list()) this.warned(warning);
    for (const resource of recorder.resources) this.made(resource);
    for (const record of living(recorder)) this.#track(record);
    // Those that ended while another recording counted.
    for (const { record } of this.#told.values()) {
      if (record.task.isSettled) this.ended(record, taskInfo(record, recorder));
    }
    return recorder;
  }
  #leave(): void {
    const recorder = this.#recorder;
    if (recorder === null) return;
    this.#recorder = null;
    recorder.feed = null;
    recorder.warnings.onAdd.delete(this.#onWarning);
    for (const record of recorder.records.values()) record.track = null;
  }
  readonly #onWarning = (warning: Warning): void => this.warned(warning);
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
