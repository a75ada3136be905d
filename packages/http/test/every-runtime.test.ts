/** The same program on each runtime that is at hand; which ones were not is said. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("support/every-runtime.ts", import.meta.url));
const cache = (path: string) => fileURLToPath(new URL(`../../../.cache/platforms/${path}`, import.meta.url));
const condition = "--conditions=@millrace/source";

for (const [name, runtime, args] of [
  ["Node", process.execPath, [condition, program]],
  ["Bun", cache("bun-1.4.5/node_modules/@oven/bun-linux-x64/bin/bun"), [condition, program]],
  [
    "Deno",
    cache("deno-2.9.6/node_modules/@deno/linux-x64-glibc/deno"),
    ["run", "-A", "--no-check", condition, program],
  ],
] as const) {
  test(`client, server and sockets work on ${name}`, { timeout: 120_000 }, async ({ skip }) => {
    if (!existsSync(runtime)) {
      console.warn(`SKIPPED on ${name}: there is no ${runtime}; npm run test:all brings it`);
      skip(`there is no ${runtime}`);
    }
    const { stdout } = await promisify(execFile)(runtime, args, {
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    });
    expect(stdout.match(/^ok: /gm)).toHaveLength(27);
  });
}
