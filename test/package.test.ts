/** What would be published: built, without its sources, as a program elsewhere would use it. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { compile } from "./comparison.ts";

interface Manifest {
  readonly exports: Record<string, string | Record<"@millrace/source" | "types" | "default", string>>;
  readonly dependencies?: object;
  readonly peerDependencies?: object;
  readonly peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const library = join(root, "packages/millrace");
const consumer = join(root, ".cache/package");
const installed = join(consumer, "node_modules/millrace");
const manifest = JSON.parse(readFileSync(join(library, "package.json"), "utf8")) as Manifest;

beforeAll(async () => {
  rmSync(consumer, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  cpSync(join(library, "package.json"), join(installed, "package.json"));
  expect(await compile(join(library, "tsconfig.build.json"), "--outDir", join(installed, "dist"))).toBe("");
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(
    join(consumer, "program.ts"),
    `import { join, sleep } from "millrace";
     import { startActor } from "millrace/actor";
     import { paused } from "millrace/testing";
     import { Stream } from "millrace/stream";
     import "millrace/threads";
     import "millrace/diagnostics";
     const doubled: number[] = await Stream.of(1, 2).map((n) => n * 2).collect();
     if (doubled.join() !== "2,4") throw new Error("not doubled");
     const [a, b]: [number, string] = await join(sleep(1).map(() => 1), "x");
     const at: number = await paused(async (clock) => { await sleep(60_000); return clock.now(); });
     using counter = startActor(() => ({ count: 0, add(n: number) { return (this.count += n); } }));
     const count: number = await counter.ask.add(3);
     console.log(a, b, at, count);`,
  );
}, 60_000);

test("it depends on nothing that has to be there", () => {
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  expect(dependencies).toEqual({});
  expect(Object.keys(peerDependencies)).toEqual(["@millrace/console"]);
  expect(peerDependenciesMeta["@millrace/console"]).toEqual({ optional: true });
});

test("every entry point has its source, its declarations and its code", () => {
  for (const entry of Object.values(manifest.exports)) {
    if (typeof entry === "string") continue;
    expect(existsSync(join(library, entry["@millrace/source"])), entry["@millrace/source"]).toBe(true);
    expect(existsSync(join(installed, entry.types)), entry.types).toBe(true);
    expect(existsSync(join(installed, entry.default)), entry.default).toBe(true);
  }
});

test.each([
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "esnext", moduleResolution: "bundler" },
])("a program compiles against it ($moduleResolution)", async (resolution) => {
  const target = { target: "es2024", lib: ["es2024", "esnext.disposable", "dom"], types: [] };
  const compilerOptions = { ...resolution, ...target, strict: true, noEmit: true };
  const project = join(consumer, `tsconfig.${resolution.module}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  expect(await compile(project)).toBe("");
});

test("a program runs on it", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(consumer, "program.ts")]);
  expect(stdout).toBe("1 x 60000 3\n");
});
