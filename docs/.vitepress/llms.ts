/**
 * `llms.txt`, an index of the site for programs that read, and `llms-full.txt`, all of it in one file: the
 * pages as they are written, with the code that they include.
 */
import { readFileSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pages } from "./guide.ts";
import rules from "../lint/[rule].paths.ts";
import { docs } from "./markdown.ts";

const TOPICS = [
  "cancellation",
  "testing",
  "diagnostics",
  "command",
  "console",
  "opentelemetry",
  "http",
  "data",
  "errors",
  "inside",
  "performance",
  "reliability",
] as const;

interface Page {
  /** Within the site, without its ending. */
  readonly path: string;
  readonly text: string;
}

export async function writeLlmsTexts(outDir: string): Promise<void> {
  const sections = llmsSections();
  const index = sections.map(
    ([title, list]) => `## ${title}\n\n${list.map((page) => `- ${indexLine(page)}`).join("\n")}\n`,
  );
  const full = sections.flatMap(([, list]) => list.map(({ text }) => text));
  await mkdir(outDir, { recursive: true });
  await writeFile(
    join(outDir, "llms.txt"),
    `# millrace\n\n> Tokio's concurrency model for TypeScript: lazy, cancellable futures, tasks that cannot leak, bounded channels, fair locks, streams with back-pressure, virtual time. Everything that waits works with \`await\` and \`yield*\`.\n\nThe whole text: [llms-full.txt](/llms-full.txt)\n\n${index.join("\n")}`,
  );
  await writeFile(join(outDir, "llms-full.txt"), full.join("\n\n"));
}

/** Every page of the site. */
export function llmsSections(): readonly (readonly [title: string, pages: readonly Page[]])[] {
  const read = (path: string): Page => ({ path, text: expand(path) });
  const lint = rules.paths().map(({ params, content }) => ({ path: `lint/${params.rule}`, text: content }));
  return [
    ["Guide", pages.map(({ path }) => read(path.slice(1)))],
    ["Topics", TOPICS.map(read)],
    ["Lint rules", [read("lint/index"), ...lint]],
    ["Coming from", stems("coming-from").map(read)],
  ];
}

/** A page as plain Markdown, what it includes put in. */
export function expand(path: string): string {
  const file = join(docs, `${path}.md`);
  return withoutFrontMatter(readFileSync(file, "utf8"))
    .replaceAll(/^<!--@include: (.*?)-->$/gm, (_, target: string) =>
      readFileSync(join(dirname(file), target.trim()), "utf8").trim(),
    )
    .replaceAll(
      /^<<< (\S+?)(?:#([\w-]+))?(?:\{\w*\})?(?: \[(.*)\])?$/gm,
      (_, target: string, region, label) => {
        const source = target.startsWith("@/") ? join(docs, target.slice(2)) : join(dirname(file), target);
        const text = readFileSync(source, "utf8");
        const code = region === undefined ? text : regionOf(text, region as string);
        const language = source.slice(source.lastIndexOf(".") + 1);
        return `${label === undefined ? "" : `${label}:\n\n`}\`\`\`${language}\n${code.trimEnd()}\n\`\`\``;
      },
    )
    .replaceAll(/^:::.*\n/gm, "")
    .replaceAll(/^<[A-Z]\w* .*\/>\n/gm, "");
}

export function regionOf(text: string, name: string): string {
  const found = new RegExp(`// #region ${name}\\n([^]*?)^\\s*// #endregion ${name}$`, "m").exec(text);
  if (found === null) throw new Error(`no region ${name}`);
  return found[1]!;
}

function indexLine({ path, text }: Page): string {
  const [, title, summary] = /^# (.*)\n\n([^\n]*)/.exec(text)!;
  return `[${title}](/${path}.html): ${summary!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")}`;
}

function withoutFrontMatter(text: string): string {
  return text.replace(/^---\n[^]*?\n---\n+/, "");
}

function stems(folder: string): string[] {
  return readdirSync(join(docs, folder))
    .filter((file) => file.endsWith(".md"))
    .map((file) => relative(docs, join(docs, folder, file.slice(0, -".md".length))));
}
