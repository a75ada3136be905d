/**
 * What the rules ask of a type checker, and the one question they build from it. TypeScript 5 and 6 (by
 * way of typescript-eslint) and TypeScript 7 answer in the same words.
 */
export interface Checker {
  getTypeAtLocation(node: object): object | undefined;
  getNonNullableType(type: object): object | undefined;
  getApparentType(type: object): object | undefined;
  getPropertyOfType(type: object, name: string): object | undefined;
}

/** A checker, and the way from a node of the linter's tree to one of TypeScript's. */
export interface TypedFile {
  readonly checker: Checker;
  nodeAt(start: number, end: number): object | undefined;
}

/**
 * A future is known by what it can do, so that it does not matter where its type was declared, how it was
 * renamed, or which copy of millrace it is of. One that can be detached belongs to a task, which runs.
 */
export function isLazyFutureAt(file: TypedFile, start: number, end: number): boolean {
  const { checker } = file;
  const node = file.nodeAt(start, end);
  const type = node && checker.getTypeAtLocation(node);
  const present = type && checker.getNonNullableType(type);
  const apparent = present && checker.getApparentType(present);
  if (!apparent) return false;
  const has = (name: string) => checker.getPropertyOfType(apparent, name) !== undefined;
  return has("poll") && has("drop") && has("then") && has("until") && !has("detach");
}
