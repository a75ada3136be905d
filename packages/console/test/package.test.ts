/** What would be published: built, without its sources, as a program elsewhere would use it. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { compile } from "../../../test/comparison.ts";
import { buildPage } from "../src/server/build-page.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const consumer = join(root, ".cache/console-package");
const installed = (name: string): string => join(consumer, "node_modules", name);

beforeAll(async () => {
  rmSync(consumer, { recursive: true, force: true });
  for (const [folder, name] of [
    ["millrace", "millrace"],
    ["console", "@millrace/console"],
  ] as const) {
    const source = join(root, "packages", folder);
    mkdirSync(installed(name), { recursive: true });
    cpSync(join(source, "package.json"), join(installed(name), "package.json"));
    const project = join(consumer, `tsconfig.${folder}.json`);
    const library = (entry: string): string[] => [join(installed("millrace"), `dist/${entry}.d.ts`)];
    const compilerOptions = {
      outDir: join(installed(name), "dist"),
      rootDir: join(source, "src"),
      paths: { "millrace/feed": library("feed"), "millrace/diagnostics": library("diagnostics") },
      typeRoots: [join(root, "node_modules/@types")],
    };
    const include = [join(source, "src/**/*.ts")];
    const exclude = [join(source, "src/ui"), join(source, "src/**/*.test.ts")];
    const text = { extends: join(source, "tsconfig.build.json"), compilerOptions, include, exclude };
    writeFileSync(project, JSON.stringify(text));
    expect(await compile(project)).toBe("");
  }
  const page = await buildPage(join(root, "packages/console"));
  cpSync(page, join(installed("@millrace/console"), "dist/page"), { recursive: true });
  symlinkSync(join(root, "node_modules/ws"), installed("ws"));
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ type: "module" }));
}, 240_000);

test("it depends on ws alone, and publishes no sources that would have to be built", () => {
  const manifest = JSON.parse(readFileSync(join(root, "packages/console/package.json"), "utf8")) as {
    dependencies: object;
    files: string[];
    exports: Record<string, string | Record<string, string>>;
  };
  expect(Object.keys(manifest.dependencies)).toEqual(["ws"]);
  expect(manifest.files).not.toContain("vite.config.ts");
  const { types, default: code } = manifest.exports["."] as Record<string, string>;
  for (const file of [types!, code!])
    expect(existsSync(join(installed("@millrace/console"), file))).toBe(true);
});

test(
  "a program serves its console, is read from, recorded, and its recording is served",
  { timeout: 60_000 },
  async () => {
    writeFileSync(
      join(consumer, "program.ts"),
      `import { main, mpsc } from "millrace";
     import { serveConsole } from "millrace/diagnostics";
     import { connect, record, serveRecording } from "@millrace/console";
     await main(async () => {
       const shown = await serveConsole();
       const recording = record("run.millrace");
       const [tx, rx] = mpsc.channel(4, { name: "jobs" });
       const entry = await fetch(shown.url);
       const folder = new URL(/url=([^"]+)"/.exec(await entry.text())[1], shown.url);
       const headers = { cookie: entry.headers.get("set-cookie").split(";")[0] };
       const page = await fetch(folder, { headers });
       const script = /src="([^"]+)"/.exec(await page.text())[1];
       const code = await fetch(new URL(script, folder), { headers });
       console.log(page.status, code.status, code.headers.get("content-type"));
       const client = await connect(shown.url);
       while (client.state.resources.size === 0) await new Promise((done) => setTimeout(done, 20));
       console.log([...client.state.resources.values()].map(({ name }) => name).join());
       client.close();
       await recording.close();
       const again = await serveRecording("run.millrace");
       console.log((await fetch(again.url)).status);
       await again.close();
       await shown.close();
       tx.close();
       rx.close();
     });`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, ["program.ts"], {
      cwd: consumer,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    expect(stdout).toBe("200 200 text/javascript; charset=utf-8\njobs\n200\n");
  },
);
