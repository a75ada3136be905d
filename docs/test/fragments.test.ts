/** The fragments in which the pages show how others do it compile: those in TypeScript, against the real libraries. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "../../test/comparison.ts";
import { docs } from "./programs.ts";

const scratch = join(docs, "../.cache/fragments");

test("the TypeScript fragments compile", { timeout: 120_000 }, async () => {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  let count = 0;
  for (const folder of ["guide", "coming-from"]) {
    for (const page of readdirSync(join(docs, folder))) {
      const text = readFileSync(join(docs, folder, page), "utf8");
      for (const [, label, code] of text.matchAll(/^```ts \[(.*)\]\n([^]*?)^```$/gm)) {
        const name = `${page.replace(".md", "")}-${label!.replaceAll(/\W+/g, "-")}-${++count}.ts`;
        writeFileSync(join(scratch, name), `${code}export {};\n`);
      }
    }
  }
  expect(count).toBeGreaterThan(40);
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(
    join(scratch, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: { noEmit: true },
      include: ["*.ts", "../../docs/test/fragments.d.ts"],
    }),
  );
  expect(await compile(join(scratch, "tsconfig.json"))).toBe("");
});
