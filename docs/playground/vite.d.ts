/** What Vite adds for the worker. */
interface ImportMeta {
  glob(patterns: readonly string[]): Record<string, (() => Promise<unknown>) | undefined>;
}
