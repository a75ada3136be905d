/**
 * Node 22 cannot parse `using`, so a program that declares with it is compiled for it first, as its author
 * would have to. Loaded into every process of the suite on Node 22, with `--import`: the compiler runs in the
 * process itself, because one that is a process of its own would not survive the Ctrl-C of a test. What it has
 * made is kept, since loading it takes longer than most programs do.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** What is used of the last TypeScript that can be called. */
interface Compiler {
  readonly ScriptTarget: { readonly ES2024: number };
  readonly ModuleKind: { readonly ESNext: number };
  transpileModule(
    source: string,
    options: { fileName: string; compilerOptions: Readonly<Record<string, unknown>> },
  ): { readonly outputText: string };
}

const consumer = new URL("../consumers/typescript-5.9/package.json", import.meta.url);
const kept = new URL("../../.cache/platforms/lowered/", import.meta.url);

registerHooks({
  load(url, context, nextLoad) {
    if (!/^file:.*(?<!\.d)\.ts$/.test(url)) return nextLoad(url, context);
    const path = fileURLToPath(url);
    const source = readFileSync(path, "utf8");
    if (!/\busing \w/.test(source)) return nextLoad(url, context);
    return { format: "module", source: lowered(source, path), shortCircuit: true };
  },
});

function lowered(source: string, path: string): string {
  const file = new URL(`${createHash("sha256").update(source).digest("hex")}.js`, kept);
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Not made yet.
  }
  const ts = createRequire(consumer)("typescript") as Compiler;
  const { outputText } = ts.transpileModule(source, {
    fileName: path,
    compilerOptions: {
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  mkdirSync(kept, { recursive: true });
  // Processes that compile the same at the same time do not see each other's halves.
  const half = new URL(`${file.href}.${process.pid}-${Math.random()}`);
  writeFileSync(half, outputText);
  renameSync(half, file);
  return outputText;
}
