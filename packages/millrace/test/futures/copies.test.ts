/** Two copies of the library in one process: what one cannot do for the other, it says. */
import { fileURLToPath } from "node:url";
import type * as Millrace from "millrace";
import { spawn } from "millrace";
import { build } from "esbuild";
import { expect, test } from "vitest";

type Copy = typeof Millrace;

/** As a package that was bundled with the library has it. */
async function anotherCopy(): Promise<Copy> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { sleep, spawn } from "millrace";`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    conditions: ["@millrace/source"],
    bundle: true,
    format: "esm",
    write: false,
  });
  const url = `data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`;
  return (await import(/* @vite-ignore */ url)) as Copy;
}

const other = await anotherCopy();
const future = () => other.sleep(1);

test("yield* of a future of another copy says so, and where the task's copy is", async () => {
  const task = spawn(function* () {
    yield* future();
  });
  await expect(task).rejects.toThrow(
    /another copy of millrace than the task's, which is at .*copies\.ts:\d+/u,
  );
  expect(() => future()[Symbol.iterator]().next()).toThrow("outside a running task");
});

test("await of one waits for it, in a task of either copy", async () => {
  const done: string[] = [];
  await spawn(async () => {
    await future();
    done.push("here");
  });
  await other.spawn(async () => {
    await future();
    done.push("there");
  });
  expect(done).toEqual(["here", "there"]);
});
