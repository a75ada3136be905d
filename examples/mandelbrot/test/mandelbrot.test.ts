/** The picture, and the program that draws it. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { png } from "../src/png.ts";
import { renderRow, type View } from "../src/rows.ts";

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const command = (...args: string[]): string[] => ["--conditions=@millrace/source", program, ...args];
const limit = { timeout: 60_000 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mandelbrot-"));
});
afterAll(() => rm(folder, { recursive: true }));

const view: View = { width: 60, height: 40, re: -0.6, im: 0, span: 3.2, iterations: 200 };
const rowsHere = (): Uint8Array[] =>
  Array.from({ length: view.height }, (_, y) => renderRow.local({ y, view }) as Uint8Array);

test("the middle of the set is black, and a corner is not", () => {
  const rows = rowsHere();
  expect(Array.from(rows[20]!.subarray(35 * 3, 36 * 3))).toEqual([0, 0, 0]);
  expect(Array.from(rows[0]!.subarray(0, 3))).not.toEqual([0, 0, 0]);
  // It is its own mirror image.
  expect(rows[1]).toEqual(rows[39]);
});

test("the file holds the rows, unfiltered", () => {
  const rows = rowsHere();
  const file = png(view.width, rows);
  expect(file.subarray(1, 4).toString()).toBe("PNG");
  expect([file.readUInt32BE(16), file.readUInt32BE(20)]).toEqual([60, 40]);
  const length = file.readUInt32BE(33);
  const pixels = inflateSync(file.subarray(41, 41 + length));
  expect(pixels).toEqual(Buffer.concat(rows.flatMap((row) => [Uint8Array.of(0), row])));
});

describe("the program", () => {
  test.each(["1", "2"])("draws the same on %s threads as on none", limit, async (threads) => {
    const out = join(folder, `${threads}.png`);
    const size = ["--width", "60", "--height", "40", "--iterations", "200"];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      command("--out", out, "--threads", threads, ...size),
    );
    expect(stdout).toMatch(/60 × 40 in \d+ ms/);
    expect(readFileSync(out).equals(png(view.width, rowsHere()))).toBe(true);
  });

  test("says how far it is, and leaves nothing behind at Ctrl-C", limit, async () => {
    const out = join(folder, "stopped.png");
    const args = command("--out", out, "--iterations", "1000000", "--height", "10000");
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text: string) => {
      if (!said.includes("rows)") && text.includes("rows)")) child.kill("SIGINT");
      said += text;
    });
    const [code] = (await once(child, "exit")) as [number];
    expect(said).toMatch(/mandelbrot: \d+ % \(\d+ of 10000 rows\)/);
    expect(said).toMatch(/stopped at .*; nothing was written/);
    expect(code).toBe(130);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("says what is wrong with its options", limit, async () => {
    const failing = promisify(execFile)(process.execPath, command("--width", "wide"));
    await expect(failing).rejects.toMatchObject({
      code: 2,
      stderr: 'mandelbrot: --width takes a number, not "wide"\n',
    });
  });
});
