/**
 * Every ```ts block, in the documents and in the comments of the sources, is a whole program: it compiles
 * as it stands, runs to its end, and prints the ```text block that comes after it, if one does.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "./comparison.ts";
import { readTree } from "./source-graph.ts";

interface Program {
  /** The document, and the line its block starts at. */
  readonly origin: string;
  readonly file: string;
  readonly code: string;
  readonly prints: string | undefined;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = join(root, ".cache/documents");
const markdownIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file));
const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}`);
const documents = [".", "docs", "examples/bank", "examples/harvest", ...packages].flatMap(markdownIn);

const sources = packages.flatMap((folder) =>
  readTree(join(root, folder, "src"))
    .filter(({ path }) => path.endsWith(".ts"))
    .map(({ path }) => `${folder}/src/${path}`),
);

const programs: readonly Program[] = [...documents, ...sources].flatMap((document) => {
  const text = document.endsWith(".ts") ? read(document).replaceAll(/^ *\* ?/gm, "") : read(document);
  const fences = [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)];
  return fences.flatMap(([, language, code], i) => {
    if (language !== "ts") return [];
    const next = fences[i + 1];
    const line = text.slice(0, fences[i]!.index).split("\n").length;
    return {
      origin: `${document}:${line}`,
      file: join(scratch, `${document.replaceAll(/\W/g, "-")}-${line}.ts`),
      code: code!,
      prints: next?.[1] === "text" ? next[2] : undefined,
    };
  });
});

beforeAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  for (const { file, code } of programs) writeFileSync(file, code);
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(
    join(scratch, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: { noEmit: true },
      include: ["*.ts"],
    }),
  );
});

describe("the programs in documents and comments", () => {
  test("compile", { timeout: 120_000 }, async () => {
    expect(await compile(join(scratch, "tsconfig.json"))).toBe("");
  });

  const named = programs.map((program) => [program.origin, program] as const);
  test.concurrent.each(named)("%s runs", { timeout: 90_000 }, async (_, { file, prints }) => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@millrace/source", file], {
      env: { ...process.env, NO_COLOR: "1" },
    });
    if (prints !== undefined) expect(stdout).toBe(prints);
  });
});

test.each(documents)("%s links to files that exist", (document) => {
  const links = [...read(document).matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!);
  // The site's own links leave the ending out.
  const isThere = (target: string): boolean =>
    existsSync(join(root, dirname(document), target)) ||
    (document.startsWith("docs/") && existsSync(join(root, dirname(document), `${target}.md`)));
  expect(links.filter((target) => !isThere(target))).toEqual([]);
});

function read(document: string): string {
  return readFileSync(join(root, document), "utf8");
}
