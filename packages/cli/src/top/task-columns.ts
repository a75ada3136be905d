/** What is shown of each task. */
import type { ConsoleTask } from "@millrace/console";
import type { Column } from "./table.ts";
import type { SortKey } from "./sort-keys.ts";
import { count, duration, percent } from "./text.ts";

export interface TaskRow {
  readonly task: ConsoleTask;
  /** Of the time since the last picture, in which it ran; `undefined` in the first. */
  readonly share: number | undefined;
  /** How long it has waited; 0 when it does not. */
  readonly waitedMs: number;
}

export const taskColumns: readonly (Column<TaskRow> & { readonly key: SortKey })[] = [
  {
    key: "id",
    title: "ID",
    isRight: true,
    text: ({ task }) => String(task.id),
    order: ({ task }) => 0 - task.id,
  },
  {
    key: "name",
    title: "TASK",
    text: ({ task }) => task.name ?? (task.kind === "task" ? "" : task.kind),
    order: ({ task }) => task.name ?? "\uffff",
  },
  { key: "state", title: "STATE", text: ({ task }) => task.state, order: ({ task }) => task.state },
  {
    key: "now",
    title: "NOW",
    isRight: true,
    text: ({ share }) => (share === undefined ? "" : percent(share)),
    order: ({ share, task }) => share ?? task.busyMs,
  },
  numeric("busy", "BUSY", ({ task }) => task.busyMs, duration),
  numeric("polls", "POLLS", ({ task }) => task.polls, count),
  numeric("longest", "LONGEST", ({ task }) => task.longestPollMs, duration),
  numeric("scheduled", "SCHEDULED", ({ task }) => task.scheduledMs, duration),
  numeric("wakes", "WAKES", ({ task }) => task.wakes, count),
  {
    key: "waits",
    title: "WAITS FOR",
    text: ({ task, waitedMs }) => {
      const { waitingOn, spawnedAt } = task;
      if (waitingOn === undefined) return spawnedAt === undefined ? "" : `(spawned at ${spawnedAt})`;
      const at = waitingOn.at === undefined ? "" : ` at ${waitingOn.at}`;
      return `${waitingOn.operation} for ${duration(waitedMs)}${at}`;
    },
    order: ({ waitedMs }) => waitedMs,
  },
];

function numeric(
  key: SortKey,
  title: string,
  value: (row: TaskRow) => number,
  text: (value: number) => string,
): Column<TaskRow> & { readonly key: SortKey } {
  return { key, title, isRight: true, text: (row) => text(value(row)), order: value };
}
