/** Histograms of durations, as bars of text. */
import { bucketEnd, percentile } from "@millrace/console";
import { count, precise } from "./text.ts";

/** Eighths of a character. */
const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;
const WIDEST_BAR = 48;

/** A headline, and a line for each bucket from the first that has something in it to the last. */
export function histogram(title: string, counts: readonly number[], width: number): string[] {
  const first = counts.findIndex((n) => n > 0);
  if (first < 0) return [];
  const last = counts.findLastIndex((n) => n > 0);
  const shares = [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${precise(percentile(counts, share))}`);
  const shown = counts.slice(first, last + 1);
  const most = Math.max(...shown);
  const room = Math.max(8, Math.min(WIDEST_BAR, width - 24));
  return [
    `${title}   ${shares.join("  ")}`,
    ...shown.map((n, i) => {
      const label = `< ${precise(bucketEnd(first + i))}`.padStart(11);
      return `${label} ${bar((n / most) * room)} ${count(n)}`;
    }),
  ];
}

function bar(length: number): string {
  const eighths = length > 0 ? Math.max(1, Math.round(length * 8)) : 0;
  return "█".repeat(Math.floor(eighths / 8)) + PARTS[eighths % 8]!;
}
