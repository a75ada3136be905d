/**
 * The library twice, bundled alike: as it is, and with the places taken out in which a recorder plugs in. What
 * those cost while nothing records is the difference.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import type { run } from "./bundles/recorded.ts";

interface Program {
  run: typeof run;
}

export async function bundled(hooks: "as they are" | "taken out"): Promise<Program> {
  let places = 0;
  const bundle = await rolldown({
    input: fileURLToPath(new URL("bundles/recorded.ts", import.meta.url)),
    platform: "node",
    external: /^node:/,
    resolve: { conditionNames: ["@millrace/source", "import", "default"] },
    plugins: [
      {
        name: "hooks",
        transform(code, id) {
          if (hooks === "as they are" || !/millrace[/\\]src[/\\]/.test(id)) return null;
          return code.replaceAll("hooks.current", () => {
            places++;
            return "null";
          });
        },
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm" });
  await bundle.close();
  if (hooks === "taken out" && places === 0) throw new Error("there are no hooks to take out any more");
  const file = join(mkdtempSync(join(tmpdir(), "millrace-bench-")), "program.mjs");
  writeFileSync(file, output[0].code);
  return (await import(pathToFileURL(file).href)) as Program;
}
