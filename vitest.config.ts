import { configDefaults, defineConfig } from "vitest/config";
import { absentNodeModules, inChromium } from "./test/platforms/chromium.ts";
import { excludedFiles } from "./test/platforms/exclusions.ts";
import { current, type PlatformName } from "./test/platforms/platforms.ts";

declare module "vitest" {
  interface ProvidedContext {
    platform: PlatformName;
  }
}

// What has a build of its own for Bun or Deno, such as their servers, is tested in that.
const conditions = ["@millrace/source", ...(current === "bun" || current === "deno" ? [current] : [])];

/** Some engines take longer for a property test than V8 in Node. */
const patience = current.startsWith("node") ? 10_000 : 60_000;
const isBrowser = current === "chromium";

export default defineConfig({
  ...(isBrowser && { plugins: [absentNodeModules] }),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // Shared memory needs a page that is isolated from others.
  server: {
    headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
  },
  test: {
    include: [
      "test/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "packages/eslint-plugin/src/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "docs/test/**/*.test.ts",
    ],
    exclude: [...configDefaults.exclude, ...excludedFiles(current)],
    setupFiles: ["test/platforms/setup.ts"],
    provide: { platform: current },
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("MILLRACE_"))),
    passWithNoTests: true,
    // Child processes of a test are heavy on a small machine; the tests themselves are not, unless
    // more random programs than usual are asked for.
    testTimeout: patience * Math.max(1, Number(process.env.MILLRACE_RUNS ?? 0) / 1000),
    execArgv: ["--expose-gc", "--conditions=@millrace/source"],
    ...(isBrowser && { browser: await inChromium() }),
  },
});
