/** What a run of the suite is told through the environment; a browser gets it from vitest.config.ts. */
export function setting(name: `MILLRACE_${string}`): string | undefined {
  return (import.meta as { env?: Record<string, string | undefined> }).env?.[name];
}
