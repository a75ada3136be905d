/**
 * `npx node bench/src/publish.ts [FILE [NOTE]]`: makes what the documents say about speed from a run of `npm run
 * bench` (`bench/results/latest.json` unless another file is named): the tables of docs/performance, the lines
 * of the README between its `benchmarks` marks, and a copy of the run beside them. Nothing of it is typed by
 * hand; a test makes them again from that copy.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Entry, Row } from "./report.ts";
import { pairedRatio, median } from "./statistics.ts";
import { formatFigure } from "./table.ts";

export interface Run {
  readonly date: string;
  readonly node: string;
  readonly platform: string;
  readonly processors: number;
  readonly quick: boolean;
  /** What a reader of the figures must know, such as what else the machine did: the second argument. */
  readonly note?: string;
  readonly rows: readonly Row[];
}

const folder = new URL("../../docs/performance/", import.meta.url);
const readme = new URL("../../README.md", import.meta.url);

/** Every document that is made from a run, by its path from `docs/performance/`. */
export function documents(run: Run, readmeText: string): Readonly<Record<string, string>> {
  return {
    "table.md": [about(run), table(run.rows), losses(run.rows)].join("\n\n") + "\n",
    "bodies.md": bodies(run.rows) + "\n",
    "../../README.md": readmeText.replace(
      /(<!-- benchmarks -->\n)[^]*?(<!-- \/benchmarks -->)/,
      (_, begin: string, end: string) => `${begin}\n${highlights(run.rows)}\n\n${end}`,
    ),
  };
}

function about({ date, node, platform, processors, quick, note }: Run): string {
  const kind = quick ? "A quick run (fewer operations and rounds)" : "A full run";
  return `${kind} of ${date.slice(0, 10)}, ${node}, ${platform}, ${processors} processors. Median of the rounds; lower is better. The fastest of each row is bold.${note === undefined ? "" : ` ${note}`}`;
}

function table(rows: readonly Row[]): string {
  const header = ["", "unit", "promises", "Effect 4", "best other", "`await`", "`yield*`"];
  return markdown(
    header,
    rows.map((row) => {
      const shown = (["promise", "effect", "peer", "await", "yield*"] as const).map((column) =>
        bestOf(row, column),
      );
      const best = Math.min(...shown.map((entry) => (entry === undefined ? Infinity : figureOf(entry))));
      const cell = (entry: Entry | undefined, isNamed: boolean): string => {
        if (entry === undefined) return "";
        const figure = formatFigure(figureOf(entry));
        const marked = figureOf(entry) === best ? `**${figure}**` : figure;
        return isNamed ? `${marked} ${entry.name}` : marked;
      };
      return [
        row.name,
        row.unit,
        cell(bestOf(row, "promise"), false),
        cell(bestOf(row, "effect"), false),
        cell(bestOf(row, "peer"), true),
        cell(bestOf(row, "await"), false),
        cell(bestOf(row, "yield*"), false),
      ];
    }),
  );
}

/** Rows in which somebody else is ahead of the better of our two styles. */
function losses(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => {
    const ours = fastest(row, ["await", "yield*"]);
    const theirs = fastest(row, ["promise", "effect", "peer"]);
    if (ours === undefined || theirs === undefined || figureOf(theirs) >= figureOf(ours)) return [];
    const name = theirs.column === "promise" ? "plain promises" : theirs.name;
    return `- **${row.name}**: ${name} ${formatFigure(figureOf(theirs))} ${row.unit}, ours ${formatFigure(figureOf(ours))} ${row.unit} (${(figureOf(ours) / figureOf(theirs)).toFixed(2)}×).`;
  });
  return `### Rows that we lose\n\n${lines.length === 0 ? "None in this run." : lines.join("\n")}`;
}

/** The rows of page 11. */
function bodies(rows: readonly Row[]): string {
  const wanted = rows.filter(({ name }) => name.startsWith("a call that waits for ten values"));
  return markdown(
    ["ns a call, with ten waits", "plain promises", "async function", "generator", "by hand"],
    wanted.map((row) => [
      row.name.includes("not ready") ? "not ready yet" : "ready",
      named(row, "promise"),
      named(row, "await"),
      named(row, "yield*"),
      named(row, "by hand"),
    ]),
  );
}
function named(row: Row, name: string): string {
  const entry = row.entries.find((each) => each.name === name);
  return entry === undefined || !isMeasured(entry) ? "" : formatFigure(figureOf(entry));
}

/** What the README says: a row, and how it is put. */
const HIGHLIGHTS: readonly (readonly [row: string, words: string])[] = [
  ["bounded channel, capacity 32, one to one", "a message through a bounded channel"],
  ["mutex, uncontended lock + unlock", "a lock and an unlock of a free mutex"],
  ["timeout around a ready operation", "a time limit on something that is ready"],
  ["select of a ready and a never-ready branch", "the first of two"],
  ["spawn + join, one after another", "a task, spawned and joined"],
];

function highlights(rows: readonly Row[]): string {
  return markdown(
    ["", "plain promises", "Effect 4", "`await`", "`yield*`", "`yield*` : promises"],
    HIGHLIGHTS.map(([name, words]) => {
      const row = rows.find((each) => each.name === name);
      if (row === undefined) throw new Error(`the run has no row "${name}": publish a run of all rows`);
      const cells = (["promise", "effect", "await", "yield*"] as const).map((column) => {
        const entry = bestOf(row, column);
        return entry === undefined ? "" : `${formatFigure(figureOf(entry))} ${row.unit}`;
      });
      const [ours, theirs] = [bestOf(row, "yield*")!, bestOf(row, "promise")!];
      return [words, ...cells, `${pairedRatio(ours.rounds, theirs.rounds).toFixed(2)}×`];
    }),
  );
}

/** The first of a column is the usual way to write it; of the peers it is the fastest that did as much. */
function bestOf(row: Row, column: Entry["column"]): Entry | undefined {
  const entries = row.entries.filter((entry) => entry.column === column && isMeasured(entry));
  if (column !== "peer") return entries[0];
  const most = Math.max(...row.entries.map(({ operations }) => operations));
  const comparable = row.unit === "MB" ? entries.filter(({ operations }) => operations === most) : entries;
  return comparable.toSorted((a, b) => figureOf(a) - figureOf(b))[0];
}
function fastest(row: Row, columns: readonly Entry["column"][]): Entry | undefined {
  return columns
    .map((column) => bestOf(row, column))
    .filter((entry) => entry !== undefined)
    .toSorted((a, b) => figureOf(a) - figureOf(b))[0];
}
function isMeasured({ rounds }: Entry): boolean {
  return rounds.length > 0;
}
function figureOf({ rounds }: Entry): number {
  return median(rounds);
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

/** The rounds of every entry, and nothing that can be worked out from them. */
function trimmed({ date, node, platform, processors, quick, rows }: Run, note: string | undefined): Run {
  return {
    date,
    node,
    platform,
    processors,
    quick,
    ...(note !== undefined && { note }),
    rows: rows.map(({ name, unit, entries, required }) => ({
      name,
      unit,
      required,
      entries: entries.map(({ column, name: by, how, operations, rounds }) => ({
        column,
        name: by,
        how,
        operations,
        rounds: rounds.map((round) => Number(round.toPrecision(4))),
      })),
    })),
  };
}

if (import.meta.main) {
  const file = process.argv[2] ?? fileURLToPath(new URL("../results/latest.json", import.meta.url));
  const run = trimmed(JSON.parse(readFileSync(file, "utf8")) as Run, process.argv[3]);
  writeFileSync(new URL("run.json", folder), `${JSON.stringify(run, null, 1)}\n`);
  for (const [path, text] of Object.entries(documents(run, readFileSync(readme, "utf8")))) {
    writeFileSync(new URL(path, folder), text);
  }
}
