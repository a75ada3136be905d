/** Loops that wait for the clock with nothing else going on: `while (Date.now() < end) {}`. */
import type * as estree from "estree";
import type { Resolver } from "./resolver.ts";
import { isGlobal } from "./fate.ts";
import { isSuspension, memberName, nodesWithin, unwrap } from "./syntax.ts";
import type { LoopNode } from "./syntax.ts";

export function isBusyWait(loop: LoopNode, resolver: Resolver): boolean {
  if (loop.type === "ForOfStatement" || loop.type === "ForInStatement") return false;
  for (const node of nodesWithin(loop, resolver.sourceCode)) {
    if (isSuspension(node) || node.type === "YieldExpression") return false;
  }
  return loop.test && !isTrue(loop.test)
    ? readsClock(loop.test, resolver)
    : exitsOf(loop.body).some((test) => readsClock(test, resolver));
}

function isTrue(test: estree.Node): boolean {
  return test.type === "Literal" && Boolean(test.value);
}

/** What an endless loop asks before it breaks off. */
function exitsOf(body: estree.Statement): estree.Node[] {
  const statements = body.type === "BlockStatement" ? body.body : [body];
  return statements.flatMap((statement) => {
    if (statement.type !== "IfStatement") return [];
    const { consequent } = statement;
    const first = consequent.type === "BlockStatement" ? consequent.body.at(-1) : consequent;
    return first && /^(?:Break|Return|Throw)Statement$/.test(first.type) ? [statement.test] : [];
  });
}

function readsClock(test: estree.Node, resolver: Resolver): boolean {
  for (const node of nodesWithin(test, resolver.sourceCode)) {
    if (node.type !== "CallExpression") continue;
    const callee = unwrap(node.callee);
    if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") continue;
    const name = `${callee.object.name}.${memberName(callee)}`;
    if ((name === "Date.now" || name === "performance.now") && isClock(callee.object, resolver)) return true;
  }
  return false;
}

/** `performance` is often imported from `node:perf_hooks`, where it is the same. */
function isClock(object: estree.Identifier, resolver: Resolver): boolean {
  return isGlobal(object, resolver) || resolver.variable(object)?.defs[0]?.type === "ImportBinding";
}
