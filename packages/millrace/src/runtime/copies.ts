/**
 * The copies of the library that this process has loaded, in the global object, where each finds the others:
 * a future of one means nothing to a task of another.
 */
import { cx } from "./kernel.ts";

/** Where the copy is, a line of its own. Null while it polls nothing, and where the host shows no stacks. */
type Copy = () => readonly string[] | null;

const COPIES: unique symbol = Symbol.for("millrace.copies");
const copies: Copy[] = ((globalThis as { [COPIES]?: Copy[] })[COPIES] ??= []);
copies.push(() => cx.waker && /[^\s(]+:\d+:\d+/.exec(`${new Error().stack}`));

/** What is wrong if this copy polls nothing, but another does. The error's stack says where this one is. */
export function otherCopy(): string | undefined {
  for (const copy of copies) {
    const place = copy();
    if (place !== null)
      return `yield* of a future of another copy of millrace than the task's, which is at ${place[0]}`;
  }
  return undefined;
}
