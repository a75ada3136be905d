/**
 * The error classes that a module exports: so a program's own errors come back from a thread as what they
 * are, if the module that is known here exports them. Asked only when a call has failed.
 */
import { importModule } from "./import-module.ts";
import { isKnownClass, unpackError, type ErrorEnvelope, type FindClass } from "../internal/error-envelope.ts";
import { host } from "../runtime/host.ts";

/**
 * A module that is still being evaluated is not waited for: its top level may be waiting for the very call that
 * has failed. One that has been is there at once, unless loaders are asked first.
 */
const PATIENCE_MS = 100;

const modules: Map<string, FindClass | Promise<FindClass>> = new Map();
/** Those that have been waited for in vain. */
const unfinished: Set<string> = new Set();
const none: FindClass = () => undefined;

/** The classes that the module of `url` exports, as far as the error needs any and they are known by then. */
export function errorClassesOf(url: string, failure: unknown): FindClass | Promise<FindClass> {
  const { classes = [] } = failure as Partial<ErrorEnvelope>;
  const [name] = classes;
  if (!url.startsWith("file:") || name === undefined || isStandard(name) || isKnownClass(name)) return none;
  let known = modules.get(url);
  if (known === undefined) {
    known = load(url).then((find) => {
      modules.set(url, find);
      return find;
    });
    modules.set(url, known);
  }
  return typeof known === "function" ? known : inTime(url, known);
}

function inTime(url: string, loading: Promise<FindClass>): Promise<FindClass> {
  return new Promise((resolve) => {
    const timer = host.timer(unfinished.has(url) ? 0 : PATIENCE_MS, () => {
      unfinished.add(url);
      resolve(none);
    });
    void loading.then((find) => {
      host.clearTimer(timer);
      resolve(find);
    });
  });
}

function isStandard(name: string): boolean {
  return typeof (globalThis as Record<string, unknown>)[name] === "function";
}

async function load(url: string): Promise<FindClass> {
  let exported: Record<string, unknown>;
  try {
    exported = await importModule(url);
  } catch {
    return none;
  }
  const classes = new Map<string, ReturnType<FindClass>>();
  for (const each of Object.values(exported)) {
    if (typeof each !== "function" || !(each.prototype instanceof Error)) continue;
    classes.set(each.name, each as unknown as ReturnType<FindClass>);
  }
  return (name) => classes.get(name);
}

/** What a failed call throws: the error of the thread, with the stack of the call below its own. */
export function thrownBy(failure: unknown, callStack: string | undefined, findClass: FindClass): unknown {
  const error = unpackError(failure as ErrorEnvelope, findClass);
  if (error instanceof Error && callStack !== undefined) {
    const stack = `${error.stack ?? String(error)}\n    at <called from>\n${callStack}`;
    Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  }
  return error;
}
