/**
 * A task whose handle is thrown away: nobody waits for it, nobody hears of its failure where it matters,
 * and nothing ends it. Whoever wants that says so with `.detach()`.
 */
import type { Rule } from "eslint";
import type * as estree from "estree";
import { fateOf, waitingKeyword } from "../analysis/fate.ts";
import { parentOf, startOf } from "../analysis/syntax.ts";
import { isInstanceOf } from "../analysis/types.ts";
import type { Resolver } from "../analysis/resolver.ts";
import { rule } from "../rule.ts";

const messages = {
  dropped:
    "The handle of this task is dropped: await it, keep it, spawn it in a `scope` or a `JoinSet`, or `.detach()` it.",
  unused:
    "The handle `{{name}}` is never used: await it, spawn in a `scope` or a `JoinSet`, or `.detach()` it.",
  detach: "Say with `.detach()` that nobody waits for it.",
  wait: "Wait for it with `{{keyword}}`.",
};

/** What already looks after the tasks that it starts. */
const owners = new Set(["TaskScope.spawn()", "TaskTracker.spawn()"]);

export const noDetachedSpawn: Rule.RuleModule = rule(
  { description: "Disallow tasks whose handle is thrown away", messages },
  (context, resolver) => ({
    CallExpression(node) {
      const unused = unusedName(node, resolver);
      const fate = fateOf(node, resolver);
      if (fate.kind === "kept" && unused === undefined) return;
      const task = resolver.resolve(node);
      if (task === undefined || !isInstanceOf(task.type, "JoinHandle") || owners.has(task.path)) return;

      const detach: Rule.SuggestionReportDescriptor = {
        messageId: "detach",
        fix: (fixer) =>
          fate.kind === "voided"
            ? [fixer.removeRange([startOf(fate.at), startOf(node)]), fixer.insertTextAfter(node, ".detach()")]
            : fixer.insertTextAfter(node, ".detach()"),
      };
      const keyword = waitingKeyword(node);
      const wait: Rule.SuggestionReportDescriptor = {
        messageId: "wait",
        data: { keyword: keyword ?? "" },
        fix: (fixer) => fixer.insertTextBefore(node, `${keyword} `),
      };
      if (unused !== undefined) {
        context.report({ node, messageId: "unused", data: { name: unused } });
      } else {
        const canWait = keyword !== undefined && fate.at === node;
        context.report({ node, messageId: "dropped", suggest: canWait ? [detach, wait] : [detach] });
      }
    },
  }),
);

/** The name of a constant that holds the handle and is never read. */
function unusedName(node: estree.Node, resolver: Resolver): string | undefined {
  const declarator = parentOf(node);
  if (declarator?.type !== "VariableDeclarator" || declarator.id.type !== "Identifier") return undefined;
  const declaration = parentOf(declarator);
  // `using` is a use: it aborts the task at the end of the block.
  if (declaration?.type !== "VariableDeclaration" || !/^(?:const|let|var)$/.test(declaration.kind))
    return undefined;
  if (parentOf(declaration)?.type === "ExportNamedDeclaration") return undefined;
  const variable = resolver.variable(declarator.id);
  if (variable === undefined || variable.scope.type === "global") return undefined;
  const isExported = (each: estree.Node) => parentOf(each)?.type === "ExportSpecifier";
  const isRead = variable.references.some(
    (each) => each.isRead() || isExported(each.identifier as estree.Node),
  );
  return isRead ? undefined : declarator.id.name;
}
