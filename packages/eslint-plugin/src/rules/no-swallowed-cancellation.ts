/**
 * Cancellation reaches a task as a `CancelledError` at the place where it waits. A `catch` around that
 * place which takes every error for a failure of the work keeps the task going when it was told to stop.
 */
import type { Rule } from "eslint";
import type * as estree from "estree";
import { importing } from "../analysis/import-fix.ts";
import type { Resolver } from "../analysis/resolver.ts";
import { functionAround, isSuspension, memberName, nodesWithin } from "../analysis/syntax.ts";
import type { FunctionNode } from "../analysis/syntax.ts";
import { isRoutine, takerOf } from "../analysis/task-bodies.ts";
import { rule } from "../rule.ts";

const messages = {
  swallows: "This `catch` swallows cancellation: rethrow a `CancelledError`.",
  rethrow: "Rethrow a `CancelledError`.",
};

export const noSwallowedCancellation: Rule.RuleModule = rule(
  {
    description: "Disallow a `catch` in a task that neither rethrows nor asks for `CancelledError`",
    messages,
  },
  (context, resolver) => {
    const tasks = new WeakMap<FunctionNode, boolean>();
    const runsAsTask = (node: FunctionNode): boolean => {
      let known = tasks.get(node);
      if (known === undefined) {
        known = takerOf(node, resolver) !== undefined || isRoutine(node, resolver);
        tasks.set(node, known);
      }
      return known;
    };
    return {
      CatchClause(clause) {
        const { block } = clause.parent as estree.TryStatement;
        if (asksForCancellation(clause, resolver) || !canBeCancelledIn(block, resolver)) return;
        const owner = functionAround(clause);
        if (owner === undefined || !runsAsTask(owner)) return;
        const node = context.sourceCode.getFirstToken(clause)!;
        context.report({ node, messageId: "swallows", suggest: rethrowing(clause, resolver) });
      },
    };
  },
);

function canBeCancelledIn(block: estree.BlockStatement, resolver: Resolver): boolean {
  for (const node of nodesWithin(block, resolver.sourceCode)) if (isSuspension(node)) return true;
  return false;
}

const questions = new Set([
  "CancelledError",
  "AbortError",
  "ABORT_ERR",
  "isCancelled",
  "aborted",
  "throwIfAborted",
]);

/** A `throw` anywhere in it, a call that passes the error on, or anything that tells a cancellation from a failure. */
function asksForCancellation(clause: estree.CatchClause, resolver: Resolver): boolean {
  for (const node of nodesWithin(clause.body, resolver.sourceCode, true)) {
    if (node.type === "ThrowStatement") return true;
    if (
      node.type === "Identifier" &&
      (questions.has(node.name) || resolver.typeOf(node) === "new CancelledError")
    ) {
      return true;
    }
    if (node.type === "Literal" && questions.has(String(node.value))) return true;
    if (node.type === "MemberExpression" && questions.has(memberName(node) ?? "")) return true;
    if (node.type === "CallExpression" && passesOn(node)) return true;
  }
  return false;
}

/** `generator.throw(error)` and `reject(error)` tell somebody else, who is then the one to stop. */
function passesOn({ callee, arguments: given }: estree.CallExpression): boolean {
  const name =
    callee.type === "MemberExpression" ? memberName(callee) : callee.type === "Identifier" && callee.name;
  return given.length === 1 && (name === "throw" || name === "reject");
}

function rethrowing(clause: estree.CatchClause, resolver: Resolver): Rule.SuggestionReportDescriptor[] {
  const { param, body } = clause;
  if (param && param.type !== "Identifier") return [];
  const name = param?.type === "Identifier" ? param.name : "error";
  return [
    {
      messageId: "rethrow",
      fix: (fixer) =>
        importing("CancelledError", resolver, fixer, (error) => {
          const [start] = body.range!;
          const line = `{ if (${name} instanceof ${error}) throw ${name};`;
          return fixer.replaceTextRange([start, start + 1], param ? line : `(${name}) ${line}`);
        }),
    },
  ];
}
