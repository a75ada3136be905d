/** The calls of Node's modules that hold up the whole program while they work. */
import type * as estree from "estree";
import type { Scope } from "eslint";
import type { Resolver } from "./resolver.ts";
import { keyOf, memberName, unwrap } from "./syntax.ts";

/** For each module, what blocks in it. */
const blocking: Readonly<Record<string, RegExp>> = {
  fs: /Sync$/,
  child_process: /^(?:exec|execFile|spawn)Sync$/,
  crypto: /^(?:pbkdf2|scrypt|argon2|generateKeyPair|generateKey|generatePrime|checkPrime)Sync$/,
  zlib: /Sync$/,
};

/** A function of one of Node's modules: `fs.readFileSync`, whatever this file calls it. */
export interface NodeFunction {
  readonly module: string;
  readonly name: string;
}

export function isBlocking({ module, name }: NodeFunction): boolean {
  return blocking[module]?.test(name) === true;
}

export function nodeFunctionOf(callee: estree.Node, resolver: Resolver): NodeFunction | undefined {
  const node = unwrap(callee);
  if (node.type === "Identifier") return imported(node, resolver);
  if (node.type !== "MemberExpression") return undefined;
  const name = memberName(node);
  const module = moduleOf(unwrap(node.object), resolver);
  return module === undefined || name === undefined ? undefined : { module, name };
}

function imported(node: estree.Identifier, resolver: Resolver): NodeFunction | undefined {
  const [definition] = resolver.variable(node)?.defs ?? [];
  if (definition === undefined) return undefined;
  if (definition.type === "ImportBinding" && definition.node.type === "ImportSpecifier") {
    const { imported: key } = definition.node as estree.ImportSpecifier;
    const module = moduleName((definition.parent as estree.ImportDeclaration).source);
    const name = key.type === "Identifier" ? key.name : String(key.value);
    return module === undefined ? undefined : { module, name };
  }
  if (definition.type !== "Variable") return undefined;
  return unpacked(definition, resolver);
}

/** `const { readFileSync: read } = fs` */
function unpacked(definition: Scope.Definition, resolver: Resolver): NodeFunction | undefined {
  const { id, init } = definition.node as estree.VariableDeclarator;
  if (id.type !== "ObjectPattern" || !init) return undefined;
  const module = moduleOf(unwrap(init), resolver);
  const property = id.properties.find((each) => each.type === "Property" && each.value === definition.name);
  if (module === undefined || property?.type !== "Property") return undefined;
  const name = keyOf(property.key, property.computed);
  return name === undefined ? undefined : { module, name };
}

/** The module that an expression is the whole of. */
export function moduleOf(node: estree.Node, resolver: Resolver): string | undefined {
  if (node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "require") {
    return moduleName(node.arguments[0]);
  }
  const [definition] = resolver.variable(node)?.defs ?? [];
  if (definition?.type === "ImportBinding") {
    const module = moduleName((definition.parent as estree.ImportDeclaration).source);
    if (definition.node.type !== "ImportSpecifier") return module;
    const { imported } = definition.node as estree.ImportSpecifier;
    const name = imported.type === "Identifier" ? imported.name : imported.value;
    if (name === "default") return module;
    return module === "fs" && name === "promises" ? "fs/promises" : undefined;
  }
  const value = resolver.constantValue(node);
  return value?.type === "CallExpression" ? moduleOf(value, resolver) : undefined;
}

function moduleName(source: estree.Node | undefined): string | undefined {
  if (source?.type !== "Literal" || typeof source.value !== "string") return undefined;
  return source.value.replace(/^node:/, "");
}
