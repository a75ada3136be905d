/** What is seen: the lines of one picture, made of what is known of the program. */
import type { styleText } from "node:util";
import {
  isAlive,
  type ConsoleClient,
  type ConsoleState,
  type ConsoleTask,
  type Warning,
} from "@millrace/console";
import cliTruncate from "cli-truncate";
import stringWidth from "string-width";
import type { Rates } from "./rates.ts";
import { resourceColumns, resourceRows } from "./resource-columns.ts";
import { sorted, tableLines, type Column } from "./table.ts";
import { taskColumns, type TaskRow } from "./task-columns.ts";
import { detailLines } from "./task-detail.ts";
import { count, duration, harmless, many, percent } from "./text.ts";

export const tabs = ["tasks", "resources", "warnings"] as const;
export type Tab = (typeof tabs)[number];

export interface View {
  readonly tab: Tab;
  /** Of the tab's columns. */
  readonly sortBy: string;
  readonly isInverted: boolean;
  readonly withEnded: boolean;
  readonly offset: number;
  /** The task that the keys have come to. */
  readonly selected: number | null;
  /** The task whose details are shown in place of the tab. */
  readonly opened: number | null;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

type Known = Pick<ConsoleClient, "hello" | "state" | "isPaused" | "detail">;
type Style = Parameters<typeof styleText>[0];
/** Decorates, or does not. */
export type Paint = (style: Style, text: string) => string;

/** Who it is, and how it does. */
export function headline({ hello, state, isPaused }: Known, rates: Rates): string[] {
  const { name, pid, runtime } = hello.program;
  const { totals, loop, dropped } = state;
  const alive = [...state.tasks.values()].filter(isAlive);
  const waiting = alive.filter((task) => task.state === "waiting").length;
  const rate = rates.pollsPerSecond === undefined ? "" : ` (${count(rates.pollsPerSecond)}/s)`;
  const lost = dropped.polls + dropped.tasks + dropped.warnings;
  return [
    [`${name} (${pid})`, runtime, `after ${duration(state.at)}`, ...(isPaused ? ["PAUSED"] : [])].join(" · "),
    [
      `${many(alive.length, "task")}, ${count(waiting)} waiting`,
      `${count(totals.spawned)} spawned`,
      `${many(totals.polls, "poll")}${rate}`,
      `loop ${percent(loop.busy)} busy, ${duration(loop.lateMs)} late`,
      many(state.warnings.length, "warning"),
      ...(lost === 0 ? [] : [`${many(lost, "update")} dropped`]),
    ].join(" · "),
  ].map(harmless);
}

/** For a terminal: as many lines as it has, no wider than it is. */
export function picture(known: Known, view: View, rates: Rates, size: Size, paint: Paint): string[] {
  const { width } = size;
  const fit = (text: string): string => cliTruncate(text, width);
  const head = headline(known, rates);
  const names = tabs.map((tab) => (tab === view.tab ? paint("inverse", ` ${tab} `) : ` ${tab} `));
  const { header, lines, at } = body(known, view, rates, width);
  const room = roomIn(size);
  const shown = lines.slice(view.offset, view.offset + room);
  const below = lines.length - view.offset - shown.length;
  return [
    paint("bold", fit(head[0]!)),
    fit(head[1]!),
    fit(names.join("")),
    paint("bold", header),
    ...shown.map((line, i) => (i + view.offset === at ? paint("inverse", filled(line, width)) : line)),
    ...Array.from({ length: room - shown.length }, () => ""),
    below > 0 ? fit(`… and ${below} more`) : "",
    paint("dim", fit(view.opened === null ? HELP : HELP_OPENED)),
  ];
}
const HELP = "q quit · t r w tabs · ←→ sort · i invert · ↑↓ move · ⏎ open · e ended · space pause";
const HELP_OPENED = "q quit · esc back · ↑↓ scroll · space pause";

function filled(line: string, width: number): string {
  return `${line}${" ".repeat(Math.max(0, width - stringWidth(line)))}`;
}

/** Lines that there are for rows. */
export function roomIn({ height }: Size): number {
  return Math.max(1, height - 6);
}

/** For a file or a pipe: everything there is, once. */
export function report(known: Known, view: View, rates: Rates): string[] {
  if (view.opened !== null) {
    return [...headline(known, rates), "", ...body(known, view, rates, Infinity).lines];
  }
  const part = (tab: Tab): string[] => {
    const sortBy = tab === view.tab ? view.sortBy : columnsOf(tab)[0]!.key;
    const { header, lines } = body(known, { ...view, tab, sortBy }, rates, Infinity);
    return lines.length === 0 ? [] : ["", ...(header === "" ? [] : [header]), ...lines];
  };
  return [...headline(known, rates), ...tabs.flatMap(part)];
}

/** How many lines there are to scroll. */
export function lineCount(known: Pick<Known, "state" | "detail">, view: View): number {
  const { state, detail } = known;
  if (view.opened !== null) return detailLines(state, view.opened, detail, Infinity).length;
  if (view.tab === "warnings") return state.warnings.length;
  return view.tab === "resources" ? state.resources.size : visible(state, view).length;
}

/** The tasks that are shown, in the order in which they are. */
export function taskOrder(state: ConsoleState, view: View, rates: Rates): number[] {
  const column = taskColumns.find(({ key }) => key === view.sortBy) ?? taskColumns[0]!;
  return sorted(taskRows(state, view, rates), column, view.isInverted).map(({ task }) => task.id);
}

/** What the tab can be sorted by. */
export function columnsOf(tab: Tab): readonly Pick<Column<never>, "key">[] {
  if (tab === "warnings") return [{ key: "lint" }];
  return tab === "resources" ? resourceColumns : taskColumns;
}

interface Body {
  readonly header: string;
  readonly lines: readonly string[];
  /** The line that is selected. */
  readonly at?: number;
}

function body(known: Pick<Known, "state" | "detail">, view: View, rates: Rates, width: number): Body {
  const { state, detail } = known;
  if (view.opened !== null) return { header: "", lines: detailLines(state, view.opened, detail, width) };
  if (view.tab === "warnings") return { header: "", lines: warningLines(state.warnings, width) };
  if (view.tab === "resources") return table(resourceColumns, resourceRows(state), view, width);
  // Before there are two pictures there is nothing to say of now.
  const columns =
    rates.pollsPerSecond === undefined ? taskColumns.filter(({ key }) => key !== "now") : taskColumns;
  const at = view.selected === null ? -1 : taskOrder(state, view, rates).indexOf(view.selected);
  return { ...table(columns, taskRows(state, view, rates), view, width), at };
}

function taskRows(state: ConsoleState, view: View, rates: Rates): TaskRow[] {
  return visible(state, view).map((task) => {
    const waitedMs = task.waitingOn === undefined ? 0 : Math.max(0, state.at - task.waitingOn.since);
    return { task, share: rates.share(task), waitedMs };
  });
}

function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { sortBy, isInverted }: View,
  width: number,
): ReturnType<typeof tableLines> {
  const column = columns.find(({ key }) => key === sortBy) ?? columns[0]!;
  const mark = { key: column.key, sign: isInverted ? "↑" : "↓" };
  return tableLines(columns, sorted(rows, column, isInverted), width, width === Infinity ? null : mark);
}

function visible(state: ConsoleState, { withEnded }: View): ConsoleTask[] {
  const all = [...state.tasks.values()];
  return withEnded ? all : all.filter(isAlive);
}

/** The latest first. */
function warningLines(warnings: readonly Warning[], width: number): string[] {
  return warnings.toReversed().map(({ lint, message }) => {
    const text = harmless(`${lint}: ${message}`);
    return width === Infinity ? text : cliTruncate(text, width);
  });
}
