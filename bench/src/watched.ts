/** A program that serves its console, with somebody who looks at it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { enable, serveConsole } from "millrace/diagnostics";

export async function watched(stacks: boolean): Promise<AsyncDisposable> {
  const recording = enable({ stacks });
  const shown = await serveConsole();
  const reader = spawn(
    process.execPath,
    [
      "--conditions=@millrace/source",
      fileURLToPath(new URL("console-reader.ts", import.meta.url)),
      shown.url,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(reader.stdout!, "data");
  return {
    async [Symbol.asyncDispose]() {
      reader.kill();
      await shown.close();
      recording[Symbol.dispose]();
    },
  };
}
