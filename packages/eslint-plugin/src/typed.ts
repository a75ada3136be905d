/**
 * `eslint-plugin-millrace/typed`: what only a type checker can see.
 *
 * It asks the parser of typescript-eslint if that has types (TypeScript 5 and 6), and TypeScript 7 itself
 * otherwise, in ESLint and in oxlint alike.
 */
import type { Linter, Rule } from "eslint";
import { noFloatingFuture } from "./typed/no-floating-future.ts";

/** The plugin as ESLint and oxlint take it. */
export interface MillraceTypedPlugin {
  /** Who it is, for the caches and messages of a linter. */
  readonly meta: { readonly name: string; readonly version: string; readonly namespace: string };
  /** The rules by name, for a configuration of your own. */
  readonly rules: Record<string, Rule.RuleModule>;
  /** The preset, which turns the rule without types off. */
  readonly configs: { readonly recommended: Linter.Config };
}

/** The rules that need types, and their preset. */
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
