/** What a type says that is written beside a name: `rx: mpsc.Receiver<Job>` is a receiver. */
import type * as estree from "estree";
import type { Type } from "./api.ts";
import type { Resolver, Value } from "./resolver.ts";
import type { TypeNode } from "./syntax.ts";
import { instanceType } from "./types.ts";

export function annotationOf(
  node: estree.Node,
  field: "typeAnnotation" | "returnType",
): TypeNode | undefined {
  const annotation = (node as unknown as Partial<Record<typeof field, TypeNode | null>>)[field];
  return annotation?.typeAnnotation;
}

export function annotatedType(annotation: TypeNode, resolver: Resolver): Type | undefined {
  if (annotation.type !== "TSTypeReference" || annotation.typeName === undefined) return undefined;
  const value = named(annotation.typeName, resolver);
  const type = value === undefined ? undefined : instanceType(value.type);
  const [inner] = annotation.typeArguments?.params ?? [];
  const awaited = type === "Future" && inner !== undefined ? annotatedType(inner, resolver) : undefined;
  return awaited === undefined ? type : `${type}<${awaited}>`;
}

/** A type's name is looked up as the expression that it looks like. */
function named(name: TypeNode, resolver: Resolver): Value | undefined {
  if (name.type !== "TSQualifiedName") return resolver.resolve(name as unknown as estree.Node);
  const { left, right } = name;
  if (left === undefined || right?.name === undefined) return undefined;
  return resolver.resolveMember(left as unknown as estree.Node, right.name);
}
