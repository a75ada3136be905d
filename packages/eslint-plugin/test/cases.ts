/**
 * Runs the cases of a rule in every linter that loads the plugin: ESLint 10 and 9 with the parser of
 * typescript-eslint, and oxlint.
 */
import { join } from "node:path";
import { RuleTester as Eslint10 } from "eslint";
import type { Rule } from "eslint";
import { RuleTester as Eslint9 } from "eslint-9";
import { RuleTester as Oxlint } from "oxlint/plugins-dev";
import { describe, expect, it } from "vitest";
import { parser } from "./typescript-parser.ts";

export interface WrongCase {
  readonly code: string;
  /** The names of the messages; one message of any name if left out. */
  readonly says?: readonly string[];
  /** The code after each suggestion for the first message. */
  readonly suggests?: readonly { readonly messageId: string; readonly output: string }[];
  /** The code after the fix. */
  readonly fixed?: string;
  readonly options?: object;
  readonly filename?: string;
  readonly settings?: Record<string, unknown>;
}

export type RightCase = string | Pick<WrongCase, "code" | "options" | "filename" | "settings">;

for (const tester of [Eslint10, Eslint9, Oxlint]) {
  tester.describe = describe;
  // The first case of a linter waits until its parser and its types are there.
  tester.it = ((name: string, run: () => void) => it(name, { timeout: 60_000 }, run)) as typeof tester.it;
}

export function testRule(
  name: string,
  rule: Rule.RuleModule,
  cases: { readonly right: readonly RightCase[]; readonly wrong: readonly (string | WrongCase)[] },
): void {
  enough(name, cases);
  const languageOptions = { parser, ecmaVersion: 2026, sourceType: "module" };
  describe("in ESLint 10", () =>
    new Eslint10({ languageOptions } as never).run(name, rule, asTests(cases) as never));
  describe("in ESLint 9", () =>
    new Eslint9({ languageOptions } as never).run(name, rule as never, asTests(cases) as never));
  describe("in oxlint", () => {
    new Oxlint({ eslintCompat: true }).run(name, rule as never, asTests(cases) as never);
  });
}

/** The cases of a rule that needs types, with those of TypeScript 7 and of typescript-eslint. */
export function testTypedRule(
  name: string,
  rule: Rule.RuleModule,
  folder: string,
  cases: { readonly right: readonly string[]; readonly wrong: readonly (string | WrongCase)[] },
): void {
  const filename = join(folder, "case.ts");
  const inFolder = <C>(each: string | C) => ({
    ...(typeof each === "string" ? { code: each } : each),
    filename,
  });
  const tests = asTests({
    right: cases.right.map(inFolder),
    wrong: cases.wrong.map(inFolder) as WrongCase[],
  });
  enough(name, cases);
  const languageOptions = { parser, ecmaVersion: 2026, sourceType: "module" };
  const parserOptions = { projectService: true, tsconfigRootDir: folder };
  describe("in ESLint, with types of TypeScript 7", () => {
    new Eslint10({ languageOptions } as never).run(name, rule, tests as never);
  });
  describe("in ESLint, with types of typescript-eslint", () => {
    new Eslint10({ languageOptions: { ...languageOptions, parserOptions } } as never).run(
      name,
      rule,
      tests as never,
    );
  });
  describe("in oxlint, with types of TypeScript 7", () => {
    new Oxlint({ eslintCompat: true, cwd: folder }).run(name, rule as never, tests as never);
  });
}

function enough(
  name: string,
  cases: { readonly right: readonly unknown[]; readonly wrong: readonly unknown[] },
): void {
  it(`${name} has at least 15 cases of each kind`, () => {
    expect(cases.right.length).toBeGreaterThanOrEqual(15);
    expect(cases.wrong.length).toBeGreaterThanOrEqual(15);
  });
}

/** The form that both makes of rule testers understand. */
function asTests(cases: {
  readonly right: readonly RightCase[];
  readonly wrong: readonly (string | WrongCase)[];
}) {
  return {
    valid: cases.right.map((each) => common(asWritten(each))),
    invalid: cases.wrong.map((each) => {
      const { says, suggests, fixed, ...rest } = asWritten<WrongCase>(each);
      const output = fixed === undefined ? {} : { output: fixed };
      if (says === undefined || suggests === undefined) {
        return { ...common(rest), ...output, errors: says?.length ?? 1 };
      }
      const [first, ...others] = says;
      const errors = [
        { messageId: first, suggestions: [...suggests] },
        ...others.map((messageId) => ({ messageId })),
      ];
      return { ...common(rest), ...output, errors };
    }),
  };
}

function asWritten<C extends { readonly code: string }>(each: string | C): C {
  return typeof each === "string" ? ({ code: each } as C) : each;
}

function common({
  options,
  filename = "file.ts",
  ...rest
}: Pick<WrongCase, "code" | "options" | "filename">) {
  return { ...rest, name: rest.code, filename, ...(options !== undefined && { options: [options] }) };
}
