/** The programs of the guide: what there is, how each is run, and what it must print. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Program {
  /** "05-producer-consumer": the page, the expected output and the programs in both styles share it. */
  readonly name: string;
  readonly file: string;
  readonly isYield: boolean;
  /** Needs sockets, files, threads or signals, or its stderr and exit code count: in real time. */
  readonly isReal: boolean;
  /** Shows the numbers of tasks and channels, which depend on what ran before: in a process of its own. */
  readonly isAlone: boolean;
}

export interface Run {
  readonly stdout: string;
  /** Ends with "exit code N" unless that is 0. */
  readonly stderr: string;
}

export const docs: string = fileURLToPath(new URL("..", import.meta.url));
const root = join(docs, "..");
const folder = join(docs, "programs");
const REAL = /from "(?:node:|@millrace\/|millrace\/threads)|\bprocess\.|setTimeout\(/;

export const programs: readonly Program[] = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .toSorted()
  .map((file) => {
    const name = basename(file, ".ts").replace(/\.yield$/, "");
    const source = readFileSync(join(folder, file), "utf8");
    return {
      name,
      file: join("docs/programs", file),
      isYield: file.endsWith(".yield.ts"),
      isReal: REAL.test(source) || expected(name, ".stderr.txt") !== undefined,
      isAlone: source.includes('"millrace/diagnostics"'),
    };
  });

/** What a program prints, written beside it: NAME.txt, and NAME.stderr.txt where that matters. */
export function expected(name: string, suffix: ".txt" | ".stderr.txt"): string | undefined {
  try {
    return readFileSync(join(folder, name + suffix), "utf8");
  } catch {
    return undefined;
  }
}

/** In a process of its own, in real time. */
export function runAlone(file: string): Promise<Run> {
  return run([file]);
}

/** All of them in one process, in virtual time: what each wrote to stdout. */
export async function runTogether(files: readonly string[]): Promise<Record<string, string>> {
  const { stdout, stderr } = await run(["docs/test/run.ts", ...files]);
  if (stderr !== "") throw new Error(`a program of the guide failed:\n${stdout}${stderr}`);
  return JSON.parse(stdout) as Record<string, string>;
}

function run(args: readonly string[]): Promise<Run> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      ["--conditions=@millrace/source", ...args],
      {
        cwd: root,
        env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: process.env.MILLRACE_NODE_OPTIONS ?? "" },
      },
      (error, stdout, stderr) =>
        done({ stdout, stderr: error === null ? stderr : `${stderr}exit code ${error.code}\n` }),
    );
  });
}
