/** The one place that imports modules by URL: bundlers must leave it alone. */
export function importModule(url: string): Promise<Record<string, unknown>> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ url) as Promise<Record<string, unknown>>;
}
