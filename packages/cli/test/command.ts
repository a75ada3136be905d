/** The real command, as a process of its own. */
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../bin/millrace.js", import.meta.url));

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end, in the folder of the test programs. */
export function millrace(...args: string[]): Promise<End> {
  const options = {
    cwd: fileURLToPath(new URL("programs", import.meta.url)),
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      NO_COLOR: "1",
      // What the programs import is compiled once.
      NODE_COMPILE_CACHE: join(tmpdir(), "millrace-test-programs"),
    },
  };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--conditions=@millrace/source", bin, ...args],
      options,
      (_, stdout, stderr) => resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });
}
