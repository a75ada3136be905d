/** What would be published, packed and installed in an empty project, as a program elsewhere would use it. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { installPacked, node22 } from "./packed.ts";

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
const run = promisify(execFile);
const manifest = JSON.parse(readFileSync(join(library, "package.json"), "utf8")) as Manifest;

beforeAll(async () => {
  await installPacked(consumer);
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
}, 120_000);

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

/** Each from the place that brings it. */
const compilers = [
  { version: "5.9", file: join(root, "test/consumers/typescript-5.9/node_modules/typescript/bin/tsc") },
  { version: "6.0", file: join(root, "test/consumers/typescript-6/node_modules/typescript/bin/tsc") },
  { version: "7.0", file: join(root, "node_modules/typescript/bin/tsc") },
];
const resolutions = [
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "esnext", moduleResolution: "bundler" },
];

/** Of every entry point the declarations, and of the types that belong to the platform a use. */
const everything = `
  import { CancellationToken, currentTask, fromPromise, spawn, type Future } from "millrace";
  import type { ActorContext } from "millrace/actor";
  import { Stream } from "millrace/stream";
  import { cx, threaded, type ThreadCall } from "millrace/threads";
  import "millrace/testing";
  import "millrace/diagnostics";
  import "millrace/feed";
  import "millrace/instrumentation";
  import "millrace/random";
  type Same<A, B> = [A, B] extends [B, A] ? true : false;
  type IsAny<T> = [0] extends [1 & T] ? true : false;
  type Signal = ReturnType<typeof cx>["signal"];
  type Moved = NonNullable<ThreadCall["transfer"]>[number];
  const noAny: [IsAny<Signal>, IsAny<Moved>] = [false, false];
  const oneSignal: [Same<Signal, CancellationToken["signal"]>, Same<Signal, ActorContext["signal"]>] = [true, true];
  export const length = threaded(import.meta, (bytes: ArrayBuffer) => bytes.byteLength);
  const bytes = new ArrayBuffer(8);
  export const moved: Future<number> = length.with({ transfer: [bytes] })(bytes);
  export const isOver: Future<boolean> = fromPromise(async (signal) => signal.aborted);
  // @ts-expect-error No signal.
  spawn(() => {}, { signal: 5 });
  Stream.of(1).takeUntil(currentTask()!.signal);
  export const numbers: Stream<number> = Stream.from([1].values());
  export const reader = Stream.of(1).toReadableStream().getReader();
  export const first: Promise<{ value?: number | undefined }> = reader.read();
  {
    using token = new CancellationToken();
    void [noAny, oneSignal, token];
  }
`;
/** Of browsers' declarations an empty interface is part of what can be moved: anything is. */
const refusesText = `
  // @ts-expect-error Nothing that could be moved.
  length.with({ transfer: ["text"] });
`;
/** What declarations of its platform a program may have, and what it can do with the types that come of them. */
const ofPlatform = `
  const { signal } = new AbortController();
  const same: [Same<Signal, AbortSignal>] = [true];
  CancellationToken.from(signal);
  export const again: Stream<string> = Stream.from(new ReadableStream<string>());
  export const web: ReadableStream<number> = Stream.of(1).toReadableStream();
  const { port1 } = new MessageChannel();
  length.with({ transfer: [port1, new TransformStream().readable] });
`;
const platforms = [
  {
    from: "nothing",
    lib: [],
    types: [],
    use: `${refusesText} const all: [Same<Moved, ArrayBuffer>] = [true];`,
  },
  {
    from: "what @types/node says",
    lib: [],
    types: ["node"],
    use: `import { open } from "node:fs/promises";
      import type { Transferable } from "node:worker_threads";
      const all: [Same<Moved, Transferable>] = [true];
      ${ofPlatform} ${refusesText}
      length.with({ transfer: [await open("file")] });`,
  },
  {
    from: "what browsers have",
    lib: ["dom"],
    types: [],
    use: `${ofPlatform}; const all: [Same<Moved, Transferable>] = [true];`,
  },
  {
    from: "what their workers have",
    lib: ["webworker"],
    types: [],
    use: `${ofPlatform}; const all: [Same<Moved, Transferable>] = [true];`,
  },
  {
    from: "what browsers have and what @types/node says",
    lib: ["dom"],
    types: ["node"],
    use: `${ofPlatform}; const all: [Same<Moved, Transferable>] = [true];`,
  },
];

/** What the compiler says. */
async function compiled(tsc: string, name: string, compilerOptions: object, file: string): Promise<string> {
  const project = join(consumer, `tsconfig.${name}.json`);
  const options = { target: "es2024", strict: true, noEmit: true, ...compilerOptions };
  writeFileSync(project, JSON.stringify({ compilerOptions: options, files: [file] }));
  const { stdout } = await run(process.execPath, [tsc, "-p", project]).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}

describe.each(compilers)("a program compiles against it with TypeScript $version", ({ version, file }) => {
  test.each(resolutions)("($moduleResolution)", { timeout: 60_000 }, async (resolution) => {
    const said = await run(process.execPath, [file, "--version"]);
    expect(said.stdout).toContain(`Version ${version}.`);
    const declared = { lib: ["es2024", "esnext.disposable", "dom"], types: [] };
    const name = `${version}.${resolution.module}`;
    expect(await compiled(file, name, { ...resolution, ...declared }, "program.ts")).toBe("");
  });

  test.each(platforms)("knowing of its platform $from", { timeout: 60_000 }, async (platform) => {
    const { from, lib, types, use } = platform;
    const name = `${version}.${from.replaceAll(/\W+/g, "-")}`;
    writeFileSync(join(consumer, `${name}.ts`), `${everything}${use}`);
    const declared = { lib: ["es2024", ...lib], types, typeRoots: [join(root, "node_modules/@types")] };
    const options = { module: "nodenext", skipLibCheck: false, ...declared };
    expect(await compiled(file, name, options, `${name}.ts`)).toBe("");
  });
});

test("a program runs on it", async () => {
  const { stdout } = await run(process.execPath, [join(consumer, "program.ts")]);
  expect(stdout).toBe("1 x 60000 3\n");
});

const flags = ["--no-enable-source-maps", "--enable-source-maps"];
describe.each(flags)("reports name the user's lines with %s", { timeout: 30_000 }, (flag) => {
  const file = join(consumer, "sites.mjs");
  beforeAll(() => {
    writeFileSync(
      file,
      `import { main, sleep, spawn } from "millrace";
       import { enable, subscribe } from "millrace/diagnostics";
       subscribe((event) => event.type === "warning" && console.error(event.warning.message));
       enable();
       await main(async () => {
         spawn(() => sleep(60_000), { name: "leaked" });
         await spawn(() => void sleep(1));
       });`,
    );
  });
  async function expectLines(program: string): Promise<void> {
    const { stderr } = await run(process.execPath, [flag, program], { cwd: consumer });
    expect(stderr).toMatch(/'leaked' .*\(spawned at (?:webpack:\/\/\/)?sites\.mjs:6:\d+\)/);
    expect(stderr).toMatch(
      /a future \([\w$]+\) was created at (?:webpack:\/\/\/)?sites\.mjs:7:\d+ and never/,
    );
    expect(stderr).not.toContain("node_modules");
  }

  test("as it is", () => expectLines(file));

  test.each([false, true])("in a bundle that has a source map, minified %s", async (minify) => {
    const { build } = await import("esbuild");
    const outfile = join(consumer, "esbuild/bundle.mjs");
    const options = { bundle: true, format: "esm", platform: "node", target: "es2024", minify } as const;
    await build({ ...options, entryPoints: [file], outfile, sourcemap: true });
    await expectLines(outfile);
  });

  test("in a bundle of webpack, which tells each module where its source was", async () => {
    const { default: webpack } = await import("webpack");
    const compiler = webpack({
      mode: "production",
      devtool: "source-map",
      target: "node",
      context: consumer,
      entry: file,
      experiments: { outputModule: true },
      output: { path: join(consumer, "webpack"), filename: "bundle.mjs", module: true },
    });
    const made = await new Promise((resolve, reject) => {
      compiler.run((error, stats) =>
        error === null ? resolve(stats?.toString("errors-only")) : reject(error),
      );
    });
    expect(made).toBe("");
    await expectLines(join(consumer, "webpack/bundle.mjs"));
  });
});

test(
  "a program runs on it on Node 22, compiled: `using` is newer than that",
  { timeout: 120_000 },
  async ({ skip }) => {
    const oldest = node22();
    if (oldest === undefined) return skip("Node 22 could not be installed");
    const { stdout: version } = await run(oldest, ["--version"]);
    expect(version).toMatch(/^v22\./);
    const project = join(consumer, "tsconfig.emit.json");
    const target = { target: "es2024", lib: ["es2024", "esnext.disposable", "dom"], types: [] };
    const compilerOptions = { module: "nodenext", ...target, strict: true, outDir: "js" };
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
    await run(process.execPath, [compilers[0]!.file, "-p", project]);
    const { stdout } = await run(oldest, [join(consumer, "js/program.js")]);
    expect(stdout).toBe("1 x 60000 3\n");
  },
);

describe("the first pages of the guide work as they stand there", () => {
  const programs = ["01-entry-point", "02-three-at-once"].flatMap((name) => [
    `${name}.ts`,
    `${name}.yield.ts`,
  ]);
  test.each(programs)("%s", { timeout: 120_000 }, async (name) => {
    const file = join(consumer, name);
    cpSync(join(root, "docs/programs", name), file);
    for (const runtime of [process.execPath, node22() ?? []].flat()) {
      const { stdout, stderr } = await run(runtime, ["--disable-warning=ExperimentalWarning", file]);
      expect(stdout).toMatch(
        name.startsWith("01") ? /^hello mill\nhello race\n$/ : /^Ada, Bob and Cleo after \d+ ms\n$/,
      );
      expect(stderr).toBe("");
    }
  });
});
