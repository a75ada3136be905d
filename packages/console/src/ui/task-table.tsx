/** The tasks. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { ConsoleTask } from "../protocol/messages.ts";
import { isAlive } from "../protocol/state.ts";
import { parseFilter, TASK } from "./filter.ts";
import { count, duration, operationOf, place } from "./format.ts";
import { now, state, tick } from "./program.ts";
import { StateLabel, TimesBar } from "./parts.tsx";
import { filter, opened, openTask, showsEnded } from "./view.ts";
import { VirtualTable, type Column } from "./virtual-table.tsx";

const ORDER: readonly ConsoleTask["state"][] = [
  "running",
  "ready",
  "waiting",
  "cancelling",
  "done",
  "failed",
  "cancelled",
];

const COLUMNS: readonly Column<ConsoleTask>[] = [
  {
    key: "id",
    title: "Id",
    hint: "Tasks are numbered as they are spawned",
    width: "56px",
    isNumber: true,
    value: ({ id }) => id,
    cell: ({ id }) => id,
  },
  {
    key: "name",
    title: "Name",
    hint: "The name it was spawned with",
    width: "minmax(110px, 1fr)",
    value: ({ name }) => name ?? "\uffff",
    cell: (task) => (
      <>
        {task.name === undefined ? <span class="faint">unnamed</span> : task.name}
        {task.kind !== "task" && <span class="badge">{task.kind}</span>}
      </>
    ),
  },
  {
    key: "state",
    title: "State",
    hint: "What it does now",
    width: "104px",
    value: (task) => ORDER.indexOf(task.state),
    cell: (task) => <StateLabel state={task.state} />,
  },
  {
    key: "waiting",
    title: "Waits for",
    hint: "What it waits for, and for how long; sorted by how long",
    width: "minmax(240px, 3.4fr)",
    value: ({ waitingOn }) => (waitingOn === undefined ? Infinity : waitingOn.since),
    cell: (task) => {
      const { waitingOn } = task;
      if (waitingOn === undefined) return null;
      return (
        <>
          <span class="time">{duration(Math.max(0, now() - waitingOn.since))}</span>
          <span title={whereItWaits(task)}>{operationOf(task, now())}</span>
        </>
      );
    },
  },
  {
    key: "times",
    title: "Time",
    hint: "Busy, ready but not run, waiting; sorted by how long it lives",
    width: "108px",
    value: (task) => (task.endedAt ?? now()) - task.startedAt,
    cell: (task) => <TimesBar task={task} now={now()} />,
  },
  {
    key: "busy",
    title: "Busy",
    hint: "How long it ran altogether",
    width: "76px",
    isNumber: true,
    value: ({ busyMs }) => busyMs,
    cell: ({ busyMs }) => duration(busyMs),
  },
  {
    key: "longest",
    title: "Longest",
    hint: "Its longest poll: nothing else ran meanwhile",
    width: "78px",
    isNumber: true,
    value: ({ longestPollMs }) => longestPollMs,
    cell: ({ longestPollMs: ms }) => (
      <span class={ms >= 50 ? "bad" : ms >= 10 ? "warn" : ""}>{duration(ms)}</span>
    ),
  },
  {
    key: "scheduled",
    title: "Ready",
    hint: "How long it was ready, and others ran",
    width: "76px",
    isNumber: true,
    value: ({ scheduledMs }) => scheduledMs,
    cell: ({ scheduledMs }) => duration(scheduledMs),
  },
  {
    key: "polls",
    title: "Polls",
    hint: "How often it ran",
    width: "70px",
    isNumber: true,
    value: ({ polls }) => polls,
    cell: ({ polls }) => count(polls),
  },
  {
    key: "self",
    title: "Self",
    hint: "How many of its wake-ups came out of its own polls",
    width: "62px",
    isNumber: true,
    value: ({ selfWakes }) => selfWakes,
    cell: ({ selfWakes, wakes }) => (
      <span class={selfWakes >= 64 && selfWakes * 2 > wakes ? "warn" : ""}>{count(selfWakes)}</span>
    ),
  },
  {
    key: "at",
    title: "Spawned at",
    hint: "Where it was spawned",
    width: "minmax(110px, 1fr)",
    value: ({ spawnedAt }) => spawnedAt ?? "\uffff",
    cell: ({ spawnedAt }) => spawnedAt !== undefined && <span title={spawnedAt}>{place(spawnedAt)}</span>,
  },
];

function whereItWaits({ waitingOn }: ConsoleTask): string | undefined {
  const { operation, at } = waitingOn!;
  return at === undefined ? operation : `${operation}\nat ${at}`;
}

export function TaskTable(): JSX.Element {
  const matches = useComputed(() => parseFilter(filter.value, TASK)).value;
  const rows = useMemo(() => {
    const at = now();
    const all: ConsoleTask[] = [];
    for (const task of state.tasks.values()) {
      if ((showsEnded.value || isAlive(task)) && matches(task, at)) all.push(task);
    }
    return all;
  }, [tick.value, matches, showsEnded.value]);
  const { value: open } = opened;
  return (
    <VirtualTable
      label="Tasks"
      rows={rows}
      columns={COLUMNS}
      id={({ id }) => id}
      selected={open?.what === "task" ? open.id : null}
      onSelect={openTask}
      rowClass={(task) => (isAlive(task) ? "" : "ended")}
      first="id"
      empty={state.tasks.size === 0 ? "No task has been spawned yet." : "No task matches the filter."}
    />
  );
}
