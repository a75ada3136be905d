/**
 * The terminal while it is ours: another screen, without a cursor, keys as they are pressed. However the process
 * ends, the terminal is given back as it was.
 */
import { emitKeypressEvents, type Key } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import {
  beginSynchronizedOutput,
  cursorHide,
  cursorShow,
  cursorTo,
  endSynchronizedOutput,
  enterAlternativeScreen,
  eraseDown,
  eraseEndLine,
  exitAlternativeScreen,
} from "ansi-escapes";

export interface ScreenEvents {
  readonly onKey: (key: Key) => void;
  /** It is of another size, or was in the background: draw again. */
  readonly onStale: () => void;
}

export class Screen implements Disposable {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #events: ScreenEvents;
  readonly #leave: () => void = () => this.#giveBack();
  readonly #onKey: (text: string | undefined, key: Key) => void;
  readonly #onResume: () => void;
  #isOurs: boolean = false;

  constructor(input: ReadStream, output: WriteStream, events: ScreenEvents) {
    this.#input = input;
    this.#output = output;
    this.#events = events;
    this.#onKey = (_, key) => (key.ctrl === true && key.name === "z" ? this.#suspend() : events.onKey(key));
    this.#onResume = () => {
      this.#take();
      events.onStale();
    };
    emitKeypressEvents(input);
    input.on("keypress", this.#onKey);
    output.on("resize", events.onStale);
    process.on("exit", this.#leave);
    process.on("SIGCONT", this.#onResume);
    this.#take();
  }

  get width(): number {
    return this.#output.columns;
  }
  get height(): number {
    return this.#output.rows;
  }

  draw(lines: readonly string[]): void {
    if (!this.#isOurs) return;
    const text = lines.map((line) => `${line}${eraseEndLine}`).join("\n");
    this.#output.write(
      `${beginSynchronizedOutput}${cursorTo(0, 0)}${text}${eraseDown}${endSynchronizedOutput}`,
    );
  }

  [Symbol.dispose](): void {
    this.#giveBack();
    this.#input.off("keypress", this.#onKey);
    this.#input.pause();
    this.#output.off("resize", this.#events.onStale);
    process.off("exit", this.#leave);
    process.off("SIGCONT", this.#onResume);
  }

  #take(): void {
    if (this.#isOurs) return;
    this.#isOurs = true;
    this.#input.setRawMode(true);
    this.#input.resume();
    this.#output.write(`${enterAlternativeScreen}${cursorHide}`);
  }
  #giveBack(): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    this.#output.write(`${cursorShow}${exitAlternativeScreen}`);
    this.#input.setRawMode(false);
  }
  #suspend(): void {
    this.#giveBack();
    process.kill(process.pid, "SIGTSTP");
  }
}
