/** A branch that loses is abandoned. Operations that cannot be undone then do not belong into a branch. */
import type { Rule } from "eslint";
import type * as estree from "estree";
import type { Resolver } from "../analysis/resolver.ts";
import { keyOf, memberName, unwrap } from "../analysis/syntax.ts";
import { isInstanceOf } from "../analysis/types.ts";
import { rule } from "../rule.ts";

const messages = {
  unsafe: "If this branch loses, {{loss}}: {{instead}}.",
};

interface Hazard {
  readonly loss: string;
  readonly instead: string;
}

const keepIt =
  "make the future before the `select` and pass its `ref()`, or spawn it and select on the handle";

/** What is not cancel safe, according to its own documentation. */
const hazards: Readonly<Record<string, Hazard>> = {
  "mpsc.Sender.send()": {
    loss: "the value is not sent, and gone unless it is kept elsewhere",
    instead: "wait for a slot with `reserve()` and send through the permit",
  },
  "SharedSender.send()": {
    loss: "the value is not sent, and gone unless it is kept elsewhere",
    instead:
      "try `trySend` when another branch says that there is room, or spawn it and select on the handle",
  },
  "Barrier.wait()": {
    loss: "this party has not arrived, and the barrier needs another one",
    instead: `arrive outside of it: ${keepIt}`,
  },
  "JoinSet.joinAll()": {
    loss: "the results joined so far are gone",
    instead: "take them one at a time with `joinNext()`",
  },
  "Stream.collect()": {
    loss: "the items so far are gone",
    instead: `take them with \`next()\`, or ${keepIt}`,
  },
  "Stream.fold()": { loss: "the items so far are gone", instead: `take them with \`next()\`, or ${keepIt}` },
  "Stream.forward()": { loss: "the item on its way is gone", instead: keepIt },
};

export const noSelectSideEffects: Rule.RuleModule = rule(
  { description: "Disallow branches of `select` and `race` that lose something when they lose", messages },
  (context, resolver) => ({
    CallExpression(node) {
      const callee = resolver.calleeOf(node);
      const branches =
        callee === "select" ? branchesOf(node) : callee === "race" || callee === "any" ? node.arguments : [];
      for (const branch of branches) {
        for (const operation of operationsOf(branch, resolver)) {
          const hazard = hazards[resolver.resolve(operation)?.path ?? ""];
          if (hazard !== undefined)
            context.report({ node: branch, messageId: "unsafe", data: { ...hazard } });
        }
      }
    },
  }),
);

function branchesOf(node: estree.CallExpression): estree.Node[] {
  const branches = node.arguments[0] && unwrap(node.arguments[0]);
  if (branches?.type !== "ObjectExpression") return [];
  return branches.properties.flatMap((property) =>
    property.type === "Property" && keyOf(property.key, property.computed) !== undefined
      ? [property.value]
      : [],
  );
}

/** What a branch waits for in the end: `tx.send(1)` for `isReady && tx.send(1).map(f)`; nothing behind a `ref()`. */
function operationsOf(branch: estree.Node, resolver: Resolver): estree.Node[] {
  const node = unwrap(branch);
  switch (node.type) {
    case "LogicalExpression":
      return [...operationsOf(node.left, resolver), ...operationsOf(node.right, resolver)];
    case "ConditionalExpression":
      return [...operationsOf(node.consequent, resolver), ...operationsOf(node.alternate, resolver)];
    case "Identifier": {
      const value = resolver.constantValue(node);
      return value === undefined || value.type === "Identifier" ? [] : operationsOf(value, resolver);
    }
    case "CallExpression": {
      const callee = unwrap(node.callee);
      if (callee.type === "MemberExpression" && isInstanceOf(resolver.typeOf(callee.object), "Future")) {
        return memberName(callee) === "ref" ? [] : operationsOf(callee.object, resolver);
      }
      const wraps = resolver.calleeOf(node);
      if (wraps === "timeout" || wraps === "timeoutAt")
        return operationsOf(node.arguments[1] ?? branch, resolver);
      return [node];
    }
    default:
      return [];
  }
}
