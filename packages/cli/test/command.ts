/** The real command, as a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
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

/** In the folder of the test programs. */
export class Running implements Disposable {
  readonly end: Promise<End>;
  readonly #child: ChildProcess;
  #stdout: string = "";
  #stderr: string = "";
  readonly #onOutput: Set<() => void> = new Set();

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, ["--conditions=@millrace/source", bin, ...args], {
      cwd: fileURLToPath(new URL("programs", import.meta.url)),
      env: {
        ...process.env,
        NODE_OPTIONS: process.env.MILLRACE_NODE_OPTIONS ?? "",
        NO_COLOR: "1",
        // What the programs import is compiled once.
        NODE_COMPILE_CACHE: join(tmpdir(), "millrace-test-programs"),
      },
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#heard();
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#heard();
    });
    this.end = this.#whenEnded();
  }

  get pid(): number {
    return this.#child.pid!;
  }
  /** Resolves with what matches in its output; rejects when it ends without. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const look = (): void => {
      const found = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
      if (found !== null) resolve(found);
    };
    this.#onOutput.add(look);
    look();
    void this.end.then((end) => reject(new Error(`it ended without ${pattern}: ${JSON.stringify(end)}`)));
    return promise.finally(() => this.#onOutput.delete(look));
  }
  /** Closes its stdin. */
  finish(): Promise<End> {
    this.#child.stdin!.end();
    return this.end;
  }
  /** Nobody reads what it says from now on. */
  stopReading(): void {
    this.#child.stdout!.destroy();
  }
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }

  #heard(): void {
    for (const look of this.#onOutput) look();
  }
  async #whenEnded(): Promise<End> {
    const [code, signal] = (await once(this.#child, "close")) as [number | null, NodeJS.Signals | null];
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** Runs it to its end. */
export function millrace(...args: string[]): Promise<End> {
  return new Running(...args).finish();
}
