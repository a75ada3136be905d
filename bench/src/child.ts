/** A child process, in the parent. It runs with the parent's flags, and what it says on standard error is passed on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Job, Result } from "./job.ts";

/** Far beyond what any result should take. */
const TIME_LIMIT_MS = 180_000;

export class Child<J extends Job> implements Disposable {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #said: string = "";
  #isLate: boolean = false;

  constructor(job: J) {
    const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
    const args = [...process.execArgv, worker, JSON.stringify(job)];
    this.#process = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
    // One that has ended takes no more turns; that shows when its result is missing.
    this.#process.stdin!.on("error", () => {});
    this.#process.stderr!.setEncoding("utf8").on("data", (text: string) => {
      process.stderr.write(text);
      this.#said += text;
    });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** One more turn, for a job of turns. */
  turn(): Promise<Result<J>> {
    this.#process.stdin!.write("\n");
    return this.result();
  }

  async result(): Promise<Result<J>> {
    const limit = setTimeout(() => {
      this.#isLate = true;
      this.#process.kill("SIGKILL");
    }, TIME_LIMIT_MS);
    const line = await this.#lines.next();
    clearTimeout(limit);
    if (line.done !== true) return JSON.parse(line.value) as Result<J>;
    throw new Error(`the child process failed: ${await this.#why()}`);
  }

  async #why(): Promise<string> {
    if (this.#isLate) return `stopped after ${TIME_LIMIT_MS / 1000} s`;
    const { exitCode, signalCode } = this.#process;
    const [code, signal] =
      exitCode === null && signalCode === null ? await once(this.#process, "close") : [exitCode, signalCode];
    return /^\w*Error: .*$/m.exec(this.#said)?.[0] ?? `ended with ${String(signal ?? code)}`;
  }

  [Symbol.dispose](): void {
    this.#process.kill("SIGKILL");
  }
}

export async function inChild<J extends Job>(job: J): Promise<Result<J>> {
  using child = new Child(job);
  return await child.result();
}
