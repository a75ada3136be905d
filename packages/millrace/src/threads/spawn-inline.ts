/** Closures on a thread, sent as source. */
import { requireBody } from "../runtime/argument.ts";
import type { Awaitable } from "../runtime/body.ts";
import type { JoinHandle } from "../runtime/join-handle.ts";
import { freeVariables } from "./free-variables.ts";
import { BUILT_IN, BUILT_IN_META } from "./thread-functions.ts";
import { register } from "./function-table.ts";
import { startOn } from "./start-on.ts";
import { threadFnOf } from "./threaded.ts";

type Compiled = (...args: unknown[]) => unknown;
const compiled = new Map<string, Compiled>();
/** Sources kept compiled. */
const MAX_COMPILED = 256;

function compile(source: string): Compiled {
  let fn = compiled.get(source);
  if (fn !== undefined) return fn;
  // Indirect: the source sees the globals, and nothing of this module. It is the program's own.
  // oxlint-disable-next-line no-eval
  const evaluate = globalThis.eval;
  try {
    fn = evaluate(`(${source}\n)`) as Compiled;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // A method, which stands in an object.
    fn = Object.values(evaluate(`({${source}\n})`) as object)[0] as Compiled;
  }
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(source, fn);
  return fn;
}

const runSource = (source: string, ...args: unknown[]): unknown => compile(source)(...args);
const inline = threadFnOf(register(`${BUILT_IN}inline`, BUILT_IN_META, runSource, false), runSource);

/** Sources that were looked at, and are sound. */
const checked = new Set<string>();

/**
 * Runs a closure without captured variables on a thread; it is sent as source. It sees its arguments and
 * the globals, nothing else. For anything longer, write a `threaded` function.
 *
 * @throws TypeError at the call, naming them, when it captures variables.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { spawnInline } from "millrace/threads";
 *
 * main(async () => {
 *   console.log(await spawnInline((a: number, b: number) => a + b, 2, 3)); // 5
 * });
 * ```
 */
export function spawnInline<A extends unknown[], R>(
  fn: (...args: A) => Awaitable<R>,
  ...args: A
): JoinHandle<R> {
  requireBody("spawnInline", fn);
  const source = String(fn);
  if (!checked.has(source)) {
    if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
      throw new TypeError("spawnInline expects a function with source; a bound or built-in one has none");
    }
    const captured = freeVariables(source).filter((name) => !(name in globalThis));
    if (captured.length > 0) {
      throw new TypeError(
        `spawnInline expects a closure that captures nothing, got one that captures ${captured.join(", ")}; pass ${captured.length === 1 ? "it as an argument" : "them as arguments"}, or use threaded(import.meta, …)`,
      );
    }
    if (checked.size >= MAX_COMPILED) checked.clear();
    checked.add(source);
  }
  return startOn("spawnInline", inline, [source, ...args]) as JoinHandle<R>;
}
