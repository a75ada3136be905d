/** What all rules have in common: how they say what they are, and when they have nothing to do. */
import type { Rule } from "eslint";
import { mentionsMillrace, resolverOf } from "./analysis/resolver.ts";
import type { Resolver } from "./analysis/resolver.ts";

export interface RuleText {
  readonly description: string;
  readonly messages: Readonly<Record<string, string>>;
  readonly type?: "problem" | "suggestion";
  readonly fixable?: "code";
  /** The properties of the rule's one option object. */
  readonly options?: Readonly<Record<string, object>>;
  /** What a file must have in it for the rule to have anything to say; a mention of millrace if left out. */
  readonly mentions?: RegExp;
}

export function rule(
  { description, messages, type = "problem", fixable, options = {}, mentions }: RuleText,
  create: (context: Rule.RuleContext, resolver: Resolver) => Rule.RuleListener,
): Rule.RuleModule {
  return {
    meta: {
      type,
      docs: { description },
      messages: { ...messages },
      ...(fixable !== undefined && { fixable }),
      hasSuggestions: true,
      schema: [{ type: "object", properties: { ...options }, additionalProperties: false }],
    },
    create(context) {
      const isConcerned = mentions?.test(context.sourceCode.text) ?? mentionsMillrace(context);
      return isConcerned ? create(context, resolverOf(context)) : {};
    },
  };
}
