/** Rows of text in columns, as wide as what is in them; the last takes what is left. */
import cliTruncate from "cli-truncate";
import stringWidth from "string-width";
import { harmless } from "./text.ts";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Numbers are. */
  readonly isRight?: boolean;
  text(row: Row): string;
  /** What rows are sorted by; numbers from the largest, texts from the first. */
  order(row: Row): number | string;
}

/** No column but the last is wider. */
const WIDEST = 32;

/** A header, and a line for each row; none is wider than `width`. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  mark: { readonly key: string; readonly sign: string } | null = null,
): { readonly header: string; readonly lines: readonly string[] } {
  const titles = columns.map(({ key, title }) => (key === mark?.key ? `${title}${mark.sign}` : title));
  const cells = rows.map((row) => columns.map((column) => harmless(column.text(row))));
  const last = columns.length - 1;
  const widths = titles.map((title, i) => {
    const all = [title, ...cells.map((row) => row[i]!)];
    const most = all.reduce((widest, text) => Math.max(widest, stringWidth(text)), 0);
    return i === last ? most : Math.min(most, WIDEST);
  });
  const line = (texts: readonly string[]): string => {
    const padded = texts.map((text, i) => {
      const short = i === last ? text : cliTruncate(text, widths[i]!);
      const space = " ".repeat(Math.max(0, widths[i]! - stringWidth(short)));
      if (i === last) return short;
      return columns[i]!.isRight === true ? `${space}${short}` : `${short}${space}`;
    });
    const whole = padded.join("  ").trimEnd();
    return width === Infinity ? whole : cliTruncate(whole, width);
  };
  return { header: line(titles), lines: cells.map(line) };
}

export function sorted<Row>(rows: readonly Row[], column: Column<Row>, isInverted: boolean): Row[] {
  const sign = isInverted ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [column.order(a), column.order(b)];
    if (x === y) return 0;
    if (typeof x === "number" && typeof y === "number") return sign * (y - x);
    return sign * (String(x) < String(y) ? -1 : 1);
  });
}
