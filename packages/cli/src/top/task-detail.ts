/** One task: what it waits for, who spawned it, how long its polls took and how long it was ready before. */
import type { ConsoleState, ConsoleTask, Detail } from "@millrace/console";
import cliTruncate from "cli-truncate";
import { histogram } from "./histogram.ts";
import { tableLines, type Column } from "./table.ts";
import { count, duration, harmless, percent, precise } from "./text.ts";

type PollSpan = Detail["history"][number];

/** `detail` is what the program has told of the task that is watched, which may be another. */
export function detailLines(
  state: ConsoleState,
  id: number,
  detail: Detail | undefined,
  width: number,
): string[] {
  const task = state.tasks.get(id as ConsoleTask["id"]);
  if (task === undefined) return [`there is no task #${id}, or it ended too long ago`];
  const lines = [...facts(task, state), ""];
  if (detail?.id !== task.id) lines.push(task.polls === 0 ? "it never ran" : "waiting for its histograms …");
  else {
    lines.push(
      ...spaced(histogram("HOW LONG IT RAN, POLL BY POLL", detail.pollTimes, width)),
      ...spaced(histogram("HOW LONG IT WAS READY BEFORE IT RAN", detail.scheduledTimes, width)),
      ...lastPolls(detail.history, state.at, width),
    );
  }
  return width === Infinity ? lines : lines.map((line) => cliTruncate(line, width));
}

function spaced(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines, ""];
}

function facts(task: ConsoleTask, { at, tasks }: ConsoleState): string[] {
  const { id, name, kind, state, parent, spawnedAt, waitingOn } = task;
  const total = Math.max(0.001, (task.endedAt ?? at) - task.startedAt);
  const share = (ms: number): string => percent(Math.min(1, ms / total));
  const lines = [`${kind} #${id}${name === undefined ? "" : ` '${name}'`} is ${state}`];
  if (waitingOn !== undefined) {
    const where = waitingOn.at === undefined ? "" : ` at ${waitingOn.at}`;
    const ms = Math.max(0, at - waitingOn.since);
    lines.push(`it waits for ${waitingOn.operation} for ${duration(ms)}${where}`);
  }
  const spawner = parent === undefined ? undefined : tasks.get(parent);
  const by =
    parent === undefined ? "" : ` by #${parent}${spawner?.name === undefined ? "" : ` '${spawner.name}'`}`;
  const where = spawnedAt === undefined ? "" : ` at ${spawnedAt}`;
  lines.push(`it was spawned ${duration(at - task.startedAt)} ago${where}${by}`);
  lines.push(
    `busy ${duration(task.busyMs)} (${share(task.busyMs)}) · ready ${duration(task.scheduledMs)} (${share(task.scheduledMs)}) · longest poll ${duration(task.longestPollMs)} · polls ${count(task.polls)} · wake-ups ${count(task.wakes)}, ${count(task.selfWakes)} by itself`,
  );
  return lines.map(harmless);
}

function lastPolls(history: readonly PollSpan[], now: number, width: number): string[] {
  if (history.length === 0) return [];
  const numeric = (key: string, title: string, value: (poll: PollSpan) => number): Column<PollSpan> => ({
    key,
    title,
    isRight: true,
    text: (poll) => precise(value(poll)),
    order: value,
  });
  const columns = [
    numeric("ago", "ITS LAST POLLS, AGO", ({ at }) => now - at),
    numeric("ready", "READY", ({ scheduledMs }) => scheduledMs),
    numeric("ran", "RAN", ({ ms }) => ms),
  ];
  const { header, lines } = tableLines(columns, history.toReversed(), width);
  return [header, ...lines];
}
