/**
 * What is recorded while diagnostics are on: the hooks of the runtime, kept as counts and times by task.
 *
 * The code of a generator body runs within the polls of its task. That of an async body is run by the
 * engine in microtasks: such a stretch begins when an await has its result and ends at the next await. What
 * begins together runs one after the other, so a stretch is counted from the end of the one before. One that
 * ends in a foreign promise is not seen to end; it counts up to the end of the host's turn at most.
 */
import { waitsIn } from "../runtime/branch-waits.ts";
import { Await } from "../runtime/await.ts";
import type { Branch } from "../runtime/branch.ts";
import { RUNNING } from "../runtime/branch-state.ts";
import { rootTask } from "../runtime/call.ts";
import type { Future } from "../runtime/future.ts";
import type { Hooks } from "../runtime/hooks.ts";
import { host } from "../runtime/host.ts";
import { JoinHandle } from "../runtime/join-handle.ts";
import { joinedTask } from "../runtime/task-join.ts";
import { cx, type Kernel, type TaskFailure } from "../runtime/kernel.ts";
import { HELD, type Resource } from "../runtime/resource.ts";
import type { Task } from "../runtime/task.ts";
import { ambientBranch } from "../runtime/trail.ts";
import { findCycles, leaves } from "../runtime/wait-graph.ts";
import { callSite } from "./call-site.ts";
import { durationText } from "./duration-text.ts";
import { isWanted, publish } from "./events.ts";
import { Lints } from "./lints.ts";
import type { Feed } from "./feed.ts";
import type { TaskInfo } from "./reports.ts";
import { ResourceRegistry } from "./resource-registry.ts";
import { firstSite, madeAt, siteOf } from "./site-of.ts";
import { enterSpawnContext } from "./spawn-context.ts";
import { RunningPolls } from "./running-polls.ts";
import { Sweep, waitsOf } from "./sweep.ts";
import { reasonOf, taskInfo } from "./task-info.ts";
import { TaskRecord } from "./task-record.ts";
import { UnusedFutures } from "./unused-futures.ts";
import { Warnings } from "./warnings.ts";
import { Watchdog } from "./watchdog.ts";

/** Those that were not disposed yet, the latest last. */
export const active: Recorder[] = [];

export interface RecorderOptions {
  readonly stacks: boolean;
  readonly history: number;
  /** In ms; `Infinity` for not to look. */
  readonly blockedAfter: number;
  /** A `main` has begun or ended. */
  readonly onMain?: () => void;
}

export class Recorder implements Hooks {
  readonly records: Map<Task<unknown>, TaskRecord> = new Map();
  /** The last tasks that have ended. */
  readonly #ended: TaskInfo[] = [];
  readonly resources: ResourceRegistry = new ResourceRegistry();
  readonly warnings: Warnings;
  readonly lints: Lints;
  /** Who follows what changes. */
  feed: Feed | null = null;
  /** Runtimes of which a task was seen. */
  readonly kernels: Set<WeakRef<Kernel>> = new Set();
  readonly #seen: WeakSet<Kernel> = new WeakSet();
  readonly #stacks: boolean;
  readonly #history: number;
  readonly #watchdog: Watchdog | null;
  readonly #onMain: (() => void) | undefined;
  readonly #unused: UnusedFutures;
  readonly #running: RunningPolls = new RunningPolls();
  /** Async bodies that go on, by when they could. */
  readonly #resumed: Map<TaskRecord, number> = new Map();
  /** When the last stretch of an async body, or poll, ended. */
  #boundary: number = 0;
  #closesTurn: boolean = false;
  readonly #sweep: Sweep;

  constructor(options: RecorderOptions) {
    this.#stacks = options.stacks;
    this.#history = options.history;
    this.warnings = new Warnings(options.history);
    this.lints = new Lints(this.warnings, this.resources, options.blockedAfter);
    this.#unused = new UnusedFutures((unused) => this.lints.neverAwaited(unused));
    this.#sweep = new Sweep(this.records, this.resources, this.lints, this.#unused);
    this.#watchdog = Watchdog.start(options.blockedAfter, (ms, { task, stack }) => {
      // Before there is a task, the program is being loaded.
      if (this.records.size === 0) return;
      const found = [...this.records.keys()].find(({ id }) => id === task);
      this.lints.blocked(ms, found, stack);
    });
    this.#onMain = options.onMain;
  }

  stop(): void {
    this.#unused.tellAll();
    this.#watchdog?.stop();
  }
  /** Another recording counts from now on: this one is not told what ends, and who gives what back. */
  covered(): void {
    this.#running.clear();
    this.#resumed.clear();
    this.resources.forgetGuards();
    for (const { holdings } of this.records.values()) holdings.clear();
  }
  /** Work of a tool that looks at the program. */
  aside<T>(work: () => T): T {
    return this.#watchdog === null ? work() : this.#watchdog.aside(work);
  }
  mainStarted(): void {
    // What the program's modules took to load is not the loop's.
    this.#watchdog?.renew();
    this.#onMain?.();
  }
  mainEnded(): void {
    this.#unused.tellAll();
    this.#onMain?.();
  }
  programEnded(): void {
    this.#unused.tellModules();
  }

  callSite(below?: object): string | undefined {
    return this.#stacks ? callSite(below) : undefined;
  }

  // ── futures

  futureCreated(future: Future<unknown>): void {
    if (!this.#stacks) return;
    const site = callSite(future.constructor);
    // Only what the user's code makes: the library's own have nobody to blame.
    if (site === undefined) return;
    madeAt(future, site);
    if (future.mayGoUnused) return;
    const maker = ambientBranch();
    const task = rootTask(maker);
    this.#unused.made(future, site, task?.id, maker);
  }
  futureUsed(future: Future<unknown>): void {
    if (this.#stacks) this.#unused.used(future);
  }
  futureAwaited(future: Future<unknown>): void {
    if (!this.#stacks || !(future instanceof JoinHandle)) return;
    const task = rootTask(ambientBranch());
    if (task !== null) this.record(task).awaitedAt = callSite();
  }
  readonly siteOf: (what: object) => string | undefined = siteOf;

  // ── tasks

  record(task: Task<unknown>): TaskRecord {
    return this.records.get(task) ?? this.#begin(task, undefined);
  }
  #begin(task: Task<unknown>, parent: Task<unknown> | null | undefined): TaskRecord {
    const record = new TaskRecord(task, parent?.id);
    if (!task.isSettled) this.records.set(task, record);
    const { kernel } = task;
    if (!this.#seen.has(kernel)) {
      this.#seen.add(kernel);
      this.kernels.add(new WeakRef(kernel));
    }
    this.feed?.begun(record);
    return record;
  }

  taskSpawned(task: Task<unknown>): void {
    const record = this.#begin(task, rootTask(ambientBranch()));
    if (isWanted("spawn")) publish({ type: "spawn", task: taskInfo(record, this), at: record.now() });
    enterSpawnContext(task, () => taskInfo(record, this));
  }
  taskWoken(task: Task<unknown>): void {
    if (!task.isQueued) this.#woken(task);
  }
  #woken(task: Task<unknown>): void {
    const record = this.record(task);
    const isSelf = cx.branch !== null && rootTask(cx.branch) === task;
    record.woken(isSelf);
    if (isSelf) this.lints.wokeItself(record);
  }
  taskCancelled(task: Task<unknown>): void {
    const record = this.record(task);
    record.cancelledSince = record.now();
    record.track?.changed();
  }
  taskEnded(task: Task<unknown>): void {
    const record = this.record(task);
    this.lints.cancelling(record);
    this.records.delete(task);
    this.#resumed.delete(record);
    const info = taskInfo(record, this);
    this.feed?.ended(record, info);
    this.#ended.push(info);
    if (this.#ended.length > this.#history * 2) this.#ended.splice(0, this.#ended.length - this.#history);
    if (isWanted("end")) publish({ type: "end", task: info, at: record.now(), ...reasonOf(task) });
  }
  branchSpoilt(branch: Branch<unknown>): void {
    if (this.#stacks) this.#unused.spoilt(branch);
  }
  failureUnobserved(failure: TaskFailure): void {
    this.lints.unobserved(failure);
  }

  // ── polls

  isRunning(task: Task<unknown>): boolean {
    return (task.flags & RUNNING) !== 0 || rootTask(ambientBranch()) === task;
  }
  pollStarted(task: Task<unknown>): void {
    const record = this.record(task);
    const at = this.#run(record, false);
    this.#goesOn(record, at, () => waitsOf(task));
  }
  pollEnded(task: Task<unknown>): void {
    const ms = this.#end(task);
    if (ms === undefined) return;
    const record = this.record(task);
    if (task.isDone || task.leaf !== null) {
      this.#endPoll(record, ms);
      if (!task.isDone) this.#waits(record);
    } else {
      // An async body: the engine polls what it awaits in a microtask, and it says so itself when it waits.
      record.carriedMs += ms;
      this.#continues(record, this.#boundary);
    }
  }
  awaitPollStarted(branch: Branch<unknown>): void {
    const task = rootTask(branch);
    if (task === null || task.isSettled) return;
    const record = this.record(task);
    record.started(this.#run(record, true));
  }
  awaitPollEnded(branch: Branch<unknown>): void {
    const task = rootTask(branch);
    if (task === null) return;
    const ms = this.#end(task);
    if (ms === undefined || task.isSettled) return;
    const record = this.record(task);
    // The body goes on: this was the first part of what it does now.
    if (this.#resumed.has(record)) record.carriedMs += ms;
    else {
      this.#endPoll(record, ms);
      this.#waits(record);
    }
  }
  #run(record: TaskRecord, isAwait: boolean): number {
    const at = this.#running.begin(record, isAwait);
    this.#watchdog?.runs(record.task.id);
    return at;
  }
  #end(task: Task<unknown>): number | undefined {
    const at = host.now();
    const ms = this.#running.end(task, at);
    if (ms === undefined) return undefined;
    this.#boundary = at;
    const [next] = this.#resumed.keys();
    this.#watchdog?.runs((this.#running.innermost ?? next)?.task.id ?? 0);
    return ms;
  }
  bodyWoken(branch: Branch<unknown>): void {
    const task = rootTask(branch);
    if (task !== null) this.#woken(task);
  }
  bodyResumed(branch: Branch<unknown>, awaited: Future<unknown>): void {
    const task = rootTask(branch);
    if (task === null || task.isSettled) return;
    const record = this.record(task);
    const at = host.now();
    this.#goesOn(record, at, () => awaited.describeWait());
    this.#continues(record, at);
  }
  awaitStarted(branch: Branch<unknown>): void {
    const task = rootTask(branch);
    if (task === null || task.isSettled || this.#running.innermost?.task === task) return;
    this.#continues(this.record(task), host.now());
  }
  #continues(record: TaskRecord, at: number): void {
    if (this.#resumed.has(record)) return;
    if (this.#resumed.size === 0 && this.#running.innermost === undefined)
      this.#watchdog?.runs(record.task.id);
    this.#resumed.set(record, at);
    if (this.#closesTurn) return;
    this.#closesTurn = true;
    host.macrotask(() => this.#turnEnded());
  }
  bodySuspended(branch: Branch<unknown>): void {
    const task = rootTask(branch);
    if (task === null) return;
    const record = this.record(task);
    const since = this.#resumed.get(record);
    if (since !== undefined) {
      const at = host.now();
      this.#resumed.delete(record);
      const isOver = branch === task && waitsIn(task).next().done === true;
      this.#endPoll(record, record.takeCarried() + at - Math.max(since, this.#boundary), isOver);
      this.#boundary = at;
      const [next] = this.#resumed.keys();
      this.#watchdog?.runs(next?.task.id ?? 0);
    }
    if (!branch.isDone) this.#waits(record);
  }

  /** Bodies that have not come back wait for foreign promises. */
  #turnEnded(): void {
    this.#closesTurn = false;
    for (const [record, since] of this.#resumed) {
      record.ended(record.takeCarried() + Math.max(0, this.#boundary - since));
      record.waits(undefined);
    }
    this.#resumed.clear();
    this.#watchdog?.runs(0);
  }

  #goesOn(record: TaskRecord, at: number, waits: () => string): void {
    record.started(at);
    if (record.holdings.size > 0) this.lints.waited(record, record.now() - record.waitsSince, waits);
  }
  #endPoll(record: TaskRecord, ms: number, isOver: boolean = record.task.isDone): void {
    record.ended(ms);
    this.lints.polled(record, ms, isOver, this.#watchdog);
    if (isWanted("poll")) publish({ type: "poll", task: record.task.id, ms, at: record.now() });
    this.#sweep.polled(record);
  }
  #waits(record: TaskRecord): void {
    const { task } = record;
    const all = [...leaves(waitsIn(task))];
    record.waits(all[0]);
    for (const each of all) {
      const resource = each.waitedResource;
      const isHeld = resource !== undefined && this.resources.holders(resource).length > 0;
      if (!isHeld && joinedTask(each) === undefined) continue;
      for (const cycle of findCycles([task], (held) => this.holdersOf(held))) this.lints.deadlock(cycle);
      return;
    }
  }

  // ── resources

  resourceMade(resource: Resource): void {
    const site = this.callSite(resource.constructor);
    // What nobody has made is the library's own, and shown if somebody comes to wait for it.
    if (this.#stacks && site === undefined) return;
    this.resources.add(resource, site);
    this.feed?.made(resource);
  }
  resourceId(resource: Resource): number {
    return this.resources.entry(resource).id;
  }
  handleOpened(handles: object, handle: object): void {
    const task = rootTask(ambientBranch());
    if (task === null) return;
    const record = this.record(task);
    const { waker } = cx;
    // The user's code is not on the stack while an await is polled; the future was made by it.
    const site =
      this.callSite(handle.constructor) ??
      (waker instanceof Await ? this.siteOf(waker.future as Future<unknown>) : undefined);
    record.holdings.add(this.resources.opened(handles, handle, task, record.now(), site));
  }
  handleClosed(handles: object, handle: object): void {
    const holding = this.resources.closed(handles, handle);
    if (holding !== undefined) this.records.get(holding.task)?.holdings.delete(holding);
  }
  handleWatched(of: object, handle: object, remains: object): void {
    this.resources.watched(of, handle, remains);
  }
  handleLost(remains: { readonly what: string }): void {
    this.lints.lost(remains.what, this.resources.remembered(remains));
  }
  holdersOf(resource: Resource): readonly Task<unknown>[] {
    return HELD.has(resource.resourceKind) ? this.resources.holders(resource) : [];
  }

  // ── reports

  waitDetail(branch: Branch<unknown>): string {
    const task = rootTask(branch);
    const record = task === null ? undefined : this.records.get(task);
    if (record === undefined) return "";
    const at = this.waitSite(record);
    return ` for ${durationText(record.now() - record.waitsSince)}${at === undefined ? "" : ` at ${at}`}`;
  }
  waitSite({ task, awaitedAt }: TaskRecord): string | undefined {
    // What the library made around the user's, as for an actor's message, has no place of its own.
    const site = firstSite(waitsIn(task)) ?? firstSite(leaves(waitsIn(task)));
    if (site !== undefined || awaitedAt === undefined) return site;
    return [...leaves(waitsIn(task))].some((each) => joinedTask(each) !== undefined) ? awaitedAt : undefined;
  }

  /** The last tasks that have ended. */
  recent(): TaskInfo[] {
    return this.#history === 0 ? [] : this.#ended.slice(-this.#history);
  }

  /** Looks over everything for what has lasted too long, or grown. */
  sweep(): void {
    this.#sweep.now();
  }
}
