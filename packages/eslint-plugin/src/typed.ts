/**
 * `eslint-plugin-millrace/typed`: what only a type checker can see.
 *
 * It asks the parser of typescript-eslint if that has types (TypeScript 5 and 6), and TypeScript 7 itself
 * otherwise, in ESLint and in oxlint alike.
 */
import type { Linter, Rule } from "eslint";
import { noFloatingFuture } from "./typed/no-floating-future.ts";

export interface MillraceTypedPlugin {
  readonly meta: { readonly name: string; readonly version: string; readonly namespace: string };
  readonly rules: Record<string, Rule.RuleModule>;
  readonly configs: { readonly recommended: Linter.Config };
}

const plugin: MillraceTypedPlugin = {
  meta: { name: "eslint-plugin-millrace-typed", version: "0.1.0", namespace: "millrace-typed" },
  rules: { "no-floating-future": noFloatingFuture },
  configs: {
    recommended: {
      name: "millrace-typed/recommended",
      // The rule without types would say the same of the same lines.
      rules: { "millrace-typed/no-floating-future": "error", "millrace/no-floating-future": "off" },
      get plugins() {
        return { "millrace-typed": plugin };
      },
    },
  },
};

export default plugin;
