/** Which methods of an actor's object are its messages. */

/** `then` would make whoever awaits the sender wait for a reply. */
const NEVER: ReadonlySet<string> = new Set(["constructor", "then"]);

/** Whether `name` is a public method of the object, its own or inherited. Runs none of its code. */
export function hasMethod(object: object, name: string): boolean {
  if (NEVER.has(name)) return false;
  for (const each of chain(object)) {
    const property = Object.getOwnPropertyDescriptor(each, name);
    if (property !== undefined) return property.get !== undefined || typeof property.value === "function";
  }
  return false;
}

export function unknownMethod(who: string, object: object, name: string): TypeError {
  const names = [...chain(object)].flatMap((each) =>
    Object.entries(Object.getOwnPropertyDescriptors(each))
      .filter(([key, property]) => !NEVER.has(key) && typeof property.value === "function")
      .map(([key]) => key),
  );
  const known = [...new Set(names)].join(", ");
  return new TypeError(`${who} has no message '${name}'; it has ${known === "" ? "none" : known}`);
}

/** The object and its prototypes, without what every object inherits. */
function* chain(object: object): IterableIterator<object> {
  for (let each: object | null = object; each !== null; each = Object.getPrototypeOf(each) as object | null) {
    if (each === Object.prototype || each === Function.prototype) return;
    yield each;
  }
}
