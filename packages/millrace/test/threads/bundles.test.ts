/**
 * The same program from its sources, from the built package, and through four bundlers. Bundles are made of
 * what would be published, packed and installed, and run on Node 24 and 22.
 */
import { execFile } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../../../test/comparison.ts";
import { installPacked, node22 } from "../../../../test/packed.ts";

const run = promisify(execFile);
const programs = fileURLToPath(new URL("programs/", import.meta.url));
const scratch = fileURLToPath(new URL("../../../../.cache/bundles/", import.meta.url));
const expected = JSON.stringify([27, [1, 8, 27], [0, 1, 2], "RangeError", 5]);

async function prints(file: string, ...flags: string[]): Promise<string> {
  return printsOn(process.execPath, file, ...flags);
}

async function printsOn(runtime: string, file: string, ...flags: string[]): Promise<string> {
  const { stdout, stderr } = await run(runtime, [...flags, file], { timeout: 30_000, cwd: scratch });
  expect(stderr).toBe("");
  return stdout.trim();
}

/** On Node 22, too, if it can be had. */
async function expectWorking(bundle: string): Promise<void> {
  expect(await prints(bundle)).toBe(expected);
  const oldest = node22();
  if (oldest !== undefined) expect(await printsOn(oldest, bundle)).toBe(expected);
}

beforeAll(async () => {
  await installPacked(scratch);
  for (const file of ["bundled.ts", "bundled-work.ts"]) cpSync(join(programs, file), join(scratch, file));
  const options = {
    target: "es2024",
    module: "nodenext",
    rewriteRelativeImportExtensions: true,
    outDir: "js",
  };
  const compilerOptions = { ...options, lib: ["es2024", "esnext", "dom"], types: [], skipLibCheck: true };
  writeFileSync(
    join(scratch, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...compilerOptions, rootDir: "." }, files: ["bundled.ts"] }),
  );
  expect(await compile(join(scratch, "tsconfig.json"), "--noCheck")).toBe("");
}, 120_000);

describe("threads are found", { timeout: 60_000 }, () => {
  test("from TypeScript sources", async () => {
    expect(await prints(join(programs, "bundled.ts"), "--conditions=@millrace/source")).toBe(expected);
  });

  test("from the built package", async () => {
    expect(await prints(join(scratch, "bundled.ts"))).toBe(expected);
    await expectWorking(join(scratch, "js/bundled.js"));
  });

  test.each([true, false])("through esbuild, minified %s", async (minify) => {
    const { build } = await import("esbuild");
    const outfile = join(scratch, `esbuild-${minify}.mjs`);
    await build({
      entryPoints: [join(scratch, "bundled.ts")],
      bundle: true,
      minify,
      format: "esm",
      platform: "node",
      target: "es2024",
      outfile,
    });
    await expectWorking(outfile);
  });

  test("through Rollup", async () => {
    const { rollup } = await import("rollup");
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const bundle = await rollup({ input: join(scratch, "js/bundled.js"), plugins: [nodeResolve()] });
    await bundle.write({ file: join(scratch, "rollup.mjs"), format: "esm" });
    await bundle.close();
    await expectWorking(join(scratch, "rollup.mjs"));
  });

  test("through Vite", async () => {
    const { build } = await import("vite");
    await build({
      root: scratch,
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true },
      build: { ssr: join(scratch, "bundled.ts"), outDir: "vite", target: "es2024" },
    });
    await expectWorking(join(scratch, "vite/bundled.js"));
  });

  test("through webpack", async () => {
    const { default: webpack } = await import("webpack");
    const compiler = webpack({
      mode: "production",
      target: "node",
      context: scratch,
      entry: join(scratch, "js/bundled.js"),
      experiments: { outputModule: true },
      // As in every bundle that asks where it is: `import.meta` must stay what the engine makes it.
      module: { parser: { javascript: { importMeta: false } } },
      output: { path: join(scratch, "webpack"), filename: "bundled.mjs", module: true },
    });
    await new Promise<void>((resolve, reject) => {
      compiler.run((error, stats) => {
        if (error !== null) reject(error);
        else if (stats?.hasErrors() === true) reject(new Error(stats.toString("errors-only")));
        else resolve();
      });
    });
    await expectWorking(join(scratch, "webpack/bundled.mjs"));
  });
});

describe("a program", { timeout: 30_000 }, () => {
  test("that uses the pool ends by itself", async () => {
    expect(await prints(join(programs, "ends.ts"), "--conditions=@millrace/source")).toBe("49");
  });
  test("whose pool is idle spends next to no processor time", async () => {
    const ms = Number(await prints(join(programs, "idles.ts"), "--conditions=@millrace/source"));
    // A spinning thread would spend a thousand; the collector and other work on the machine cost something, too.
    expect(ms).toBeLessThan(500);
  });
  test("hears of a failure at its top level, where its own classes are not to be had yet", async () => {
    const text = await prints(join(programs, "own-error.ts"), "--conditions=@millrace/source");
    expect(text.split("\n")).toEqual(["Error: 1 is odd ERR_ODD", "Error: 3 is odd ERR_ODD", "true"]);
  });
  test("that calls its own function wherever it is imported is told so, and ends", async () => {
    const ends = prints(join(programs, "calls-itself.ts"), "--conditions=@millrace/source");
    await expect(ends).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/calls its own threaded function .* call it in main\(\)/) as unknown,
    });
  });
});
