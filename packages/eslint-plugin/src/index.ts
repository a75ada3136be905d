/**
 * `eslint-plugin-millrace`: the pitfalls of concurrent programs, caught before they run.
 *
 * For ESLint 9 and 10, in `eslint.config.js`:
 *
 *     import millrace from "eslint-plugin-millrace";
 *     export default [millrace.configs.recommended];
 *
 * For oxlint, in `.oxlintrc.json`: `"jsPlugins": ["eslint-plugin-millrace"]`.
 */
import type { Linter, Rule } from "eslint";
import { recommended, rules, strict } from "./presets.ts";

export interface MillracePlugin {
  readonly meta: { readonly name: string; readonly version: string; readonly namespace: string };
  readonly rules: Record<string, Rule.RuleModule>;
  readonly configs: {
    readonly recommended: Linter.Config;
    readonly strict: Linter.Config;
  };
}

const preset = (name: string, settings: Linter.RulesRecord): Linter.Config => ({
  name: `millrace/${name}`,
  rules: settings,
  // Read when the preset is, because the plugin and its presets hold each other.
  get plugins() {
    return { millrace: plugin };
  },
});

const plugin: MillracePlugin = {
  meta: { name: "eslint-plugin-millrace", version: "0.1.0", namespace: "millrace" },
  rules: { ...rules },
  configs: { recommended: preset("recommended", recommended), strict: preset("strict", strict) },
};

export default plugin;
