/** The program as its user runs it: a child process, its output, its exit code. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { patiently } from "./patience.ts";

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
/** Compiled once instead of for each run and each of its threads: half of what a short run takes. */
const compiled = fileURLToPath(new URL("../../../../.cache/compiled", import.meta.url));

/** An attempt may take long: it is the test that decides what times out, not a busy machine. */
const defaults = ["--timeout", "20000"];

export interface HarvestRun {
  readonly exit: Promise<HarvestExit>;
  /** Ctrl-C as a terminal sends it: to the program and to its children. */
  interrupt(): void;
  /** SIGTERM as a supervisor sends it: to the program alone. */
  terminate(): void;
  /** SIGKILL, to the program alone. */
  kill(): void;
  /** All of its output so far. */
  readonly output: string;
  /** Waits until the program has written this. */
  wrote(text: string): Promise<void>;
}

export interface HarvestExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** A row of the final table. */
  row(label: string): string | undefined;
}

export function startHarvest(cwd: string, ...args: readonly string[]): HarvestRun {
  return startHarvestIn({}, cwd, ...args);
}

/** With more variables in its environment. */
export function startHarvestIn(
  environment: Readonly<Record<string, string>>,
  cwd: string,
  ...args: readonly string[]
): HarvestRun {
  const database = args.some((arg) => arg === "--db" || arg === "--database")
    ? []
    : ["--database", "test.sqlite"];
  const nodeArgs = ["--conditions=@millrace/source", program, ...database, ...defaults, ...args];
  const child = spawn(process.execPath, nodeArgs, {
    cwd,
    env: { ...process.env, NODE_COMPILE_CACHE: compiled, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a process group of its own, to be interrupted as a whole
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));

  return {
    exit: new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        const row = (label: string) => new RegExp(`^ *${label}  +(.*)$`, "m").exec(output.stdout)?.[1];
        resolve({ code, signal, ...output, row });
      });
    }),
    interrupt: () => process.kill(-(child.pid ?? 0), "SIGINT"),
    terminate: () => child.kill("SIGTERM"),
    kill: () => child.kill("SIGKILL"),
    get output() {
      return output.stdout + output.stderr;
    },
    wrote: (text) => expect.poll(() => output.stdout + output.stderr, patiently).toContain(text),
  };
}

export function runHarvest(cwd: string, ...args: readonly string[]): Promise<HarvestExit> {
  return startHarvest(cwd, ...args).exit;
}
