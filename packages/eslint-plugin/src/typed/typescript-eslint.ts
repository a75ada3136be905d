/** Types from the program that the parser of typescript-eslint made, if the configuration asks it to. */
import type { SourceCode } from "eslint";
import type { Checker, TypedFile } from "./checker.ts";

interface Services {
  readonly program?: { getTypeChecker(): Checker } | null;
  readonly esTreeNodeToTSNodeMap?: { get(node: object): object | undefined };
}

export function typedByParser(sourceCode: SourceCode): TypedFile | undefined {
  const { program, esTreeNodeToTSNodeMap: nodes } = sourceCode.parserServices as Services;
  if (!program || !nodes) return undefined;
  return {
    checker: program.getTypeChecker(),
    nodeAt(start, end) {
      let node = sourceCode.getNodeByRangeIndex(start) as LinkedNode | null;
      while (node && (node.range[0] !== start || node.range[1] !== end)) node = node.parent;
      return node ? nodes.get(node) : undefined;
    },
  };
}

interface LinkedNode {
  readonly range: readonly [number, number];
  readonly parent: LinkedNode | null;
}
