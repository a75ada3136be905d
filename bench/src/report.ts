/** From measured figures to the table's rows. */
import { FLAT_FACTOR, FLOOR_BYTES, REFERENCE, type Slope } from "./slope.ts";
import { median, pairedRatio } from "./statistics.ts";
import { formatFigure } from "./table.ts";
import type { Column, Metric, Requirement } from "./workload.ts";

export interface Entry {
  readonly column: Column;
  readonly name: string;
  readonly how: string;
  /** How many operations a run was. */
  readonly operations: number;
  /** One figure a round, in the row's unit; empty when the contender failed. */
  readonly rounds: readonly number[];
  readonly error?: string;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly entries: readonly Entry[];
  readonly required: readonly Requirement[];
}

/** `ok` when every requirement is met, `SHORT` when one is not, `FAILED` when ours gave no figure. */
export type Mark = "ok" | "SHORT" | "FAILED" | "";

/** The unit a metric is printed in, and how many of its base units (nanoseconds, bytes) make one. */
export const UNITS: Readonly<Record<Metric, { readonly unit: string; readonly size: number }>> = {
  time: { unit: "ns", size: 1 },
  cpu: { unit: "ns", size: 1 },
  peak: { unit: "MB", size: 1e6 },
  heap: { unit: "B", size: 1 },
  p50: { unit: "ns", size: 1 },
  p99: { unit: "ns", size: 1 },
};

export const HEADER: readonly string[] = [
  "workload",
  "unit",
  "promise",
  "Effect 4",
  "best other peer",
  "ours await",
  "ours yield*",
  "ratio",
  "required",
  "mark",
];

export function renderRow(row: Row): string[] {
  return [
    row.name,
    row.unit,
    variants(row, "promise"),
    variants(row, "effect"),
    bestPeer(row),
    variants(row, "await"),
    variants(row, "yield*"),
    ratios(row),
    requirements(row),
    mark(row),
  ];
}

export function ratioTo(row: Row, column: "await" | "yield*"): number {
  const [ours] = entriesOf(row, column);
  const [promise] = entriesOf(row, "promise");
  if (ours === undefined || promise === undefined || !comparable(ours, promise, row)) return NaN;
  return pairedRatio(ours.rounds, promise.rounds);
}

export function mark(row: Row): Mark {
  let result: Mark = "";
  for (const requirement of row.required) {
    const [ours] = entriesOf(row, requirement.column);
    if (ours === undefined) continue;
    if (ours.rounds.length === 0) return "FAILED";
    if (!isMet(requirement, ours, row)) return "SHORT";
    result = "ok";
  }
  return result;
}

function isMet(requirement: Requirement, ours: Entry, row: Row): boolean {
  if ("ratio" in requirement) return ratioTo(row, requirement.column) <= requirement.ratio;
  if ("limit" in requirement) return median(ours.rounds) <= requirement.limit;
  return [...entriesOf(row, "effect"), ...entriesOf(row, "peer")].every(
    ({ rounds }) => rounds.length === 0 || pairedRatio(ours.rounds, rounds) < 1,
  );
}

export const GROWTH_HEADER: readonly string[] = [
  "growth",
  "unit",
  "among",
  "cost at each",
  "factor",
  "required",
  "left behind",
  "required",
  "mark",
];

export function renderSlope(slope: Slope, slopes: readonly Slope[]): string[] {
  const reference = isReference(slope);
  return [
    `${slope.name}: ${slope.operation}`,
    "ns",
    slope.sizes.map((size) => `10${SUPERSCRIPTS[Math.log10(size)]}`).join(" "),
    slope.costs.map(formatFigure).join(" / "),
    `${slope.factor.toFixed(2)}×`,
    reference ? "" : `≤ ${flatFactor(slopes).toFixed(2)}×`,
    `${formatFigure(slope.retained)} B`,
    reference ? "" : `≤ ${FLOOR_BYTES} B`,
    slopeMark(slope, slopes),
  ];
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶";

export function slopeMark(slope: Slope, slopes: readonly Slope[]): Mark {
  if (isReference(slope)) return "";
  return slope.factor <= flatFactor(slopes) && slope.retained <= FLOOR_BYTES ? "ok" : "SHORT";
}

/** What counts as flat in this run: never stricter than what plain promises manage. */
function flatFactor(slopes: readonly Slope[]): number {
  return Math.max(FLAT_FACTOR, ...slopes.filter(isReference).map(({ factor }) => factor));
}

function isReference(slope: Slope): boolean {
  return slope.name === REFERENCE;
}

function entriesOf(row: Row, column: Column): readonly Entry[] {
  return row.entries.filter((entry) => entry.column === column);
}

/** A total (peak memory) says nothing beside the total of fewer operations. */
function comparable(ours: Entry, other: Entry, row: Row): boolean {
  return row.unit !== UNITS.peak.unit || ours.operations === other.operations;
}

/** All of a column, the first bare, the further ones with their names. */
function variants(row: Row, column: Column): string {
  return entriesOf(row, column)
    .map((entry, index) => (index === 0 ? figure(entry) : `${figure(entry)} ${entry.name}`))
    .join("; ");
}

function bestPeer(row: Row): string {
  const full = Math.max(...row.entries.map((entry) => entry.operations));
  const peers = entriesOf(row, "peer").filter(
    (entry) => entry.rounds.length > 0 && (row.unit !== UNITS.peak.unit || entry.operations === full),
  );
  const [best] = peers.toSorted((a, b) => median(a.rounds) - median(b.rounds));
  return best === undefined ? "" : `${figure(best)} ${best.name}`;
}

function figure(entry: Entry): string {
  return entry.rounds.length === 0 ? "failed" : formatFigure(median(entry.rounds));
}

function ratios(row: Row): string {
  const ofYield = ratioTo(row, "yield*");
  const ofAwait = ratioTo(row, "await");
  const both = row.required.some(({ column }) => column === "await") && Number.isFinite(ofAwait);
  if (!Number.isFinite(ofYield)) return "";
  return both ? `${formatRatio(ofYield)} (await ${formatRatio(ofAwait)})` : formatRatio(ofYield);
}

/** A heap that has shrunk is no negative ratio. */
function formatRatio(ratio: number): string {
  return `${Math.max(0, ratio).toFixed(2)}×`;
}

function requirements(row: Row): string {
  return row.required
    .map((requirement) => {
      const bound = renderBound(requirement, row);
      return requirement.column === "await" ? `await ${bound}` : bound;
    })
    .join(", ");
}

function renderBound(requirement: Requirement, row: Row): string {
  if ("ratio" in requirement) return `≤ ${requirement.ratio}×`;
  return "limit" in requirement ? `≤ ${formatFigure(requirement.limit)} ${row.unit}` : "ahead of peers";
}
