/**
 * The public API as it is, in api/*.txt: a change to it is seen in review, and is not made by accident.
 * `MILLRACE_RENEW=1 npx vitest run test/api.test` writes it down anew.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { dumpOf } from "./api-dump.ts";
import { compile } from "./comparison.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const emitted = join(root, ".cache/api");
const manifest = readFileSync(join(root, "packages/millrace/package.json"), "utf8");
const { exports } = JSON.parse(manifest) as { exports: Record<string, string | { readonly types: string }> };
const entryPoints = Object.values(exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [entry.types.replace(/^\.\/dist\/(.*)\.d\.ts$/, "$1")],
);

beforeAll(async () => {
  rmSync(emitted, { recursive: true, force: true });
  const project = join(root, "packages/millrace/tsconfig.build.json");
  const flags = ["--noCheck", "--emitDeclarationOnly", "--declarationMap", "false", "--sourceMap", "false"];
  expect(await compile(project, ...flags, "--outDir", emitted)).toBe("");
}, 120_000);

test.each(entryPoints)("%s exports what is written down", (entryPoint) => {
  const name = entryPoint === "index" ? "millrace" : `millrace-${entryPoint}`;
  const file = join(root, "api", `${name}.txt`);
  const dump = dumpOf(join(emitted, `${entryPoint}.d.ts`));
  if (process.env["MILLRACE_RENEW"] !== undefined) writeFileSync(file, dump);
  expect(dump).toBe(readFileSync(file, "utf8"));
});
