import { defineConfig } from "vitest/config";

const conditions = ["@millrace/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      "test/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "packages/eslint-plugin/src/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
    ],
    passWithNoTests: true,
    // Child processes of a test are heavy on a small machine; the tests themselves are not, unless
    // more random programs than usual are asked for.
    testTimeout: 10_000 * Math.max(1, Number(process.env.MILLRACE_RUNS ?? 0) / 1000),
    execArgv: ["--expose-gc", "--conditions=@millrace/source"],
  },
});
