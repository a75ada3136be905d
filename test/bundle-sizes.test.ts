/**
 * What an import costs a page: bundled by esbuild, minified, gzipped. The budgets are in api/bundle-sizes.json;
 * `MILLRACE_RENEW=1 npx vitest run test/bundle-sizes` writes down what is true now. The goal there is what the
 * core is to come down to. Nothing of Node may be imported by it: a page has none.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const file = new URL("../api/bundle-sizes.json", import.meta.url);

/** What is imported, from where. Each row but the first is what it adds to the first. */
const core = `{ spawn, sleep, join } from "millrace"`;
const imports: readonly string[] = [
  core,
  ...[
    "{ asyncFn }",
    "{ select }",
    "{ race, any }",
    "{ scope }",
    "{ JoinSet }",
    "{ TaskTracker }",
    "{ timeout }",
    "{ interval }",
    "{ DelayQueue }",
    "{ CancellationToken }",
    "{ fromPromise }",
    "{ fromEvent }",
    "{ taskLocal }",
    "{ main }",
    "{ mpsc }",
    "{ oneshot }",
    "{ broadcast }",
    "{ watch }",
    "{ Mutex }",
    "{ RwLock }",
    "{ Semaphore }",
    "{ Notify }",
    "{ Barrier }",
    "{ OnceCell }",
    "{ RateLimiter }",
    "*",
  ].map((names) => `${names} from "millrace"`),
  `{ Stream } from "millrace/stream"`,
  `{ startActor } from "millrace/actor"`,
  `{ supervise } from "millrace/actor"`,
  `{ threaded } from "millrace/threads"`,
  `{ paused } from "millrace/testing"`,
  `{ explore } from "millrace/testing"`,
  `{ enable } from "millrace/diagnostics"`,
];

async function bundled(lines: readonly string[]): Promise<{ bytes: number; external: string[] }> {
  const contents = lines.map((line) => `export ${line};`.replace("export * from", "export * as all from"));
  const { outputFiles, metafile } = await build({
    stdin: { contents: contents.join("\n"), resolveDir: root },
    conditions: ["@millrace/source"],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    platform: "browser",
    write: false,
    metafile: true,
  });
  const external = Object.values(metafile.outputs).flatMap((output) =>
    output.imports.map(({ path }) => path),
  );
  return { bytes: gzipSync(outputFiles[0]!.contents, { level: 9 }).length, external };
}

describe("an import costs no more than its budget, in bytes of minified and gzipped code", async () => {
  const { goal, budgets } = JSON.parse(readFileSync(file, "utf8")) as {
    goal: Record<string, number>;
    budgets: Record<string, number>;
  };
  const { bytes: base } = await bundled([core]);
  if (process.env["MILLRACE_RENEW"] !== undefined) {
    const measured: Record<string, number> = {};
    for (const each of imports)
      measured[each] = each === core ? base : (await bundled([core, each])).bytes - base;
    writeFileSync(file, `${JSON.stringify({ goal, budgets: measured }, null, 2)}\n`);
    Object.assign(budgets, measured);
  }

  test("the budgets are those of what is measured", () => {
    expect(Object.keys(budgets)).toEqual(imports);
  });

  test.each(imports)("import %s", { timeout: 60_000 }, async (each) => {
    const { bytes, external } = await bundled(each === core ? [core] : [core, each]);
    expect(external).toEqual([]);
    // With some room: what is compressed together depends on what else there is.
    expect(each === core ? bytes : bytes - base).toBeLessThanOrEqual(budgets[each]! * 1.05 + 50);
  });
});
