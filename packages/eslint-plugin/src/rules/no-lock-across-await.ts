/**
 * A guard that is still held while the task waits for something which has nothing to do with it: whoever
 * else wants the lock waits along, for no reason.
 *
 * Holding an asynchronous lock across an `await` is often the very point of it, so this rule speaks only
 * when all of the following hold:
 * - the guard's value was used, so the lock guards that value and not the order of things;
 * - nothing after the `await` uses the guard, or anything that was taken out of it;
 * - the guard goes nowhere: it is not passed on, returned or stored;
 * - the guard is certainly still held: `using`, or a `release()` further down.
 */
import type { Rule } from "eslint";
import type * as estree from "estree";
import { heldGuard } from "../analysis/guards.ts";
import type { Guard } from "../analysis/guards.ts";
import type { Resolver } from "../analysis/resolver.ts";
import {
  contains,
  endOf,
  isSuspension,
  nodesWithin,
  parentOf,
  startOf,
  statementOf,
} from "../analysis/syntax.ts";
import { isInstanceOf } from "../analysis/types.ts";
import { rule } from "../rule.ts";

const messages = {
  held: "`{{guard}}` is no longer needed here, but the lock is held until this is over: release it before.",
  release: "Release `{{guard}}` before this statement.",
  block: "End the scope of `{{guard}}` before this statement.",
};

const guards = ["MutexGuard", "ReadGuard", "WriteGuard", "SharedGuard"];

export const noLockAcrossAwait: Rule.RuleModule = rule(
  { description: "Disallow waiting with a lock that is no longer needed", messages, type: "suggestion" },
  (context, resolver) => ({
    VariableDeclarator(node) {
      if (node.id.type !== "Identifier" || !node.init) return;
      const type = resolver.typeOf(node.init);
      if (!guards.some((each) => isInstanceOf(type, each))) return;
      const guard = heldGuard(node, resolver);
      const wait = guard && firstNeedlessWait(guard, resolver);
      if (guard === undefined || wait === undefined) return;
      const data = { guard: guard.name };
      context.report({ node: wait, messageId: "held", data, suggest: smallerScope(guard, wait, resolver) });
    },
  }),
);

/** The first place after the last use of the guard where other tasks run. */
function firstNeedlessWait(guard: Guard, resolver: Resolver): estree.Node | undefined {
  for (const node of nodesWithin(guard.block, resolver.sourceCode)) {
    if (!isSuspension(node) || startOf(node) < endOf(guard.lastUse) || endOf(node) > guard.heldUntil)
      continue;
    // In a loop that also uses the guard, the next round comes after the wait.
    const isRepeated = guard.loops.some((loop) => contains(loop, node));
    if (!isRepeated) return node;
  }
  return undefined;
}

function smallerScope(
  guard: Guard,
  wait: estree.Node,
  resolver: Resolver,
): Rule.SuggestionReportDescriptor[] {
  const statements = guard.block.body;
  const waiting = statements.findIndex((each) => contains(each, wait));
  const last = statements.findIndex((each) => contains(each, guard.lastUse));
  if (waiting <= last) return [];
  const data = { guard: guard.name };
  const { release } = guard;
  if (release !== undefined) {
    const statement = statementOf(release);
    if (parentOf(statement) !== guard.block) return [];
    return [
      {
        messageId: "release",
        data,
        fix: (fixer) => [
          fixer.insertTextBefore(statements[waiting]!, `${guard.name}.release();\n`),
          fixer.removeRange(lineOf(statement, resolver)),
        ],
      },
    ];
  }
  const first = statements.indexOf(guard.declaration);
  const inside = statements.slice(first, last + 1);
  const isSelfContained = inside.every(
    (each) => each === guard.declaration || !each.type.endsWith("Declaration"),
  );
  if (first < 0 || !isSelfContained || guard.declaration.declarations.length > 1) return [];
  return [
    {
      messageId: "block",
      data,
      fix: (fixer) => [
        fixer.insertTextBefore(inside[0]!, "{\n"),
        fixer.insertTextAfter(inside.at(-1)!, "\n}"),
      ],
    },
  ];
}

/** A statement with the space in front of it. */
function lineOf(statement: estree.Node, resolver: Resolver): [number, number] {
  const before = resolver.sourceCode.getTokenBefore(statement);
  return [before === null ? startOf(statement) : before.range[1], endOf(statement)];
}
