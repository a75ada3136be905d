/**
 * Node 22 cannot parse `using`, so a program that declares with it is compiled for it first, as its author
 * would have to. Loaded into every process of the suite on Node 22, with `--import`.
 */
import { readFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Esbuild from "esbuild";

const require = createRequire(import.meta.url);

registerHooks({
  load(url, context, nextLoad) {
    if (!/^file:.*(?<!\.d)\.ts$/.test(url)) return nextLoad(url, context);
    const path = fileURLToPath(url);
    const source = readFileSync(path, "utf8");
    if (!/\busing \w/.test(source)) return nextLoad(url, context);
    const { transformSync } = require("esbuild") as typeof Esbuild;
    const { code } = transformSync(source, { loader: "ts", target: "node22", sourcefile: path });
    return { format: "module", source: code, shortCircuit: true };
  },
});
