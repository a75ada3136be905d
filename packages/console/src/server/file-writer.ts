/**
 * Appends to a file, one write at a time, and keeps at most one chunk waiting. Each write says where in the file
 * it belongs, so that what is under way when the process exits can be written again, at once and in its place.
 */
import { close, openSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";

export class FileWriter {
  readonly #fd: number;
  #position: number = 0;
  #underWay: Buffer | null = null;
  #waiting: string = "";
  #error: Error | undefined;
  #onIdle: (() => void) | undefined;
  #isClosed: boolean = false;
  readonly #onExit = (): void => {
    this.onExit();
    this.#writeNow();
  };
  /** May add what is left when the process exits. */
  onExit: () => void = () => {};

  constructor(file: string) {
    this.#fd = openSync(file, "w", 0o600);
    process.once("exit", this.#onExit);
  }

  /** It is still busy with what it has, or has failed: add no more. */
  get isBusy(): boolean {
    return this.#underWay !== null || this.#error !== undefined;
  }
  add(text: string): void {
    this.#waiting += text;
    this.#start();
  }
  /** Resolves when everything is in the file, and rejects if that failed. */
  async close(): Promise<void> {
    if (this.isBusy && this.#error === undefined) await new Promise<void>((done) => (this.#onIdle = done));
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off("exit", this.#onExit);
    await promisify(close)(this.#fd);
    if (this.#error !== undefined) throw this.#error;
  }

  #start(): void {
    if (this.isBusy) return;
    if (this.#waiting === "") {
      this.#onIdle?.();
      return;
    }
    this.#underWay = Buffer.from(this.#waiting);
    this.#waiting = "";
    this.#write(0);
  }
  #write(from: number): void {
    const chunk = this.#underWay!;
    write(this.#fd, chunk, from, chunk.length - from, this.#position + from, (error, written) => {
      if (error === null && from + written < chunk.length) return this.#write(from + written);
      if (error !== null) this.#error = error;
      this.#position += chunk.length;
      this.#underWay = null;
      if (this.#error === undefined) this.#start();
      else this.#onIdle?.();
    });
  }
  #writeNow(): void {
    if (this.#error !== undefined) return;
    const left = Buffer.concat([this.#underWay ?? Buffer.alloc(0), Buffer.from(this.#waiting)]);
    for (let from = 0; from < left.length;) {
      from += writeSync(this.#fd, left, from, left.length - from, this.#position + from);
    }
  }
}
