/**
 * In a generator that runs as a task, `yield*` is what `await` is elsewhere. A bare `yield` hands the
 * future to the driver, which can do nothing with it; and an async callback that nobody waits for goes on
 * when the task has long been cancelled.
 */
import type { Rule } from "eslint";
import type * as estree from "estree";
import { fateOf, ignoresResults } from "../analysis/fate.ts";
import type { Resolver } from "../analysis/resolver.ts";
import { functionAround, isFunction, memberName, nodesWithin, parentOf, unwrap } from "../analysis/syntax.ts";
import type { FunctionNode } from "../analysis/syntax.ts";
import { isRoutine } from "../analysis/task-bodies.ts";
import { isInstanceOf } from "../analysis/types.ts";
import { rule } from "../rule.ts";

const messages = {
  star: "`yield` does not wait for a future: write `yield*`.",
  escapes:
    "Nobody waits for this async function, so its `await`s outlive the task around it: `spawn` it in a scope, or call it with `yield*` as an `asyncFn`.",
};

export const yieldStar: Rule.RuleModule = rule(
  {
    description:
      "Require `yield*` where a generator waits for a future, and keep async callbacks in its task",
    messages,
    fixable: "code",
  },
  (context, resolver) => {
    const routines = new WeakMap<FunctionNode, boolean>();
    const runsAsTask = (node: FunctionNode | undefined): boolean => {
      if (node === undefined) return false;
      let known = routines.get(node);
      if (known === undefined) routines.set(node, (known = isRoutine(node, resolver)));
      return known;
    };
    const checkEscape = (node: FunctionNode) => {
      if (node.async === true && isLeftAlone(node, resolver) && waits(node, resolver)) {
        if (runsAsTask(functionAround(node))) context.report({ node, messageId: "escapes" });
      }
    };
    return {
      YieldExpression(node) {
        if (node.delegate || !node.argument || !runsAsTask(functionAround(node))) return;
        if (!isInstanceOf(resolver.typeOf(node.argument), "Future")) return;
        const token = context.sourceCode.getFirstToken(node)!;
        context.report({ node, messageId: "star", fix: (fixer) => fixer.insertTextAfter(token, "*") });
      },
      ArrowFunctionExpression: checkEscape,
      FunctionExpression: checkEscape,
    };
  },
);

const listening = /^(?:on|once|addListener|addEventListener|prependListener)$/;

/** Called on the spot with the promise dropped, or given to what drops it. */
function isLeftAlone(node: FunctionNode, resolver: Resolver): boolean {
  const call = parentOf(node);
  if (call?.type !== "CallExpression" || isFunction(call)) return false;
  if (call.callee === node) return fateOf(call, resolver).kind !== "kept";
  if (ignoresResults(node, resolver)) return true;
  const callee: estree.Node = unwrap(call.callee);
  return (
    callee.type === "MemberExpression" &&
    call.arguments.indexOf(node as estree.Expression) === 1 &&
    listening.test(memberName(callee) ?? "")
  );
}

function waits(node: FunctionNode, resolver: Resolver): boolean {
  for (const inner of nodesWithin(node.body, resolver.sourceCode)) {
    if (inner.type === "AwaitExpression" || (inner.type === "ForOfStatement" && inner.await)) return true;
  }
  return false;
}
