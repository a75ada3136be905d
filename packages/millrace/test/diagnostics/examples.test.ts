/** The example programs, recorded: they do nothing that is worth a warning. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const record = `
  import { enable, snapshot } from "millrace/diagnostics";
  enable();
  process.on("exit", () => {
    console.error("recorded:", snapshot().tasks.length > 0);
    for (const { lint, message } of snapshot().warnings) console.error("warning:", lint, message);
  });
`;

test.each([
  ["bank", []],
  ["logs", ["--lines", "20000"]],
  ["mandelbrot", ["--width", "300", "--height", "200", "--out", "PICTURE"]],
  ["harvest", ["--latency", "1", "--stalls", "0", "--db", "DATABASE", "--root", join(root, "docs")]],
])("examples/%s runs without a warning", { timeout: 60_000 }, async (name, options) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  try {
    const { stderr } = await promisify(execFile)(process.execPath, [
      "--conditions=@millrace/source",
      `--import=data:text/javascript,${encodeURIComponent(record.replaceAll("millrace/diagnostics", import.meta.resolve("millrace/diagnostics")))}`,
      join(root, `examples/${name}/src/main.ts`),
      ...options.map((option) => (/^[A-Z]+$/.test(option) ? join(folder, option) : option)),
    ]);
    expect(stderr).toContain("recorded: true");
    // How long the machine takes for something is not the program's doing.
    const warnings = stderr
      .split("\n")
      .filter((line) => /^warning: (?!blocked-loop|never-yielded)/.test(line));
    expect(warnings).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
