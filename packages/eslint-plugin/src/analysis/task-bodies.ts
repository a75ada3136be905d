/** Which functions of a file run as tasks, or as parts of one. */
import type * as estree from "estree";
import { bodies } from "./api.ts";
import type { Resolver } from "./resolver.ts";
import { annotationOf } from "./annotations.ts";
import { functionAround, isFunction, isWrapper, nodesWithin, parentOf } from "./syntax.ts";
import type { FunctionNode } from "./syntax.ts";
import { isInstanceOf } from "./types.ts";

/** The name of what is given this function as a body: `spawn`, `Mutex.with`. */
export function takerOf(body: FunctionNode, resolver: Resolver): string | undefined {
  const direct = takerOfArgument(body, resolver) ?? takerOfMethod(body, resolver);
  if (direct !== undefined) return direct;
  const parent = parentOf(body);
  const name =
    body.type === "FunctionDeclaration"
      ? body.id
      : parent?.type === "VariableDeclarator" && parent.id.type === "Identifier"
        ? parent.id
        : undefined;
  if (!name) return undefined;
  for (const { identifier } of resolver.variable(name)?.references ?? []) {
    const taker = takerOfArgument(identifier as estree.Node, resolver);
    if (taker !== undefined) return taker;
  }
  return undefined;
}

function takerOfArgument(argument: estree.Node, resolver: Resolver): string | undefined {
  const call = parentOf(argument);
  if (call?.type !== "CallExpression") return undefined;
  const callee = resolver.calleeOf(call);
  return callee !== undefined && call.arguments[bodies[callee]?.at ?? -1] === argument ? callee : undefined;
}

/** A method of the object that a factory makes for `startActor` runs in the task of the actor. */
function takerOfMethod(body: FunctionNode, resolver: Resolver): string | undefined {
  const property = parentOf(body);
  if (property?.type !== "Property" || property.value !== body) return undefined;
  let made = parentOf(property)!;
  while (isWrapper(parentOf(made)!)) made = parentOf(made)!;
  const returned = parentOf(made);
  const factory = returned?.type === "ReturnStatement" ? functionAround(returned) : returned;
  if (!factory || !isFunction(factory)) return undefined;
  const call = parentOf(factory);
  if (call?.type !== "CallExpression" || call.arguments[0] !== factory) return undefined;
  return resolver.calleeOf(call) === "startActor" ? "startActor" : undefined;
}

/** A generator that is driven by millrace, not one that makes a list. */
export function isRoutine(node: FunctionNode, resolver: Resolver): boolean {
  if (node.generator !== true || node.async === true) return false;
  if (takerOf(node, resolver) !== undefined) return true;
  const annotation = annotationOf(node, "returnType");
  if (annotation?.typeName?.name === "Routine") return true;
  for (const inner of nodesWithin(node.body, resolver.sourceCode)) {
    if (inner.type === "YieldExpression" && inner.delegate && inner.argument) {
      if (isInstanceOf(resolver.typeOf(inner.argument), "Future")) return true;
    }
  }
  return false;
}

/** Whether this function is a task's body, or is written inside of one and runs as a part of it. */
export function isInTask(node: FunctionNode, resolver: Resolver): boolean {
  if (takerOf(node, resolver) !== undefined || isRoutine(node, resolver)) return true;
  for (let at = parentOf(node); at !== null; at = parentOf(at)) {
    if (isFunction(at)) return isInTask(at, resolver);
  }
  return false;
}
