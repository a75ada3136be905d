/**
 * `Promise.race` in a loop leaves a reaction behind on every promise that has not settled. On one that
 * lives as long as the loop they pile up, each with the result of its round, until it settles.
 */
import type { Rule } from "eslint";
import type * as estree from "estree";
import { isGlobal } from "../analysis/fate.ts";
import { importing } from "../analysis/import-fix.ts";
import type { Resolver } from "../analysis/resolver.ts";
import { contains, loopsAround, memberName, startOf, unwrap } from "../analysis/syntax.ts";
import type { LoopNode } from "../analysis/syntax.ts";
import { rule } from "../rule.ts";

const messages = {
  leak: "Every round of the loop adds a reaction to `{{name}}`, which outlives the round: use `{{better}}` or `select` of millrace, which take theirs back.",
  replace: "Use `{{better}}(…)`, which abandons what lost.",
};

export const noPromiseRaceLeak: Rule.RuleModule = rule(
  {
    description: "Disallow `Promise.race` and `Promise.any` over long-lived promises in a loop",
    messages,
    mentions: /Promise\s*\??\.\s*(?:race|any)\b/,
  },
  (context, resolver) => ({
    CallExpression(node) {
      const callee = unwrap(node.callee);
      if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return;
      const better = memberName(callee);
      if (callee.object.name !== "Promise" || (better !== "race" && better !== "any")) return;
      const [loop] = loopsAround(node);
      if (loop === undefined || !isGlobal(callee.object, resolver)) return;

      const [list] = node.arguments;
      const contenders = list && contendersOf(list, resolver);
      const lasting = contenders?.find((each) => each !== null && outlives(each, loop, resolver));
      if (contenders === undefined || !lasting) return;

      const { sourceCode } = context;
      const isPlain =
        list?.type === "ArrayExpression" && contenders.every((each) => each && each.type !== "SpreadElement");
      const replace: Rule.SuggestionReportDescriptor = {
        messageId: "replace",
        data: { better },
        fix: (fixer) => {
          const text = sourceCode.getText(list!).slice(1, -1);
          return importing(better, resolver, fixer, (name) => fixer.replaceText(node, `${name}(${text})`));
        },
      };
      context.report({
        node,
        messageId: "leak",
        data: { name: sourceCode.getText(lasting), better },
        suggest: isPlain ? [replace] : [],
      });
    },
  }),
);

/** The promises of the list, if it is written out, here or where a constant gets it. */
function contendersOf(list: estree.Node, resolver: Resolver): (estree.Node | null)[] | undefined {
  const array = unwrap(list);
  if (array.type === "ArrayExpression") return array.elements;
  const value = resolver.constantValue(array);
  const variable = resolver.variable(array);
  // A list that is used in other places too may change.
  const uses = variable?.references.filter((each) => each.init !== true) ?? [];
  return value?.type === "ArrayExpression" && uses.length === 1 ? value.elements : undefined;
}

/** Whether one and the same promise is there in every round. */
function outlives(contender: estree.Node, loop: LoopNode, resolver: Resolver): boolean {
  const node = unwrap(contender);
  if (!contains(loop, node))
    return node.type === "Identifier" || node.type === "MemberExpression" || isCall(node);
  if (node.type === "MemberExpression") {
    // `this.closed`, `connection.closed`; an element of a list may be another one each time.
    return (
      memberName(node) !== undefined &&
      (node.object.type === "ThisExpression" || outlives(node.object, loop, resolver))
    );
  }
  if (node.type !== "Identifier") return false;
  const variable = resolver.variable(node);
  const [definition] = variable?.defs ?? [];
  if (variable === undefined || definition === undefined) return false;
  const isWithin =
    definition.name &&
    startOf(definition.name as estree.Node) >= startOf(loop) &&
    contains(loop, definition.name as estree.Node);
  const changes = variable.references.some(
    (each) => each.isWrite() && contains(loop, each.identifier as estree.Node),
  );
  return !isWithin && !changes;
}

function isCall(node: estree.Node): boolean {
  return node.type === "CallExpression" || node.type === "NewExpression";
}
