/**
 * `npm run bench`: measures every row, prints the table and writes `results/latest.json`.
 * It is a report: it exits with 0 whatever the figures are. See ../README.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { bundleSize } from "./bundle-size.ts";
import { series } from "./growth.ts";
import { inChild } from "./child.ts";
import { describe, operationsOf, type Sample } from "./measure.ts";
import {
  type Entry,
  GROWTH_HEADER,
  HEADER,
  mark,
  ratioTo,
  renderRow,
  renderSlope,
  type Row,
  slopeMark,
  UNITS,
} from "./report.ts";
import type { Slope } from "./slope.ts";
import { median } from "./statistics.ts";
import { renderTable } from "./table.ts";
import { takeTurns } from "./turns.ts";
import type { Contender, ProcessMetric, Workload } from "./workload.ts";
import { workloads } from "./workloads/index.ts";

const BUNDLE_ROW = "minified + gzip, spawn + sleep + join";
const BUNDLE_LIMIT_KB = 4.5;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    contender: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    wall: { type: "boolean", default: false },
  },
});
const { only, contender: onlyContender, quick, wall } = options;
const turnRounds = Number(options.rounds ?? (quick ? 2 : 5));
const freshRounds = Number(options.rounds ?? (quick ? 1 : 3));

const rows: Row[] = [];
for (const workload of workloads) {
  if (!isSelected(workload.name, ...workload.measures.map(({ label }) => label ?? ""))) continue;
  const contenders = workload.contenders.filter(isWanted);
  if (contenders.length === 0) continue;
  progress(workload.name);
  rows.push(
    ...(workload.method === "turns"
      ? await turnRows(workload, contenders)
      : await freshRows(workload, contenders)),
  );
}
if (isSelected(BUNDLE_ROW) && onlyContender === "") {
  progress(BUNDLE_ROW);
  rows.push(await bundleRow());
}
const slopes: Slope[] = [];
const failures: string[] = [];
for (const { name } of series) {
  if (!isSelected(`growth ${name}`) || onlyContender !== "") continue;
  progress(`growth: ${name}`);
  try {
    slopes.push(await inChild({ kind: "growth", series: name, quick }));
  } catch (error) {
    failures.push(`growth, ${name}: ${describe(error)}`);
  }
}

if (rows.length > 0) console.log(`\n${renderTable(HEADER, rows.map(renderRow))}`);
if (slopes.length > 0)
  console.log(
    `\n${renderTable(
      GROWTH_HEADER,
      slopes.map((slope) => renderSlope(slope, slopes)),
    )}`,
  );
if (rows.length + slopes.length === 0) console.log(`No row's name contains "${only}".`);
for (const row of rows) {
  for (const { name, error } of row.entries) {
    if (error !== undefined) failures.push(`${row.name}, ${name}: ${error}`);
  }
}
for (const failure of failures) console.log(`failed: ${failure}`);
writeResults();

async function turnRows(workload: Workload, contenders: readonly Contender[]): Promise<Row[]> {
  const names = contenders.map(({ name }) => name);
  const figures = await takeTurns(workload, names, { rounds: turnRounds, quick, wall });
  return workload.measures.map(({ metric, label, required }) => ({
    name: label ?? workload.name,
    unit: UNITS[metric].unit,
    entries: contenders.map((contender, index): Entry => {
      const measured = figures[index]!;
      const base = describeEntry(workload, contender);
      if ("error" in measured) return { ...base, rounds: [], error: measured.error };
      return {
        ...base,
        rounds: metric === "p50" || metric === "p99" ? measured[metric] : measured.time,
      };
    }),
    required,
  }));
}

async function freshRows(workload: Workload, contenders: readonly Contender[]): Promise<Row[]> {
  const samples = contenders.map((): Readonly<Record<ProcessMetric, number>>[] => []);
  const errors = new Map<number, string>();
  for (let round = 0; round < freshRounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      if (errors.has(index)) continue;
      const sample = await freshSample(workload, contender);
      if ("error" in sample) errors.set(index, sample.error);
      else samples[index]!.push(sample);
    }
  }
  return workload.measures.map(({ metric, label, required }) => ({
    name: label ?? workload.name,
    unit: UNITS[metric].unit,
    required,
    entries: contenders.map((contender, index): Entry => {
      const base = describeEntry(workload, contender);
      const error = errors.get(index);
      if (error !== undefined) return { ...base, rounds: [], error };
      return {
        ...base,
        rounds: samples[index]!.map((sample) => sample[metric as ProcessMetric] / UNITS[metric].size),
      };
    }),
  }));
}

async function freshSample(workload: Workload, contender: Contender): Promise<Sample> {
  try {
    return await inChild({ kind: "fresh", workload: workload.name, contender: contender.name, quick });
  } catch (error) {
    return { error: describe(error) };
  }
}

async function bundleRow(): Promise<Row> {
  const programs = [
    { column: "effect", name: "effect", program: "effect" },
    { column: "peer", name: "Effection", program: "effection" },
    { column: "yield*", name: "yield*", program: "millrace" },
  ] as const;
  const entries: Entry[] = [];
  for (const { column, name, program } of programs) {
    const base = { column, name, how: `bundles/${program}.ts`, operations: 1 };
    try {
      entries.push({ ...base, rounds: [(await bundleSize(program)) / 1000] });
    } catch (error) {
      entries.push({ ...base, rounds: [], error: describe(error) });
    }
  }
  return {
    name: BUNDLE_ROW,
    unit: "KB",
    entries,
    required: [{ column: "yield*", limit: BUNDLE_LIMIT_KB }],
  };
}

function describeEntry(workload: Workload, contender: Contender): Omit<Entry, "rounds" | "error"> {
  const { column, name, how } = contender;
  return { column, name, how, operations: operationsOf(workload, contender, quick) };
}

function isSelected(...names: readonly string[]): boolean {
  return names.some((name) => name.toLowerCase().includes(only.toLowerCase()));
}

function isWanted({ column, name }: Contender): boolean {
  return onlyContender === "" || onlyContender === column || onlyContender === name;
}

function progress(name: string): void {
  process.stderr.write(`measuring ${name}\n`);
}

function writeResults(): void {
  const results = {
    date: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processors: availableParallelism(),
    quick,
    wall,
    rows: rows.map((row) => ({
      ...row,
      entries: row.entries.map((entry) => ({ ...entry, median: median(entry.rounds) })),
      ratio: { yield: ratioTo(row, "yield*"), await: ratioTo(row, "await") },
      mark: mark(row),
    })),
    growth: slopes.map((slope) => ({ ...slope, mark: slopeMark(slope, slopes) })),
  };
  const folder = new URL("../results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL("latest.json", folder), `${JSON.stringify(results, null, 2)}\n`);
}
