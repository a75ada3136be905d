/** The page of errors and the error classes are in step. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { docs } from "./programs.ts";

const packages = join(docs, "../packages");
const sources = readdirSync(packages, { recursive: true, encoding: "utf8" })
  .filter((file) => /^[^/]+\/src\/.*\.ts$/.test(file) && !file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(packages, file), "utf8"));

/** Every class with a literal `code`, by that code. */
const declared = new Map(
  sources.flatMap((source) =>
    [
      ...source.matchAll(
        /class (\w+Error)\b[^{]*\{(?:(?!\nclass |\nexport class )[^])*?readonly code: [^=\n]*= "(\w+)"/g,
      ),
    ].map(([, name, code]) => [code!, name!] as const),
  ),
);
const page = readFileSync(join(docs, "errors.md"), "utf8");
const sections = page.split(/^### /m).slice(1);

test("every code has a section, and no section is of a code that is gone", () => {
  expect(declared.size).toBeGreaterThan(12);
  expect(new Set(sections.map((section) => section.split("\n")[0]))).toEqual(new Set(declared.keys()));
  expect(sections).toHaveLength(declared.size);
});

test.each(sections.map((section) => [section.split("\n")[0]!, section] as const))(
  "%s: its class, why, and what to do",
  (code, section) => {
    expect(section).toContain(`**\`${declared.get(code)}\`**`);
    expect(section).toMatch(/\*\*Why\.\*\* \S/);
    expect(section).toMatch(/\*\*What to do\.\*\* \S/);
  },
);
