/** Rules, pages, presets and the README say the same. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Linter } from "eslint";
import { describe, expect, test } from "vitest";
import plugin from "../src/index.ts";
import typed from "../src/typed.ts";
import { parser } from "./typescript-parser.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const names = Object.keys(plugin.rules);
const typedFolder = fileURLToPath(new URL("typed", import.meta.url));

test("every rule has its file, its test and its page beside it, and nothing else is there", () => {
  const files = readdirSync(new URL("../src/rules", import.meta.url)).toSorted();
  expect(files).toEqual(names.flatMap((name) => [`${name}.md`, `${name}.test.ts`, `${name}.ts`]).toSorted());
});

test.each(["recommended", "strict"] as const)("the preset %s has every rule, and is valid", (preset) => {
  const config = plugin.configs[preset];
  expect(Object.keys(config.rules ?? {})).toEqual(names.map((name) => `millrace/${name}`));
  expect(new Linter().verify("export {};", config)).toEqual([]);
});

test("the version is the package's", () => {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  expect([plugin.meta.version, typed.meta.version]).toEqual([version, version]);
});

test("the README lists every rule with its page and its description", () => {
  const rows = [...read("README.md").matchAll(/^\| \[([\w-]+)\]\((\S+)\) +\| (.*?) +\|/gm)];
  expect(rows.map(([, name, , text]) => [name, text])).toEqual([
    ...names.map((name) => [name, plugin.rules[name]?.meta?.docs?.description]),
    ["no-floating-future", typed.rules["no-floating-future"]?.meta?.docs?.description],
  ]);
  for (const [, , target] of rows)
    expect(existsSync(new URL(`../${target}`, import.meta.url)), target).toBe(true);
});

const pages = [
  ...names.map((name) => ({ name, path: `src/rules/${name}.md`, from: plugin, namespace: "millrace" })),
  {
    name: "no-floating-future",
    path: "src/typed/no-floating-future.md",
    from: typed,
    namespace: "millrace-typed",
  },
];

describe.each(pages)("the page $path", ({ name, path, from, namespace }) => {
  const page = read(path);
  const rule = from.rules[name];

  test("begins with the name and the description of the rule", () => {
    const [title, description] = page.split("\n\n");
    expect(title).toMatch(new RegExp(`^# ${name}(?:, with types)?$`));
    expect(description).toBe(`${rule?.meta?.docs?.description}.`);
  });

  test("says how loud the presets are", () => {
    const loud = (preset: "recommended" | "strict") => {
      const entry = plugin.configs[preset].rules?.[`millrace/${name}`];
      return (Array.isArray(entry) ? entry[0] : entry) === "error" ? "error" : "warning";
    };
    if (from === typed) return;
    expect(page).toContain(`\n\`recommended\`: ${loud("recommended")}`);
    expect(page).toContain(`\`strict\`: ${loud("strict")}`);
  });

  test("names every option, and no other", () => {
    const [schema] = (rule?.meta?.schema ?? []) as { properties?: object }[];
    const options = page.split("## Options")[1] ?? "";
    expect([...options.matchAll(/^- `(\w+)`/gm)].map(([, option]) => option)).toEqual(
      Object.keys(schema?.properties ?? {}),
    );
  });

  const examples = (heading: string) => {
    const section = page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
    return [...section.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code!);
  };
  const findings = (code: string) =>
    new Linter({ cwd: process.cwd() }).verify(
      code,
      {
        files: ["**/*.ts"],
        languageOptions: { parser },
        plugins: { [namespace]: from },
        rules: { [`${namespace}/${name}`]: "error" },
      },
      { filename: `${typedFolder}/case.ts` },
    );

  test("has wrong code that is reported, example by example", { timeout: 60_000 }, () => {
    expect(examples("Wrong").length).toBeGreaterThan(0);
    for (const code of examples("Wrong")) {
      expect(
        findings(code).map((finding) => finding.ruleId),
        code,
      ).toContain(`${namespace}/${name}`);
    }
  });

  test("has right code that is not", { timeout: 60_000 }, () => {
    expect(examples("Right").length).toBeGreaterThan(0);
    for (const code of examples("Right")) expect(findings(code), code).toEqual([]);
  });
});
