/**
 * Whether a step of a task ran user code. If all that it did was to look again at what it waits for, and
 * all of that is the library's own, then it ran none, and others need not care when it did so.
 *
 * Asked with what it waited for before and after: a body that has gone on waits for something else.
 */
import { waitsIn } from "../../runtime/branch-waits.ts";
import { Gather } from "../../combinators/gather.ts";
import { Acquire } from "../../runtime/acquire.ts";
import type { Await } from "../../runtime/await.ts";
import { yieldNow } from "../../runtime/budget.ts";
import { joinedTask, Settlement } from "../../runtime/task-join.ts";
import type { Future } from "../../runtime/future.ts";
import type { Task } from "../../runtime/task.ts";
import { Alarm } from "../../time/alarm.ts";
import { Sleep } from "../../time/sleep.ts";
import { Runnable } from "../../runtime/scheduler.ts";
import type { TimerEntry } from "../../runtime/clock.ts";

const YieldNow = yieldNow().constructor;

/** What a task waits for, from the outermost future to the innermost. */
export interface Waits {
  readonly outer: readonly Future<unknown>[];
  readonly all: ReadonlySet<Future<unknown>>;
}

export function waitsBefore(task: Task<unknown>): Waits {
  const outer = [...waitsIn(task)];
  return { outer, all: new Set(within(outer)) };
}

export function ranUserCode(task: Task<unknown>, before: Waits): boolean {
  if (task.isDone) return true;
  const after = [...waitsIn(task)];
  const { outer, all } = before;
  if (after.length === 0 || after.length !== outer.length) return true;
  for (let i = 0; i < after.length; i++) if (after[i] !== outer[i]) return true;
  const left = new Set(within(after));
  for (const future of left) if (!all.has(future)) return true;
  for (const future of all) if (left.has(future) ? !isOurs(future) : !isPrivate(future)) return true;
  return false;
}

/**
 * The same for an await of an async body, which goes on in a step of its own: true unless all that it
 * waits for is what nobody else can tell to have completed.
 */
export function awaitsShared({ future }: Await<unknown>): boolean {
  for (const each of within([future])) if (!(each instanceof Gather || isPrivate(each))) return true;
  return false;
}

/** Whether the end of a task, whose body has ended before, is nobody's business but that of those who ask for it. */
export function settlesQuietly(task: Task<unknown>): boolean {
  return (
    task.cleanups === 0 && task.owner === null && !task.isFailed && (task["extras"]?.onEnd ?? null) === null
  );
}

/** Whether the timer only wakes a task or an await. */
export function isPlainTimer(entry: TimerEntry): boolean {
  return (entry instanceof Alarm || entry instanceof Sleep) && entry.waker instanceof Runnable;
}

function* within(futures: Iterable<Future<unknown>>): IterableIterator<Future<unknown>> {
  for (const future of futures) {
    yield future;
    yield* within(future.innerWaits());
  }
}

/** Polling it in vain runs nothing that a user wrote. */
function isOurs(future: Future<unknown>): boolean {
  return future instanceof Acquire || future instanceof Gather || isPrivate(future);
}
/** Nor can anybody else tell that it has completed. */
function isPrivate(future: Future<unknown>): boolean {
  return (
    future instanceof Sleep ||
    future instanceof Settlement ||
    future.constructor === YieldNow ||
    joinedTask(future) !== undefined
  );
}
