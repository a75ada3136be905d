/** The table at the end, and what to do after an interruption. */
import { relative } from "node:path";
import { byteSize } from "./byte-size.ts";
import { failureKinds } from "./failure.ts";
import type { Options } from "./options.ts";
import { countFailures, type ProgressSnapshot } from "./progress.ts";

export function formatReport(summary: ProgressSnapshot): string {
  const { stored, alreadyStored, bytes, duplicates, retries, failures, elapsed, peakTasks } = summary;
  const rate = stored / (elapsed / 1000);
  const kinds = failureKinds.filter((kind) => failures.has(kind));
  const rows: readonly (readonly [label: string, value: string])[] = [
    ["documents", `${stored}`],
    ["already stored", `${alreadyStored}`],
    ["bytes", `${bytes} (${byteSize(bytes)})`],
    ["duplicates", `${duplicates}`],
    ["retries", `${retries}`],
    ["failures", `${countFailures(summary)}`],
    ...kinds.map((kind) => [`  ${kind}`, `${failures.get(kind)}`] as const),
    ["elapsed", `${(elapsed / 1000).toFixed(2)} s`],
    ["documents per second", rate.toFixed(rate < 10 ? 1 : 0)],
    ["peak tasks", `${peakTasks}`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join("\n");
}

/** The last line: where the documents are, and what is left to do. */
export function formatClosing(
  summary: ProgressSnapshot,
  { database }: Options,
  isInterrupted: boolean,
): string {
  const db = withoutPassword(database);
  const { total, stored, alreadyStored } = summary;
  if (isInterrupted) {
    const count = `${stored + alreadyStored} of ${total} documents are stored in ${db}`;
    return `Interrupted: ${count}. To go on from there, run the same command again:\n  ${commandLine()}`;
  }
  if (stored === 0 && alreadyStored > 0) {
    return `Nothing to fetch: ${alreadyStored} of ${total} documents were in ${db} already. Delete it to harvest them anew.`;
  }
  return `The documents are in ${db}.`;
}

function withoutPassword(database: string): string {
  return database.replace(/^(\w+:\/\/)[^/]*@/, "$1");
}

function commandLine(): string {
  const [, program = "", ...args] = process.argv;
  const isNpmStart = process.env["npm_lifecycle_event"] === "start";
  const words = isNpmStart
    ? ["npm", "start", ...(args.length > 0 ? ["--", ...args] : [])]
    : ["node", ...process.execArgv, relative(".", program), ...args];
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}
