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

/** The plugin as ESLint and oxlint take it. */
export interface MillracePlugin {
  /** Who it is, for the caches and messages of a linter. */
  readonly meta: { readonly name: string; readonly version: string; readonly namespace: string };
  /** The rules by name, for a configuration of your own. */
  readonly rules: Record<string, Rule.RuleModule>;
  /** Presets: `recommended`, which warns where it may be wrong, and `strict`, which never only warns. */
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

/** All rules that need no types, and their presets. */
const plugin: MillracePlugin = {
  meta: { name: "eslint-plugin-millrace", version: "0.1.0", namespace: "millrace" },
  rules: { ...rules },
  configs: { recommended: preset("recommended", recommended), strict: preset("strict", strict) },
};

export default plugin;
