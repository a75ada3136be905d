/** What a bundler leaves of the package must still work: the effects that it may not drop are listed in `sideEffects`. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

const folder = new URL("../../.cache/bundle/", import.meta.url).pathname;

async function runBundled(name: string, program: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const input = `${folder}${name}.ts`;
  writeFileSync(input, program);
  const bundle = await rolldown({ input, resolve: { conditionNames: ["@millrace/source", "import"] } });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  const file = `${folder}${name}.mjs`;
  writeFileSync(file, output[0].code);
  return execFileSync(process.execPath, [file], { encoding: "utf8" }).trim();
}

test("a bundle that imports one function still has every method of a future", async () => {
  const program = `
    import { sleep } from "millrace";
    await sleep(1).timeout(1000);
    const outcome = await sleep(1).map(() => 1).shared().ref().until(new AbortController().signal).settled();
    console.log(JSON.stringify(outcome));
  `;
  expect(await runBundled("methods", program)).toBe('{"status":"fulfilled","value":1}');
});
