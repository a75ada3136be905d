/** The pages of the guide, in the order in which they teach, by what they are about. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Page {
  readonly number: number;
  readonly title: string;
  /** From the root of the site, without an extension. */
  readonly path: string;
}

const PARTS: readonly (readonly [title: string, last: number])[] = [
  ["First steps", 8],
  ["How it works", 11],
  ["Building blocks", 19],
  ["Pitfalls", 25],
  ["Servers", Infinity],
];

const folder = fileURLToPath(new URL("../guide/", import.meta.url));

export const pages: readonly Page[] = readdirSync(folder)
  .filter((file) => /^\d\d-.*\.md$/.test(file))
  .toSorted()
  .map((file) => ({
    number: Number(file.slice(0, 2)),
    title: /^# (.*)$/m.exec(readFileSync(folder + file, "utf8"))![1]!.replaceAll("`", ""),
    path: `/guide/${file.slice(0, -".md".length)}`,
  }));

/** The same, for the sidebar. */
export function sidebar(): { text: string; collapsed: boolean; items: { text: string; link: string }[] }[] {
  let first = 0;
  return PARTS.map(([text, last]) => {
    const items = pages
      .filter(({ number }) => number > first && number <= last)
      .map(({ number, title, path }) => ({ text: `${number}. ${title}`, link: path }));
    first = last;
    return { text, collapsed: false, items };
  }).filter(({ items }) => items.length > 0);
}
