/**
 * A future that is dropped, found by its type: it may come from another module, a library or a field, where
 * the rule of the same name without types cannot see what it is.
 */
import type { Rule } from "eslint";
import type * as estree from "estree";
import { fateOf } from "../analysis/fate.ts";
import { resolverOf } from "../analysis/resolver.ts";
import { endOf, startOf } from "../analysis/syntax.ts";
import { messages, waiting } from "../rules/no-floating-future.ts";
import { isLazyFutureAt } from "./checker.ts";
import type { TypedFile } from "./checker.ts";
import { typedByParser } from "./typescript-eslint.ts";
import { typedByServer } from "./typescript-7.ts";

export const noFloatingFuture: Rule.RuleModule = {
  meta: {
    type: "problem",
    docs: { description: "Disallow futures of any origin that are never awaited, yielded or spawned" },
    messages: { ...messages },
    hasSuggestions: true,
    schema: [],
  },
  create(context) {
    const { sourceCode, physicalFilename, cwd } = context;
    const resolver = resolverOf(context);
    let file: TypedFile | undefined;
    /** Types are fetched for the first call that is dropped; a file may well have none. */
    const types = (): TypedFile => {
      file ??= typedByParser(sourceCode) ?? typedByServer(physicalFilename, sourceCode.text, cwd);
      if (file !== undefined) return file;
      throw new Error(
        `no types for ${physicalFilename}: eslint-plugin-millrace/typed expected TypeScript 7 in ${cwd}, ` +
          "or the parser of typescript-eslint with `projectService`, and found neither",
      );
    };
    const check = (node: estree.Node) => {
      const fate = fateOf(node, resolver);
      if (fate.kind === "kept" || !isLazyFutureAt(types(), startOf(node), endOf(node))) return;
      context.report({ node, messageId: fate.kind, suggest: waiting(fate, node) });
    };
    return {
      CallExpression: check,
      NewExpression: check,
      'UnaryExpression[operator="void"] > :matches(Identifier, MemberExpression)': check,
    };
  },
};
