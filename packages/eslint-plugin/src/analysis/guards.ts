/** How long a guard is held, and how long it is needed. */
import type * as estree from "estree";
import type { Scope } from "eslint";
import type { Resolver } from "./resolver.ts";
import {
  contains,
  endOf,
  functionAround,
  loopsAround,
  memberName,
  parentOf,
  startOf,
  unwrap,
} from "./syntax.ts";
import type { LoopNode } from "./syntax.ts";

export interface Guard {
  readonly name: string;
  readonly declaration: estree.VariableDeclaration;
  /** The block that it is declared in. */
  readonly block: estree.BlockStatement;
  /** The last thing done with it, or with what was taken out of it. */
  readonly lastUse: estree.Node;
  /** Loops inside of the block that use it: what follows a use in them also precedes one. */
  readonly loops: readonly LoopNode[];
  /** Where it is given back in the source. */
  readonly heldUntil: number;
  /** The call that gives it back, unless `using` does. */
  readonly release: estree.CallExpression | undefined;
}

/** `undefined` when it cannot be said how long it is needed, or when its value is not used at all. */
export function heldGuard(declarator: estree.VariableDeclarator, resolver: Resolver): Guard | undefined {
  const declaration = parentOf(declarator);
  const block = declaration && parentOf(declaration);
  const variable = resolver.variable(declarator.id);
  if (declaration?.type !== "VariableDeclaration" || block?.type !== "BlockStatement") return undefined;
  if (variable === undefined || variable.defs.length !== 1) return undefined;

  const releases: estree.CallExpression[] = [];
  const uses: estree.Node[] = [];
  if (!collect(variable, resolver, uses, releases) || uses.length === 0) return undefined;
  const isUsing = declaration.kind === "using" || declaration.kind === "await using";
  // With two releases it depends on the way taken.
  if (releases.length !== (isUsing ? 0 : 1)) return undefined;

  const [release] = releases;
  const lastUse = uses.reduce((a, b) => (endOf(a) > endOf(b) ? a : b));
  return {
    name: variable.name,
    declaration,
    block,
    lastUse,
    loops: uses.flatMap((use) => loopsAround(use).filter((loop) => startOf(loop) >= startOf(block))),
    heldUntil: release === undefined ? endOf(block) : startOf(release),
    release,
  };
}

/**
 * The uses of a guard or of something that came out of it. False when one of them goes where this
 * function cannot see it: an argument, a closure, another object.
 */
function collect(
  variable: Scope.Variable,
  resolver: Resolver,
  uses: estree.Node[],
  releases: estree.CallExpression[],
  isGuard = true,
): boolean {
  const owner = functionAround(variable.identifiers[0] as estree.Node);
  for (const reference of variable.references) {
    if (reference.init === true) continue;
    const node = reference.identifier as estree.Node;
    if (functionAround(node) !== owner) return false;
    const parent = parentOf(node);
    if (isGuard) {
      if (parent?.type !== "MemberExpression" || parent.object !== node) return false;
      const call = parentOf(parent);
      if (call?.type === "CallExpression" && call.callee === parent) {
        if (memberName(parent) !== "release") return false;
        releases.push(call);
        continue;
      }
    }
    const whole = outermost(node);
    uses.push(whole);
    const taken = takenOut(whole, node, resolver);
    if (taken === "lost") return false;
    if (taken !== undefined && !collect(taken, resolver, uses, releases, false)) return false;
  }
  return true;
}

/** The statement's own expression around a use, or the wait that it is a part of. */
function outermost(node: estree.Node): estree.Node {
  let at = node;
  for (let parent = parentOf(at); parent !== null; parent = parentOf(parent)) {
    if (/Statement$|^VariableDeclarat|^SwitchCase$/.test(parent.type)) break;
    at = parent;
  }
  return at;
}

/** The constant that an expression with the guard in it is stored in; `undefined` for one that is copied. */
function takenOut(
  whole: estree.Node,
  use: estree.Node,
  resolver: Resolver,
): Scope.Variable | "lost" | undefined {
  const parent = parentOf(whole);
  if (parent?.type === "VariableDeclarator") {
    if (isCopy(unwrap(whole))) return undefined;
    return parent.id.type === "Identifier" ? (resolver.variable(parent.id) ?? "lost") : "lost";
  }
  if (whole.type === "AssignmentExpression") {
    const { left, right } = whole;
    // `guard.value = next` stores into it; `next = guard.value` keeps what was in it.
    if (contains(left, use) || isCopy(unwrap(right))) return undefined;
    return left.type === "Identifier" ? (resolver.variable(left) ?? "lost") : "lost";
  }
  return undefined;
}

/** What makes a new value, so that nothing of the old one is held on to. */
function isCopy(node: estree.Node): boolean {
  return /^(?:Binary|Unary|Update)Expression$|^TemplateLiteral$|^Literal$/.test(node.type);
}
