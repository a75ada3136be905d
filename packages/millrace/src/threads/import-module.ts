/**
 * The one place that imports modules by URL.
 *
 * A file that could not be read is looked for once more: a build may just be writing it. (It also keeps
 * the compiler's wrapper of dynamic imports in two places, and so from being inlined into the argument by
 * minifiers that then lose its parentheses: the webpack test.)
 */
export function importModule(url: string): Promise<Record<string, unknown>> {
  return load(url).catch((error: unknown) => {
    if ((error as { code?: unknown } | null)?.code !== "ERR_MODULE_NOT_FOUND") throw error;
    return import(/* webpackIgnore: true */ url) as Promise<Record<string, unknown>>;
  });
}

function load(url: string): Promise<Record<string, unknown>> {
  return import(/* webpackIgnore: true */ url) as Promise<Record<string, unknown>>;
}
