/**
 * Runs the cases of a rule in every linter that loads the plugin: ESLint 10 and 9 with the parser of
 * typescript-eslint, and oxlint.
 */
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
  tester.it = it as typeof tester.it;
}

export function testRule(
  name: string,
  rule: Rule.RuleModule,
  cases: { readonly right: readonly RightCase[]; readonly wrong: readonly (string | WrongCase)[] },
): void {
  it(`${name} has at least 15 cases of each kind`, () => {
    expect(cases.right.length).toBeGreaterThanOrEqual(15);
    expect(cases.wrong.length).toBeGreaterThanOrEqual(15);
  });

  const common = ({
    options,
    filename = "file.ts",
    ...rest
  }: Pick<WrongCase, "options" | "filename"> & { code: string }) => ({
    ...rest,
    name: rest.code,
    filename,
    ...(options !== undefined && { options: [options] }),
  });
  const asWritten = <C extends { readonly code: string }>(each: string | C) =>
    typeof each === "string" ? ({ code: each } as C) : each;
  const tests = () => ({
    valid: cases.right.map((each) => common(asWritten(each))),
    invalid: cases.wrong.map((each) => {
      const { says, suggests, fixed, ...rest } = asWritten<WrongCase>(each);
      const output = fixed === undefined ? {} : { output: fixed };
      if (says === undefined && suggests === undefined) return { ...common(rest), ...output, errors: 1 };
      const ids = says ?? [];
      const errors = ids.map((messageId, i) => ({
        messageId,
        ...(i === 0 && suggests !== undefined && { suggestions: [...suggests] }),
      }));
      return { ...common(rest), ...output, errors: suggests === undefined ? ids.length : errors };
    }),
  });

  const languageOptions = { parser, ecmaVersion: 2026, sourceType: "module" };
  describe("in ESLint 10", () =>
    new Eslint10({ languageOptions } as never).run(name, rule, tests() as never));
  describe("in ESLint 9", () =>
    new Eslint9({ languageOptions } as never).run(name, rule as never, tests() as never));
  describe("in oxlint", () => {
    new Oxlint({ eslintCompat: true }).run(name, rule as never, tests() as never);
  });
}
