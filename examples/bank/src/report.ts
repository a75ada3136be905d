/** The summary, as a table. */
import type { Summary } from "./run.ts";

export function formatReport(summary: Summary, reported: number): string {
  const { options, audit, volume } = summary;
  const rows: readonly (readonly [label: string, value: string])[] = [
    ["accounts", `${options.accounts}`],
    ["transfers", `${options.transfers}, ${options.atOnce} at once`],
    ["completed", `${summary.completed} (${volume.moved} moved)`],
    ["refused", `${summary.refused}, for want of money`],
    ["injected", `${summary.crashes} crashes, ${summary.stalls} stalls`],
    ["restarts", `${summary.restarts}`],
    ["asked again", `${summary.retries} times`],
    ["failures reported", `${reported}, of messages that nobody waited for`],
    ["money before", `${audit.before}`],
    ["money after", `${audit.after}`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
  const verdict =
    audit.complaints.length === 0
      ? "Not a coin was lost: the accounts, the orders and the journal agree."
      : audit.complaints.map((complaint) => `COMPLAINT: ${complaint}`).join("\n");
  return [...lines, verdict].join("\n");
}
