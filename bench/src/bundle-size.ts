import { rolldown } from "rolldown";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** Bytes of a program of `bundles/`, bundled with what it imports, minified and compressed. */
export async function bundleSize(program: "millrace" | "effect" | "effection"): Promise<number> {
  const warnings: string[] = [];
  const bundle = await rolldown({
    input: fileURLToPath(new URL(`bundles/${program}.ts`, import.meta.url)),
    platform: "browser",
    external: /^node:/,
    onwarn: ({ code = "warning" }) => void warnings.push(code),
    resolve: { conditionNames: ["@millrace/source", "import", "default"] },
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  // An import that was not found would make the program look small.
  if (warnings.length > 0) throw new Error(`bundling ${program}: ${warnings.join(", ")}`);
  return gzipSync(output[0].code, { level: 9 }).length;
}
