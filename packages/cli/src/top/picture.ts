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
import type { Rates } from "./rates.ts";
import { resourceColumns, resourceRows } from "./resource-columns.ts";
import { sorted, tableLines, type Column } from "./table.ts";
import { taskColumns, type TaskRow } from "./task-columns.ts";
import { count, duration, harmless, percent } from "./text.ts";

export const tabs = ["tasks", "resources", "warnings"] as const;
export type Tab = (typeof tabs)[number];

export interface View {
  readonly tab: Tab;
  /** Of the tab's columns. */
  readonly sortBy: string;
  readonly isInverted: boolean;
  readonly withEnded: boolean;
  readonly offset: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

type Known = Pick<ConsoleClient, "hello" | "state" | "isPaused">;
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
      `${count(alive.length)} tasks, ${count(waiting)} waiting`,
      `${count(totals.spawned)} spawned`,
      `${count(totals.polls)} polls${rate}`,
      `loop ${percent(loop.busy)} busy, ${duration(loop.lateMs)} late`,
      state.warnings.length === 1 ? "1 warning" : `${count(state.warnings.length)} warnings`,
      ...(lost === 0 ? [] : [`${count(lost)} updates dropped`]),
    ].join(" · "),
  ].map(harmless);
}

/** For a terminal: as many lines as it has, no wider than it is. */
export function picture(known: Known, view: View, rates: Rates, size: Size, paint: Paint): string[] {
  const { width, height } = size;
  const fit = (text: string): string => cliTruncate(text, width);
  const head = headline(known, rates);
  const names = tabs.map((tab) => (tab === view.tab ? paint("inverse", ` ${tab} `) : ` ${tab} `));
  const { header, lines } = body(known.state, view, rates, width);
  const room = Math.max(1, height - 6);
  const shown = lines.slice(view.offset, view.offset + room);
  const below = lines.length - view.offset - shown.length;
  return [
    paint("bold", fit(head[0]!)),
    fit(head[1]!),
    fit(names.join("")),
    paint("bold", header),
    ...shown,
    ...Array.from({ length: room - shown.length }, () => ""),
    below > 0 ? fit(`… and ${below} more`) : "",
    paint("dim", fit("q quit · t r w tabs · ←→ sort · i invert · ↑↓ scroll · e ended · space pause")),
  ];
}

/** For a file or a pipe: everything there is, once. */
export function report(known: Known, view: View, rates: Rates): string[] {
  const part = (tab: Tab): string[] => {
    const sortBy = tab === view.tab ? view.sortBy : columnsOf(tab)[0]!.key;
    const { header, lines } = body(known.state, { ...view, tab, sortBy }, rates, Infinity);
    return lines.length === 0 ? [] : ["", ...(header === "" ? [] : [header]), ...lines];
  };
  return [...headline(known, rates), ...tabs.flatMap(part)];
}

/** How many lines there are to scroll. */
export function lineCount(state: ConsoleState, view: View): number {
  if (view.tab === "warnings") return state.warnings.length;
  return view.tab === "resources" ? state.resources.size : visible(state, view).length;
}

/** What the tab can be sorted by. */
export function columnsOf(tab: Tab): readonly Pick<Column<never>, "key">[] {
  if (tab === "warnings") return [{ key: "lint" }];
  return tab === "resources" ? resourceColumns : taskColumns;
}

function body(
  state: ConsoleState,
  view: View,
  rates: Rates,
  width: number,
): { readonly header: string; readonly lines: readonly string[] } {
  if (view.tab === "warnings") return { header: "", lines: warningLines(state.warnings, width) };
  if (view.tab === "resources") return table(resourceColumns, resourceRows(state), view, width);
  const rows = visible(state, view).map((task): TaskRow => {
    const waitedMs = task.waitingOn === undefined ? 0 : Math.max(0, state.at - task.waitingOn.since);
    return { task, share: rates.share(task), waitedMs };
  });
  // Before there are two pictures there is nothing to say of now.
  const columns =
    rates.pollsPerSecond === undefined ? taskColumns.filter(({ key }) => key !== "now") : taskColumns;
  return table(columns, rows, view, width);
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
