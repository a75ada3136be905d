/** What a run of the suite is told through the environment; a browser gets it from vitest.config.ts. */
export function setting(name: `MILLRACE_${string}`): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const { env } = import.meta as { env?: Record<string, string | undefined> };
  return process?.env?.[name] ?? env?.[name];
}
