/**
 * Small questions about a syntax tree, asked by every rule.
 *
 * The tree is ESTree's, with what a TypeScript parser adds to it. Those additions only wrap what matters
 * here (`x as T`, `x!`), so `unwrap` takes them away, and no rule knows of them.
 */
import type { Rule, SourceCode } from "eslint";
import type * as estree from "estree";

export type FunctionNode =
  | estree.FunctionDeclaration
  | estree.FunctionExpression
  | estree.ArrowFunctionExpression;
export type LoopNode =
  | estree.WhileStatement
  | estree.DoWhileStatement
  | estree.ForStatement
  | estree.ForOfStatement
  | estree.ForInStatement;

const wrappers = new Set([
  "TSAsExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
  "ChainExpression",
  "ParenthesizedExpression",
]);

/** What a parser for TypeScript writes beside the nodes of ESTree: the fields that are read here. */
export interface TypeNode {
  readonly type: string;
  readonly typeAnnotation?: TypeNode;
  readonly typeName?: TypeNode;
  readonly typeArguments?: { readonly params: readonly TypeNode[] };
  readonly left?: TypeNode;
  readonly right?: TypeNode;
  readonly name?: string;
}

export function parentOf(node: estree.Node): estree.Node | null {
  return (node as Rule.Node).parent;
}

export function startOf(node: estree.Node): number {
  return (node as Rule.Node).range![0];
}

export function endOf(node: estree.Node): number {
  return (node as Rule.Node).range![1];
}

export function contains(outer: estree.Node, inner: estree.Node): boolean {
  return startOf(outer) <= startOf(inner) && endOf(inner) <= endOf(outer);
}

/** Whether a node only wraps its expression: an optional chain, or something about types. */
export function isWrapper(node: estree.Node): boolean {
  return wrappers.has(node.type);
}

/** The expression inside of casts, `!`, optional chains and brackets. */
export function unwrap(node: estree.Node): estree.Node {
  let inner = node;
  while (isWrapper(inner)) inner = (inner as estree.ChainExpression).expression;
  return inner;
}

export function isFunction(node: estree.Node): node is FunctionNode {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}

export function isLoop(node: estree.Node): node is LoopNode {
  return /^(?:While|DoWhile|For|ForOf|ForIn)Statement$/.test(node.type);
}

/** The innermost function around a node; `undefined` at the top of a module and in a class's own body. */
export function functionAround(node: estree.Node): FunctionNode | undefined {
  for (let at = parentOf(node); at !== null; at = parentOf(at)) {
    if (isFunction(at)) return at;
    if (at.type === "PropertyDefinition" || at.type === "StaticBlock") return undefined;
  }
  return undefined;
}

/** The loops of the same function that go round a node, innermost first. */
export function loopsAround(node: estree.Node): LoopNode[] {
  const loops: LoopNode[] = [];
  for (let at = parentOf(node), inner = node; at !== null && !isFunction(at); inner = at, at = parentOf(at)) {
    if (isLoop(at) && repeats(at, inner)) loops.push(at);
  }
  return loops;
}

/** Whether a part of a loop runs once a round: not the list of a `for of`, nor what starts a `for`. */
function repeats(loop: LoopNode, part: estree.Node): boolean {
  if (loop.type === "ForStatement") return part !== loop.init;
  return loop.type === "ForOfStatement" || loop.type === "ForInStatement" ? part === loop.body : true;
}

/** The name of a member, property or key that is known before the program runs. */
export function keyOf(key: estree.Node, computed: boolean): string | undefined {
  if (key.type === "PrivateIdentifier") return `#${key.name}`;
  if (key.type === "Identifier" && !computed) return key.name;
  if (key.type === "Literal" && typeof key.value === "string") return key.value;
  return undefined;
}

export function memberName(node: estree.MemberExpression): string | undefined {
  return keyOf(node.property, node.computed);
}

/** The statement that a node is in. */
export function statementOf(node: estree.Node): estree.Node {
  let at = node;
  while (!/Statement$|^VariableDeclaration$/.test(at.type)) {
    const parent = parentOf(at);
    if (parent === null) break;
    at = parent;
  }
  return at;
}

/** Every node below one, itself first; functions inside of it are left out unless asked for. */
export function* nodesWithin(
  root: estree.Node,
  sourceCode: SourceCode,
  intoFunctions = false,
): Generator<estree.Node, void, void> {
  yield root;
  for (const key of sourceCode.visitorKeys[root.type] ?? []) {
    const child = (root as unknown as Record<string, estree.Node | (estree.Node | null)[] | null>)[key];
    for (const node of Array.isArray(child) ? child : [child]) {
      if (node === null || node === undefined || typeof node.type !== "string") continue;
      if (intoFunctions || !isFunction(node)) yield* nodesWithin(node, sourceCode, intoFunctions);
    }
  }
}

/** An `await`, a `yield*` or a `for await`: a place where other tasks run. */
export function isSuspension(node: estree.Node): boolean {
  return (
    node.type === "AwaitExpression" ||
    (node.type === "YieldExpression" && node.delegate) ||
    (node.type === "ForOfStatement" && node.await)
  );
}
