/** A real program under test: a file of `programs/`, run by the Node that runs the tests. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the programs import is compiled once. */
const compileCache = (): string => join(tmpdir(), "millrace-test-programs");

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Program implements Disposable {
  readonly end: Promise<End>;
  readonly #child: ChildProcess;
  #stdout: string = "";
  #stderr: string = "";
  readonly #onOutput: Set<() => void> = new Set();

  constructor(name: string, ...args: string[]) {
    const file = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
    this.#child = spawn(process.execPath, ["--conditions=@millrace/source", file, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: compileCache() },
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      for (const look of this.#onOutput) look();
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.end = this.#whenEnded();
  }

  /** Resolves when the program has written `text` to stdout; rejects when it ends without. */
  async wrote(text: string): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (!this.#stdout.includes(text)) return;
          this.#onOutput.delete(look);
          resolve();
        };
        this.#onOutput.add(look);
        look();
      }),
      this.end.then((end) => {
        if (end.stdout.includes(text)) return;
        throw new Error(`ended without writing ${JSON.stringify(text)}: ${JSON.stringify(end)}`);
      }),
    ]);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.#child.pid!, name);
  }

  async #whenEnded(): Promise<End> {
    const [code, signal] = (await once(this.#child, "close")) as [number | null, NodeJS.Signals | null];
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}

/** Runs a program to its end. */
export function run(name: string, ...args: string[]): Promise<End> {
  return new Program(name, ...args).end;
}
