/** A queue without a bound hides a slow consumer until the memory is gone. */
import type { Rule } from "eslint";
import { matchesAny } from "../analysis/globs.ts";
import { memberName, unwrap } from "../analysis/syntax.ts";
import { rule } from "../rule.ts";

const messages = {
  unbounded: "Nothing slows the producer of this channel down: give it a capacity with `channel(n)`.",
  bound: "Use `channel({{capacity}})`; its `send` waits, so await it.",
};

interface Options {
  readonly allowIn?: readonly string[];
  readonly capacity?: number;
}

export const noUnboundedChannel: Rule.RuleModule = rule(
  {
    description: "Disallow channels without a capacity",
    messages,
    options: {
      allowIn: { type: "array", items: { type: "string" } },
      capacity: { type: "integer", minimum: 1 },
    },
  },
  (context, resolver) => {
    const { allowIn = [], capacity = 64 } = (context.options[0] ?? {}) as Options;
    if (matchesAny(context.filename, allowIn)) return {};
    return {
      CallExpression(node) {
        if (resolver.calleeOf(node) !== "mpsc.unbounded") return;
        const callee = unwrap(node.callee);
        const bound: Rule.SuggestionReportDescriptor = {
          messageId: "bound",
          data: { capacity: String(capacity) },
          fix: (fixer) => {
            if (callee.type !== "MemberExpression") return null;
            const open = context.sourceCode.getTokenAfter(node.callee, (token) => token.value === "(")!;
            return [
              fixer.replaceText(callee.property, "channel"),
              fixer.insertTextAfter(open, String(capacity)),
            ];
          },
        };
        const canName = callee.type === "MemberExpression" && memberName(callee) === "unbounded";
        const isEmpty = node.arguments.length === 0;
        context.report({ node, messageId: "unbounded", suggest: canName && isEmpty ? [bound] : [] });
      },
    };
  },
);
