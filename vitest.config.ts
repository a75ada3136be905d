import { defineConfig } from "vitest/config";

const conditions = ["@millrace/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      "test/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
    ],
    passWithNoTests: true,
    // Child processes of a test are heavy on a small machine; the tests themselves are not.
    testTimeout: 10_000,
    execArgv: ["--expose-gc", "--conditions=@millrace/source"],
  },
});
