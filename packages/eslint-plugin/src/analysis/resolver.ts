/**
 * What an expression is, as far as this file alone can tell: `nap(5)` is a `Sleep` after
 * `import { sleep as nap } from "millrace"`.
 *
 * It follows imports, renames, destructuring, constants that are never written again, parameters of task
 * bodies, annotations, local functions, fields of the class at hand and properties of constant objects.
 * What it cannot follow is unknown, and no rule speaks of what is unknown.
 */
import type { Rule, Scope, SourceCode } from "eslint";
import type * as estree from "estree";
import { bodies, modules } from "./api.ts";
import type { Type } from "./api.ts";
import { annotationOf, annotatedType } from "./annotations.ts";
import { fieldOf } from "./class-fields.ts";
import { isFunction, keyOf, memberName, parentOf, unwrap } from "./syntax.ts";
import type { FunctionNode } from "./syntax.ts";
import { awaitedType, calledType, elementOf, instanceType, memberOf } from "./types.ts";

/** `path` says where a function comes from, whatever it is called here: `spawn`, `mpsc.Sender.send`. */
export interface Value {
  readonly type: Type;
  readonly path: string;
}

/** By tree: oxlint has one and the same `SourceCode` for all files. */
const resolvers = new WeakMap<estree.Program, Resolver>();

/** The one resolver of a file. */
export function resolverOf(context: Rule.RuleContext): Resolver {
  const { sourceCode } = context;
  let resolver = resolvers.get(sourceCode.ast);
  if (resolver === undefined) {
    resolver = new Resolver(sourceCode, new Set(passedOn(context)));
    resolvers.set(sourceCode.ast, resolver);
  }
  return resolver;
}

/** Whether a file can have anything of millrace's in it; most files of most programs cannot. */
export function mentionsMillrace(context: Rule.RuleContext): boolean {
  const { text } = context.sourceCode;
  return ["millrace", ...passedOn(context)].some((name) => text.includes(name));
}

function passedOn(context: Rule.RuleContext): readonly string[] {
  const settings = context.settings["millrace"] as { readonly modules?: readonly string[] } | undefined;
  return settings?.modules ?? [];
}

export class Resolver {
  readonly sourceCode: SourceCode;
  /** Modules of the program that pass on what millrace exports, from the settings. */
  readonly #passedOn: ReadonlySet<string>;
  readonly #known = new Map<estree.Node, Value | undefined>();

  constructor(sourceCode: SourceCode, passedOn: ReadonlySet<string>) {
    this.sourceCode = sourceCode;
    this.#passedOn = passedOn;
  }

  resolve(expression: estree.Node): Value | undefined {
    const node = unwrap(expression);
    if (this.#known.has(node)) return this.#known.get(node);
    this.#known.set(node, undefined); // what leads back to itself stays unknown
    const value = this.#evaluate(node);
    this.#known.set(node, value);
    return value;
  }

  typeOf(expression: estree.Node): Type | undefined {
    return this.resolve(expression)?.type;
  }

  /** The function that is called, `spawn` or `Mutex.with`, if it is one of millrace's. */
  calleeOf(call: estree.CallExpression | estree.NewExpression): string | undefined {
    return this.resolve(call.callee)?.path;
  }

  /** A member that is written other than as `object.name`. */
  resolveMember(object: estree.Node, name: string): Value | undefined {
    const value = this.resolve(object);
    return value === undefined ? undefined : this.#select(value, name);
  }

  variable(identifier: estree.Node): Scope.Variable | undefined {
    if (identifier.type !== "Identifier") return undefined;
    for (let scope: Scope.Scope | null = this.sourceCode.getScope(identifier); scope; scope = scope.upper) {
      const variable = scope.set.get(identifier.name);
      if (variable !== undefined) return variable;
    }
    return undefined;
  }

  /** The expression that a constant was given, if it is bound as a whole. */
  constantValue(identifier: estree.Node): estree.Expression | undefined {
    const variable = this.variable(identifier);
    const definition = variable?.defs[0];
    if (variable === undefined || definition?.type !== "Variable" || isWrittenAgain(variable))
      return undefined;
    const { id, init } = definition.node as estree.VariableDeclarator;
    return id.type === "Identifier" ? (init ?? undefined) : undefined;
  }

  /** The function that an expression stands for, if it is written in this file. */
  functionOf(expression: estree.Node): FunctionNode | undefined {
    const node = unwrap(expression);
    if (isFunction(node)) return node;
    const definition = this.variable(node)?.defs[0];
    if (definition?.type === "FunctionName") return definition.node as FunctionNode;
    const value = this.constantValue(node);
    return value === undefined || node === value ? undefined : this.functionOf(value);
  }

  #evaluate(node: estree.Node): Value | undefined {
    switch (node.type) {
      case "Identifier":
        return this.#identifier(node);
      case "MemberExpression":
        return this.#member(node);
      case "CallExpression": {
        const required = this.#required(node);
        if (required !== undefined) return required;
        return this.#derive(node.callee, calledType);
      }
      case "NewExpression":
        return this.#derive(node.callee, instanceType);
      case "AwaitExpression":
        return node.argument.type === "ImportExpression"
          ? this.#module(node.argument.source)
          : this.#derive(node.argument, awaitedType);
      case "YieldExpression":
        return node.delegate && node.argument ? this.#derive(node.argument, awaitedType) : undefined;
      case "ConditionalExpression":
        return this.resolve(node.consequent) ?? this.resolve(node.alternate);
      case "LogicalExpression":
        return this.resolve(node.right) ?? this.resolve(node.left);
      case "SequenceExpression":
        return this.resolve(node.expressions.at(-1)!);
      case "AssignmentExpression":
        return this.resolve(node.right);
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.#returned(node);
      case "ClassExpression":
        return node.superClass ? this.resolve(node.superClass) : undefined;
      default:
        return undefined;
    }
  }

  #derive(from: estree.Node, change: (type: Type) => Type | undefined): Value | undefined {
    const value = this.resolve(from);
    const type = value === undefined ? undefined : change(value.type);
    return type === undefined ? undefined : { type, path: `${value!.path}()` };
  }

  #identifier(node: estree.Identifier): Value | undefined {
    const variable = this.variable(node);
    const definition = variable?.defs[0];
    if (variable === undefined || definition === undefined || isWrittenAgain(variable)) return undefined;
    const name = definition.name as estree.Identifier;
    switch (definition.type) {
      case "ImportBinding":
        return this.#imported(definition.node, definition.parent as estree.ImportDeclaration);
      case "Variable": {
        const declarator = definition.node as estree.VariableDeclarator;
        const whole =
          this.#annotated(declarator.id) ?? (declarator.init ? this.resolve(declarator.init) : undefined);
        return this.#unpack(declarator.id, name, whole);
      }
      case "Parameter":
        return this.#parameter(definition.node as FunctionNode, name);
      case "FunctionName":
        return this.#returned(definition.node as FunctionNode);
      case "ClassName": {
        const { superClass } = definition.node as estree.ClassDeclaration;
        return superClass ? this.resolve(superClass) : undefined;
      }
      default:
        return undefined;
    }
  }

  #module(source: estree.Node): Value | undefined {
    if (source.type !== "Literal" || typeof source.value !== "string") return undefined;
    return source.value in modules || this.#passedOn.has(source.value)
      ? { type: `module ${source.value}`, path: "" }
      : undefined;
  }

  #required(call: estree.CallExpression): Value | undefined {
    const { callee, arguments: given } = call;
    return callee.type === "Identifier" && callee.name === "require" && given.length === 1
      ? this.#module(given[0]!)
      : undefined;
  }

  #imported(specifier: estree.Node, declaration: estree.ImportDeclaration): Value | undefined {
    const module = this.#module(declaration.source);
    if (module === undefined || specifier.type !== "ImportSpecifier") {
      return specifier.type === "ImportNamespaceSpecifier" ? module : undefined;
    }
    const { imported } = specifier;
    return this.#select(module, imported.type === "Identifier" ? imported.name : String(imported.value));
  }

  /** A member of a value, or an export of a module. */
  #select(value: Value, name: string): Value | undefined {
    if (!value.type.startsWith("module ")) {
      const found = memberOf(value.type, name);
      return found && { type: found.type, path: `${found.owner}.${name}` };
    }
    const module = value.type.slice(7);
    // A module that passes things on may pass on any of them.
    const searched = module in modules ? [modules[module]!] : Object.values(modules);
    const type = searched.find((exports) => Object.hasOwn(exports, name))?.[name];
    return type === undefined ? undefined : { type, path: name };
  }

  #member(node: estree.MemberExpression): Value | undefined {
    const name = memberName(node);
    const object = unwrap(node.object);
    const value = this.resolve(object);
    if (value !== undefined && typeof (node.property as estree.Literal).value === "number") {
      const element = elementOf(value.type, Number((node.property as estree.Literal).value));
      return element === undefined ? undefined : { type: element, path: value.path };
    }
    if (name === undefined) return undefined;
    if (value !== undefined) return this.#select(value, name);
    if (object.type === "ThisExpression") return this.#field(object, name);
    const literal = this.constantValue(object);
    if (literal?.type !== "ObjectExpression") return undefined;
    for (const property of literal.properties) {
      if (property.type === "Property" && keyOf(property.key, property.computed) === name) {
        return this.resolve(property.value);
      }
    }
    return undefined;
  }

  #field(object: estree.ThisExpression, name: string): Value | undefined {
    const field = fieldOf(object, name);
    if (field === undefined) return undefined;
    return (
      (field.annotation && this.#typed(annotatedType(field.annotation, this))) ??
      (field.value && this.resolve(field.value))
    );
  }

  /** What a function gives that is neither async nor a generator, as the type of the function. */
  #returned(node: FunctionNode): Value | undefined {
    if (node.async === true || node.generator === true) return undefined;
    const annotation = annotationOf(node, "returnType");
    const type =
      annotation === undefined ? this.typeOf(returnedBy(node) ?? node) : annotatedType(annotation, this);
    return type === undefined ? undefined : { type: `() ${type}`, path: "" };
  }

  #parameter(owner: FunctionNode, name: estree.Identifier): Value | undefined {
    const index = owner.params.findIndex((each) => holds(each, name));
    const pattern = owner.params[index];
    if (pattern === undefined) return undefined;
    return this.#unpack(pattern, name, this.#annotated(pattern) ?? this.#given(owner, index));
  }

  /** What millrace passes to a body that is written where it is used. */
  #given(owner: FunctionNode, index: number): Value | undefined {
    const call = parentOf(owner);
    if (call?.type !== "CallExpression") return undefined;
    const body = bodies[this.calleeOf(call) ?? ""];
    return body !== undefined && call.arguments[body.at] === owner
      ? this.#typed(body.parameters[index])
      : undefined;
  }

  #annotated(pattern: estree.Node): Value | undefined {
    const annotation = annotationOf(pattern, "typeAnnotation");
    return annotation === undefined ? undefined : this.#typed(annotatedType(annotation, this));
  }

  #typed(type: Type | undefined): Value | undefined {
    return type === undefined ? undefined : { type, path: "" };
  }

  /** The part of a value that a pattern gives to one name. */
  #unpack(pattern: estree.Node, name: estree.Identifier, whole: Value | undefined): Value | undefined {
    if (whole === undefined || pattern === name) return whole;
    switch (pattern.type) {
      case "AssignmentPattern":
        return this.#unpack(pattern.left, name, whole);
      case "ArrayPattern": {
        const index = pattern.elements.findIndex((element) => element !== null && holds(element, name));
        const type = elementOf(whole.type, index);
        return type === undefined
          ? undefined
          : this.#unpack(pattern.elements[index]!, name, { type, path: whole.path });
      }
      case "ObjectPattern": {
        const property = pattern.properties.find((each) => holds(each, name));
        if (property?.type !== "Property") return undefined;
        const key = keyOf(property.key, property.computed);
        const part = key === undefined ? undefined : this.#select(whole, key);
        return this.#unpack(property.value, name, part);
      }
      default:
        return undefined;
    }
  }
}

function isWrittenAgain(variable: Scope.Variable): boolean {
  return (
    variable.defs.length !== 1 || variable.references.some((each) => each.isWrite() && each.init !== true)
  );
}

/** Whether a pattern is where a name comes from. */
function holds(pattern: estree.Node, name: estree.Identifier): boolean {
  for (let at: estree.Node | null = name; at !== null; at = parentOf(at)) {
    if (at === pattern) return true;
    if (isFunction(at)) return false;
  }
  return false;
}

/** The expression that a function gives: all of an arrow's body, or its only statement's. */
function returnedBy(node: FunctionNode): estree.Node | undefined {
  if (node.body.type !== "BlockStatement") return node.body;
  const last = node.body.body.at(-1);
  return last?.type === "ReturnStatement" ? (last.argument ?? undefined) : undefined;
}
