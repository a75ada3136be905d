/**
 * The functions that a thread runs, by number: found in the module that registers them, which is imported
 * when it is first needed.
 */
import { importModule } from "./import-module.ts";
import { ThreadError } from "../errors.ts";
import { registered, type AnyFunction, type Reference } from "./function-table.ts";

/** How a function is run: learned, because a function that is not `async` may still return a promise. */
export const UNKNOWN = 0;
export const SYNCHRONOUS = 1;
export const TASK = 2;

export interface Runnable {
  readonly fn: AnyFunction;
  readonly name: string;
  how: number;
}

const asynchronous = new Set(["AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"]);

/** Functions of the library itself, which need no module. */
export const BUILT_IN = "millrace:";
export const BUILT_IN_META: object = {};

/** URLs that are being imported on this thread, for the message to those who call too early. */
export const importing: Set<string> = new Set();

/** What stands behind the numbers. */
export interface References {
  describe(id: number): Reference;
}

export class ThreadFunctions {
  readonly #table: References;
  readonly #imported: Set<string> = new Set();
  readonly #known: Map<number, Runnable | Promise<Runnable>> = new Map();
  /** Modules that are being imported. */
  #importing: number = 0;

  constructor(table: References) {
    this.#table = table;
  }

  get isImporting(): boolean {
    return this.#importing > 0;
  }

  /** A promise while its module is being imported; it rejects when that fails. */
  get(id: number): Runnable | Promise<Runnable> {
    let known = this.#known.get(id);
    if (known !== undefined) return known;
    const reference = this.#table.describe(id);
    const { url, position } = reference;
    const fn = registered(url, position)?.fn;
    // What is registered may still be in a module that has not been evaluated to its end.
    if (fn !== undefined && (url.startsWith(BUILT_IN) || this.#imported.has(url)))
      known = this.#checked(id, reference, fn);
    else {
      known = this.#import(id, reference);
      this.#known.set(id, known);
    }
    return known;
  }

  async #import(id: number, reference: Reference): Promise<Runnable> {
    const { url, position, name } = reference;
    importing.add(url);
    this.#importing++;
    try {
      await importModule(url);
    } catch (error) {
      this.#known.delete(id);
      const why = error instanceof Error ? error.message : String(error);
      throw new ThreadError(`the thread could not import ${url}, which ${name} is in: ${why}`, undefined, {
        cause: error,
      });
    } finally {
      importing.delete(url);
      this.#importing--;
    }
    this.#imported.add(url);
    const entry = registered(url, position);
    if (entry === undefined) {
      throw new ThreadError(
        `${url} has no threaded function at place ${position + 1} on the thread, where ${name} should be; call threaded at the top level of the module, in the same order everywhere`,
        undefined,
      );
    }
    return this.#checked(id, reference, entry.fn);
  }

  #checked(id: number, { url, position, check, name }: Reference, fn: AnyFunction): Runnable {
    const found = registered(url, position)!;
    if (check !== "" && found.check !== "" && check !== found.check) {
      throw new ThreadError(
        `what the thread found in ${url} at the place of ${name} is another function; the module has changed, or calls threaded in another order there`,
        undefined,
      );
    }
    const how = asynchronous.has(fn.constructor.name) ? TASK : UNKNOWN;
    const runnable: Runnable = { fn, name, how };
    this.#known.set(id, runnable);
    return runnable;
  }
}
