/** What becomes of the value of an expression. */
import type * as estree from "estree";
import type { Resolver } from "./resolver.ts";
import { isFunction, isWrapper, memberName, parentOf, unwrap } from "./syntax.ts";

/** `at` is the outermost expression that has the value: `a && (b, value)` for `value`. */
export interface Fate {
  readonly kind: "dropped" | "voided" | "kept";
  readonly at: estree.Node;
}

const kept = (at: estree.Node): Fate => ({ kind: "kept", at });

export function fateOf(expression: estree.Node, resolver: Resolver): Fate {
  let at = expression;
  for (;;) {
    const parent = parentOf(at);
    if (parent === null) return kept(at);
    if (isWrapper(parent)) {
      at = parent;
      continue;
    }
    switch (parent.type) {
      case "ExpressionStatement":
        return { kind: "dropped", at };
      case "UnaryExpression":
        return parent.operator === "void" ? { kind: "voided", at: parent } : kept(at);
      case "SequenceExpression":
        if (parent.expressions.at(-1) !== at) return { kind: "dropped", at };
        break;
      case "LogicalExpression":
        if (parent.right !== at) return kept(at);
        break;
      case "ConditionalExpression":
        if (parent.test === at) return kept(at);
        break;
      case "ForStatement":
        return parent.init === at || parent.update === at ? { kind: "dropped", at } : kept(at);
      case "ArrowFunctionExpression":
        return parent.body === at && ignoresResults(parent, resolver) ? { kind: "dropped", at } : kept(at);
      default:
        return kept(at);
    }
    at = parent;
  }
}

const timers = new Set(["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]);

/** Whether a function is given to something that is known to throw its results away. */
export function ignoresResults(callback: estree.Node, resolver: Resolver): boolean {
  const call = parentOf(callback);
  if (call?.type !== "CallExpression" || call.arguments[0] !== callback) return false;
  const callee = unwrap(call.callee);
  if (callee.type === "Identifier") return timers.has(callee.name) && isGlobal(callee, resolver);
  if (callee.type !== "MemberExpression") return false;
  const object = unwrap(callee.object);
  const name = memberName(callee);
  if (name === "nextTick") return object.type === "Identifier" && object.name === "process";
  return name === "forEach" && isList(object, resolver);
}

/** An array, a set or a map; a `Stream` has a `forEach` too, which does wait. */
function isList(object: estree.Node, resolver: Resolver): boolean {
  if (object.type === "ArrayExpression") return true;
  if (object.type === "NewExpression") {
    return object.callee.type === "Identifier" && /^(?:Array|Set|Map)$/.test(object.callee.name);
  }
  if (object.type === "CallExpression") {
    const callee = unwrap(object.callee);
    return (
      callee.type === "MemberExpression" &&
      callee.object.type === "Identifier" &&
      /^(?:Object|Array)$/.test(callee.object.name)
    );
  }
  const value = resolver.constantValue(object);
  return value !== undefined && value.type !== "Identifier" && isList(unwrap(value), resolver);
}

/** Whether a name means what the platform says it means. */
export function isGlobal(identifier: estree.Identifier, resolver: Pick<Resolver, "variable">): boolean {
  const variable = resolver.variable(identifier);
  return variable === undefined || variable.defs.length === 0;
}

/** The innermost function or module in which a statement could be `await`ed, and how it would be written. */
export function waitingKeyword(node: estree.Node): "await" | "yield*" | undefined {
  for (let at = parentOf(node); at !== null; at = parentOf(at)) {
    if (at.type === "Program") return at.sourceType === "module" ? "await" : undefined;
    if (at.type === "PropertyDefinition" || at.type === "StaticBlock") return undefined;
    if (isFunction(at)) return at.async === true ? "await" : at.generator === true ? "yield*" : undefined;
  }
  return undefined;
}
