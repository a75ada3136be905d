/**
 * What the site does to Markdown that also has to be right when it is read in the repository:
 *  - links to files outside the site (sources, tests) become plain text that names the file;
 *  - pictures in `figures/` are put into the page, so that they follow its light and dark colours.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { MarkdownRenderer } from "vitepress";

export const docs: string = fileURLToPath(new URL("..", import.meta.url));

/** Files in the repository that are pages of the site under another name. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "packages/eslint-plugin": "/lint/",
};

export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    const page = (env as { relativePath?: string }).relativePath ?? "";
    for (const { children } of tokens) {
      let isOutside = false;
      for (const token of children ?? []) {
        if (token.type === "link_open") {
          const file = outside(page, token.attrGet("href") ?? "");
          if (file === undefined) continue;
          const known = ELSEWHERE[file];
          if (known !== undefined) {
            token.attrSet("href", known);
            continue;
          }
          isOutside = true;
          token.type = "outside_open";
          token.tag = "span";
          token.attrs = [
            ["class", "in-repository"],
            ["title", file],
          ];
        } else if (token.type === "link_close" && isOutside) {
          isOutside = false;
          token.type = "outside_close";
          token.tag = "span";
        }
      }
    }
  });
}

/** The path from the repository's root when the link leads out of the site. */
function outside(page: string, href: string): string | undefined {
  if (/^(?:\w+:|#|\/)/.test(href)) return undefined;
  const path = join("docs", dirname(page), href.replace(/[#?].*$/, ""));
  return path.startsWith("docs/") ? undefined : path.replace(/\/$/, "");
}

export function figures(md: MarkdownRenderer): void {
  const image = md.renderer.rules.image!;
  md.renderer.rules.image = (tokens, index, options, env, self) => {
    const token = tokens[index]!;
    const source = token.attrGet("src") ?? "";
    if (!/figures\/[\w-]+\.svg$/.test(source)) return image(tokens, index, options, env, self);
    const file = join(docs, "figures", source.replace(/^.*figures\//, ""));
    const svg = readFileSync(file, "utf8")
      .replace(/<style>[^]*?<\/style>/, "")
      .replaceAll(/>\s+</g, "><")
      .trim();
    return `<span class="figure" v-pre role="img" aria-label="${md.utils.escapeHtml(token.content)}">${svg}</span>`;
  };
}

/** For messages. */
export function inRepository(file: string): string {
  return relative(join(docs, ".."), file);
}
