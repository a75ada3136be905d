/** Every link of the site leads to a page that is there, and every anchor to a heading that is on it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { createMarkdownRenderer, type DefaultTheme } from "vitepress";
import { beforeAll, expect, test } from "vitest";
import config from "../.vitepress/config.ts";
import { pages as guidePages } from "../.vitepress/guide.ts";
import { expand, llmsSections, regionOf } from "../.vitepress/llms.ts";
import { figures, repositoryLinks } from "../.vitepress/markdown.ts";
import rules from "../lint/[rule].paths.ts";
import { docs, programs } from "./programs.ts";

interface Page {
  readonly ids: ReadonlySet<string>;
  readonly links: readonly string[];
}

const paths = readdirSync(docs, { recursive: true, encoding: "utf8" })
  .filter(
    (file) =>
      /^(?!README|node_modules|.*\[)[\w/-]+\.md$/.test(file) && !/^(performance|reliability)\//.test(file),
  )
  .map((file) => file.slice(0, -".md".length));
const sources: ReadonlyMap<string, string> = new Map([
  ...paths.map((path) => [path, expand(path)] as const),
  ...rules.paths().map(({ params, content }) => [`lint/${params.rule}`, content] as const),
]);
const pages = new Map<string, Page>();

beforeAll(async () => {
  const md = await createMarkdownRenderer(docs, {
    highlight: (code) => code,
    config(renderer) {
      repositoryLinks(renderer);
      figures(renderer);
    },
  });
  for (const [path, text] of sources) {
    const html = md.render(text, {
      path: join(docs, `${path}.md`),
      relativePath: `${path}.md`,
      cleanUrls: false,
    });
    pages.set(path, {
      ids: new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!)),
      links: [...html.matchAll(/<a [^>]*?href="([^"]+)"/g)].map(([, href]) => decodeURI(href!)),
    });
  }
}, 60_000);

test.each([...sources.keys()])("%s", (path) => {
  const { links } = pages.get(path)!;
  expect(links.map((href) => problemOf(path, href)).filter((problem) => problem !== undefined)).toEqual([]);
});

test("the bars and the start page", () => {
  const { nav, sidebar } = config.themeConfig!;
  const links = [...linksOf(nav!), ...linksOf(sidebar as DefaultTheme.SidebarItem[])];
  links.push(
    ...[...readFileSync(join(docs, "index.md"), "utf8").matchAll(/^ +link: (.*)$/gm)].map(
      ([, link]) => link!,
    ),
  );
  expect(links.length).toBeGreaterThan(40);
  expect(links.map((href) => problemOf("index", href)).filter((problem) => problem !== undefined)).toEqual(
    [],
  );
});

test("the guide has a page for every pattern, and each shows its program", () => {
  expect(guidePages.map(({ number }) => number)).toEqual(Array.from({ length: 26 }, (_, i) => i + 1));
  for (const { path } of guidePages) {
    const source = readFileSync(join(docs, `${path}.md`), "utf8");
    expect(source, path).toMatch(/^<<< @\/programs\/\d\d-/m);
    expect(source, path).toContain("## What can go wrong");
  }
});

test("every page is in the text for programs that read, but those that only a browser can show", () => {
  const told = llmsSections().flatMap(([, list]) => list.map(({ path }) => path));
  expect(told.toSorted()).toEqual(
    [...sources.keys()].filter((path) => path !== "index" && path !== "playground").toSorted(),
  );
});

test("the index of the examples has a line for each, with its command", () => {
  const examples = join(docs, "../examples");
  const index = readFileSync(join(examples, "README.md"), "utf8");
  for (const { name } of readdirSync(examples, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    expect(index).toMatch(
      new RegExp(`^- \\[${name}\\]\\(${name}/README\\.md\\): .*\`npm (start|run example .*)\`$`, "m"),
    );
  }
});

test("what a page takes from a file is there", () => {
  for (const path of paths) {
    for (const [, file, region] of readFileSync(join(docs, `${path}.md`), "utf8").matchAll(
      /^<<< @\/(\S+?)(?:#([\w-]+))?(?: .*)?$/gm,
    )) {
      expect(existsSync(join(docs, file!)), `${path}: ${file}`).toBe(true);
      if (region !== undefined)
        expect(regionOf(readFileSync(join(docs, file!), "utf8"), region)).not.toBe("");
    }
    for (const [, name] of readFileSync(join(docs, `${path}.md`), "utf8").matchAll(/<RunIt name="(.*?)"/g)) {
      expect(
        programs.some((program) => program.name === name && program.isYield),
        `${path}: ${name}`,
      ).toBe(true);
    }
  }
});

function problemOf(from: string, href: string): string | undefined {
  if (/^\w+:/.test(href)) return undefined;
  const [file = "", anchor] = href.split("#");
  const target =
    file === ""
      ? from
      : posix.join("/", file.startsWith("/") ? file : posix.join(dirname(from), file)).slice(1);
  const path = target.replace(/\.(html|md)$/, "").replace(/(^|\/)$/, "$1index");
  const page = pages.get(path);
  if (page === undefined) return `${href}: no page ${path}`;
  return anchor === undefined || page.ids.has(anchor) ? undefined : `${href}: ${path} has no ${anchor}`;
}

interface Item {
  readonly link?: string;
  readonly items?: readonly Item[];
}
function linksOf(items: readonly unknown[]): string[] {
  return (items as readonly Item[]).flatMap(({ link, items: below = [] }) => [
    ...(link === undefined ? [] : [link]),
    ...linksOf(below),
  ]);
}
