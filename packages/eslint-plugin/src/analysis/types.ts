/** What can be done with a type of `api.ts`: call it, await it, look up a member. */
import { shapes } from "./api.ts";
import type { Type } from "./api.ts";

/** The name without what stands in front of it and behind it: `mpsc.Sender` of `Future<mpsc.Sender>` is `Future`. */
export function baseName(type: Type): string {
  return type.replace(/^(?:new|type) /, "").replace(/<.*$/, "");
}

export function isInstanceOf(type: Type | undefined, ancestor: string): boolean {
  if (type === undefined || /^(?:\(\)|new|type|\[)/.test(type)) return false;
  for (let name: string | undefined = baseName(type); name !== undefined; name = shapes[name]?.extends) {
    if (name === ancestor) return true;
  }
  return false;
}

/** A future that does nothing until it is awaited; a `JoinHandle` belongs to a task that runs by itself. */
export function isLazyFuture(type: Type | undefined): boolean {
  return isInstanceOf(type, "Future") && !isInstanceOf(type, "JoinHandle");
}

export function calledType(type: Type): Type | undefined {
  return type.startsWith("() ") ? type.slice(3) : shapes[baseName(type)]?.members["()"];
}

export function awaitedType(type: Type): Type | undefined {
  return isInstanceOf(type, "Future") ? /<(.*)>$/.exec(type)?.[1] : undefined;
}

/** What `new` gives, and what a name means where a type is written. */
export function instanceType(type: Type): Type | undefined {
  return /^(?:new|type) /.test(type) ? type.replace(/^\w+ /, "") : undefined;
}

/** The class that declares a member, and the member's type. */
export function memberOf(
  type: Type,
  name: string,
): { readonly owner: string; readonly type: Type } | undefined {
  if (type.startsWith("() ") || type.startsWith("type ") || type.startsWith("[")) return undefined;
  const isClass = type.startsWith("new ");
  let owner: string | undefined = baseName(type);
  if (isClass) {
    const found = shapes[`typeof ${owner}`]?.members[name];
    return found === undefined ? undefined : { owner, type: found };
  }
  for (; owner !== undefined; owner = shapes[owner]?.extends) {
    const members: Readonly<Record<string, Type>> | undefined = shapes[owner]?.members;
    const found = members === undefined ? undefined : (own(members, name) ?? own(members, "*"));
    if (found !== undefined)
      return { owner, type: found.replace("<this>", /<.*>$/.exec(type)?.[0] ?? "").replace(/\bthis$/, type) };
  }
  return undefined;
}

/** The parts of a pair. */
export function elementOf(type: Type, index: number): Type | undefined {
  return /^\[(.*)\]$/.exec(type)?.[1]?.split(", ")[index];
}

function own(members: Readonly<Record<string, Type>>, name: string): Type | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}
