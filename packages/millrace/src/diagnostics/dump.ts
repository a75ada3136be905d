/** The snapshot as a page for people, in the words of the deadlock report. */
import { waitsIn } from "../runtime/branch-waits.ts";
import { describeTask, listed } from "../runtime/deadlock.ts";
import { label, type Resource } from "../runtime/resource.ts";
import type { Task } from "../runtime/task.ts";
import { describeCycle, findCycles, leaves } from "../runtime/wait-graph.ts";
import { spawnSite } from "../runtime/deadlock.ts";
import { durationText } from "./duration-text.ts";
import { currentRecorder, living } from "./snapshot.ts";
import type { Recorder } from "./recorder.ts";
import { stateOf } from "./task-info.ts";
import type { TaskRecord } from "./task-record.ts";
import { counted } from "../runtime/counted.ts";

/**
 * A page that says what every task does, what it waits for, who holds that, which tasks wait for each
 * other, and what there was to warn of. SIGUSR2 prints it while a `main` runs and somebody records.
 *
 * @example
 * ```ts
 * import { Mutex, spawn, yieldNow } from "millrace";
 * import { dump, enable } from "millrace/diagnostics";
 *
 * using recording = enable();
 * const accounts = new Mutex(0, { name: "accounts" });
 * const guard = await accounts.lock();
 * const writer = spawn(async () => { using _ = await accounts.lock(); }, { name: "writer" });
 * await yieldNow();
 * console.log(dump()); // task #1 'writer' waits for lock on mutex #1 'accounts' for 0.1 ms at …
 * guard.release();
 * await writer;
 * ```
 */
export function dump(): string {
  const recorder = currentRecorder();
  recorder.sweep();
  const records = living(recorder);
  const warnings = recorder.warnings.list().map(({ lint, message }) => `${lint}: ${message}`);
  return [
    headline(records, recorder),
    section("cycles", cycles(records, recorder)),
    tree(records, recorder),
    section("held", held(records, recorder)),
    section("warnings", warnings),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function section(title: string, lines: Parameters<typeof listed>[0]): string {
  return lines.length === 0 ? "" : `${title}:\n${listed(lines)}`;
}

function headline(records: readonly TaskRecord[], recorder: Recorder): string {
  const counts: Map<string, number> = new Map();
  for (const record of records) {
    const state = stateOf(record, recorder);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const states = [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
  const tasks = counted(records.length, "task");
  return `millrace: ${tasks}${states === "" ? "" : ` (${states})`}`;
}

function cycles(records: readonly TaskRecord[], recorder: Recorder): string[] {
  return findCycles(
    records.map(({ task }) => task),
    (held) => recorder.holdersOf(held),
  ).map(describeCycle);
}

/** Each task below the one that spawned it. */
function tree(records: readonly TaskRecord[], recorder: Recorder): string {
  const ids = new Set(records.map(({ task }) => task.id));
  const children: Map<number, TaskRecord[]> = new Map();
  for (const record of records) {
    const above = record.parent !== undefined && ids.has(record.parent) ? record.parent : 0;
    const siblings = children.get(above);
    if (siblings === undefined) children.set(above, [record]);
    else siblings.push(record);
  }
  const lines: (() => string)[] = [];
  const todo = (children.get(0) ?? []).map((record) => ({ record, depth: 0 })).toReversed();
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { record, depth } = next;
    lines.push(() => `${"  ".repeat(depth)}${taskLine(record, recorder)}`);
    for (const child of (children.get(record.task.id) ?? []).toReversed()) {
      todo.push({ record: child, depth: depth + 1 });
    }
  }
  return section("tasks", lines);
}

function taskLine(record: TaskRecord, recorder: Recorder): string {
  const { task, polls, busyMs, longestPollMs } = record;
  const state = stateOf(record, recorder);
  const isWaiting = state === "waiting";
  const what = isWaiting
    ? describeTask(task)
    : `${task.describe()} ${stateText(state, task)}${spawnSite(task)}`;
  if (polls === 0) return what;
  const times = `${counted(polls, "poll")}, busy ${durationText(busyMs)}`;
  return `${what} [${times}, longest ${durationText(longestPollMs)}]`;
}

function stateText(state: string, task: Task<unknown>): string {
  if (state !== "cancelling") return `is ${state}`;
  const waits = [...leaves(waitsIn(task))].map((leaf) => leaf.describeWait()).join(" and ");
  return waits === ""
    ? "is cancelled, and has not ended"
    : `is cancelled, and its cleanup waits for ${waits}`;
}

/** Who has what others wait for, or may come to. */
function held(records: readonly TaskRecord[], recorder: Recorder): string[] {
  const waiters: Map<Resource, Task<unknown>[]> = new Map();
  for (const { task } of records) {
    for (const { waitedResource } of leaves(waitsIn(task))) {
      if (waitedResource === undefined) continue;
      const waiting = waiters.get(waitedResource);
      if (waiting === undefined) waiters.set(waitedResource, [task]);
      else waiting.push(task);
    }
  }
  const lines: string[] = [];
  for (const resource of recorder.resources) {
    const holders = recorder.holdersOf(resource);
    if (holders.length === 0) continue;
    const names = listOf(holders);
    const waiting = waiters.get(resource);
    const queue =
      waiting === undefined ? "" : `; ${listOf(waiting)} wait${waiting.length === 1 ? "s" : ""} for it`;
    lines.push(`${label(resource, `a ${resource.resourceKind}`)} is held by ${names}${queue}`);
  }
  return lines;
}

/** Of many the first few. */
function listOf(tasks: readonly Task<unknown>[]): string {
  const names = tasks.slice(0, tasks.length <= 4 ? 4 : 3).map((task) => task.describe());
  const rest = tasks.length - names.length;
  return rest === 0 ? names.join(", ") : `${names.join(", ")} and ${rest} others`;
}
