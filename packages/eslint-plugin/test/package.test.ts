/** What would be published: built, and loaded by name in ESLint and in oxlint. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const source = join(root, "packages/eslint-plugin");
const program = mkdtempSync(join(tmpdir(), "millrace-lint-"));
const run = promisify(execFile);

interface Failure {
  readonly stdout: string;
  readonly stderr: string;
}

/** What a linter prints, which ends with an error when it finds anything. */
const printed = async (file: string, ...args: string[]): Promise<string> => {
  try {
    return (await run(process.execPath, [join(root, file), ...args], { cwd: program })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as Failure;
    return stdout + stderr;
  }
};

beforeAll(async () => {
  const installed = join(program, "node_modules/eslint-plugin-millrace");
  mkdirSync(installed, { recursive: true });
  cpSync(join(source, "package.json"), join(installed, "package.json"));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [
    compiler,
    "-p",
    join(source, "tsconfig.build.json"),
    "--outDir",
    join(installed, "dist"),
  ]);
  symlinkSync(join(root, "node_modules/typescript"), join(program, "node_modules/typescript"));
  symlinkSync(join(root, "packages/millrace"), join(program, "node_modules/millrace"));
  writeFileSync(join(program, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(
    join(program, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: { types: [], allowJs: true, noEmit: true },
      files: ["a.js"],
    }),
  );
  writeFileSync(
    join(program, "a.js"),
    `import { mpsc, sleep } from "millrace";\nmpsc.unbounded();\nconst box = new Set([sleep]);\nfor (const nap of box) nap(1);\n`,
  );
  writeFileSync(
    join(program, "eslint.config.js"),
    `import millrace from "eslint-plugin-millrace";
     import typed from "eslint-plugin-millrace/typed";
     export default [millrace.configs.strict, typed.configs.recommended];`,
  );
  writeFileSync(
    join(program, ".oxlintrc.json"),
    JSON.stringify({
      categories: { correctness: "off" },
      jsPlugins: [
        "eslint-plugin-millrace",
        { name: "millrace-typed", specifier: "eslint-plugin-millrace/typed" },
      ],
      rules: { "millrace/no-unbounded-channel": "error", "millrace-typed/no-floating-future": "error" },
    }),
  );
}, 60_000);

afterAll(() => rmSync(program, { recursive: true, force: true }));

test.each(["eslint", "eslint-9"])("%s loads both entries by name", { timeout: 60_000 }, async (linter) => {
  const output = await printed(`node_modules/${linter}/bin/eslint.js`, "a.js");
  expect(output).toMatch(/2:1 +error .* millrace\/no-unbounded-channel/);
  expect(output).toMatch(/4:24 +error .* millrace-typed\/no-floating-future/);
});

test("oxlint loads both entries by name", { timeout: 60_000 }, async () => {
  const output = await printed("node_modules/oxlint/bin/oxlint", "-f", "unix", "a.js");
  expect(output).toMatch(/a\.js:2:1: .*millrace\(no-unbounded-channel\)/);
  expect(output).toMatch(/a\.js:4:24: .*millrace-typed\(no-floating-future\)/);
});
