/** Where a class says what `this.field` is: its declaration, or the line of its constructor that sets it. */
import type * as estree from "estree";
import { annotationOf } from "./annotations.ts";
import { isFunction, keyOf, memberName, parentOf } from "./syntax.ts";
import type { TypeNode } from "./syntax.ts";

export interface Field {
  readonly annotation?: TypeNode | undefined;
  readonly value?: estree.Node | undefined;
}

export function fieldOf(self: estree.ThisExpression, name: string): Field | undefined {
  const body = classBodyAround(self);
  for (const member of body?.body ?? []) {
    if (member.type === "StaticBlock" || keyOf(member.key, member.computed) !== name) continue;
    const annotation = annotationOf(member, "typeAnnotation");
    if (member.type === "MethodDefinition") return { value: member.value };
    if (annotation !== undefined || member.value) return { annotation, value: member.value ?? undefined };
  }
  return body === undefined ? undefined : { value: setInConstructor(body, name) };
}

/** The class whose instance `this` is: arrow functions pass it on, other functions have their own. */
function classBodyAround(self: estree.Node): estree.ClassBody | undefined {
  for (let at = parentOf(self); at !== null; at = parentOf(at)) {
    if (at.type === "ClassBody") return at;
    if (isFunction(at) && at.type !== "ArrowFunctionExpression" && !isMethod(at)) return undefined;
  }
  return undefined;
}

function isMethod(node: estree.Node): boolean {
  const type = parentOf(node)?.type;
  return type === "MethodDefinition";
}

function setInConstructor(body: estree.ClassBody, name: string): estree.Node | undefined {
  for (const member of body.body) {
    if (member.type !== "MethodDefinition" || member.kind !== "constructor") continue;
    for (const statement of member.value.body?.body ?? []) {
      if (statement.type !== "ExpressionStatement") continue;
      const { expression } = statement;
      if (expression.type !== "AssignmentExpression" || expression.left.type !== "MemberExpression") continue;
      const { left } = expression;
      if (left.object.type === "ThisExpression" && memberName(left) === name) return expression.right;
    }
  }
  return undefined;
}
