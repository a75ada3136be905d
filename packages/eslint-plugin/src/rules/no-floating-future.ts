/** A future does nothing until it is awaited; one that is dropped never runs, whatever it is called. */
import type { Rule } from "eslint";
import type * as estree from "estree";
import { fateOf, waitingKeyword } from "../analysis/fate.ts";
import type { Fate } from "../analysis/fate.ts";
import { startOf } from "../analysis/syntax.ts";
import { isLazyFuture } from "../analysis/types.ts";
import { rule } from "../rule.ts";

export const messages = {
  dropped: "This future is dropped, so it never runs: `await` it, `yield*` it or `spawn` it.",
  voided: "`void` does not start a future, so it never runs: `await` it, `yield*` it or `spawn` it.",
  wait: "Wait for it with `{{keyword}}`.",
};

export const noFloatingFuture: Rule.RuleModule = rule(
  { description: "Disallow futures that are made and never awaited, yielded or spawned", messages },
  (context, resolver) => {
    const check = (node: estree.Node) => {
      const fate = fateOf(node, resolver);
      if (fate.kind !== "kept" && isLazyFuture(resolver.typeOf(node))) {
        context.report({ node, messageId: fate.kind, suggest: waiting(fate, node) });
      }
    };
    return {
      CallExpression: check,
      NewExpression: check,
      'UnaryExpression[operator="void"] > Identifier': check,
    };
  },
);

/** Writes `await` or `yield*` in front of the future, where the function at hand can wait. */
export function waiting({ kind, at }: Fate, node: estree.Node): Rule.SuggestionReportDescriptor[] {
  const keyword = waitingKeyword(node);
  // In the middle of a larger expression a `yield*` would need brackets.
  if (keyword === undefined || (kind === "dropped" && at !== node)) return [];
  return [
    {
      messageId: "wait",
      data: { keyword },
      fix: (fixer) =>
        kind === "voided"
          ? fixer.replaceTextRange([startOf(at), startOf(node)], `${keyword} `)
          : fixer.insertTextBefore(node, `${keyword} `),
    },
  ];
}
