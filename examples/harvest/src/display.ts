/** Progress for people: one line that is rewritten on a terminal, plain lines everywhere else. */
import { interval, now, type Routine } from "millrace";
import { byteSize } from "./byte-size.ts";
import { countFailures, type Progress, type ProgressSnapshot } from "./progress.ts";

export interface Display extends Disposable {
  /** How often it wants to be shown progress, in ms. */
  readonly period: number;
  show(snapshot: ProgressSnapshot): void;
  /** A line that stays. */
  say(line: string): void;
}

/** Where a display writes to: the part of `process.stderr` that it needs. */
export interface DisplayStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export function openDisplay(stream: DisplayStream): Display {
  return stream.isTTY === true ? new LiveLine(stream) : new PlainLines(stream);
}

/** Runs until it is aborted. */
export function* showProgress(progress: Progress, display: Display): Routine<never> {
  const ticks = interval(display.period, { start: now() + display.period, missedTick: "skip" });
  for (;;) {
    yield* ticks.tick();
    display.show(progress.snapshot());
  }
}

class PlainLines implements Display {
  readonly period = 1000;
  readonly #stream: DisplayStream;

  constructor(stream: DisplayStream) {
    this.#stream = stream;
  }

  show(snapshot: ProgressSnapshot): void {
    this.say(describe(snapshot));
  }

  say(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  [Symbol.dispose](): void {}
}

const toLineStart = "\r\u001B[K";

class LiveLine implements Display {
  readonly period = 100;
  readonly #stream: DisplayStream;
  #line = "";

  constructor(stream: DisplayStream) {
    this.#stream = stream;
  }

  show(snapshot: ProgressSnapshot): void {
    // One column less than there are: a full line would wrap, and could not be taken back.
    const width = (this.#stream.columns || 80) - 1;
    this.#line = `${bar(snapshot)} ${describe(snapshot)}`.slice(0, width);
    this.#stream.write(toLineStart + this.#line);
  }

  say(line: string): void {
    this.#stream.write(`${toLineStart}${line}\n${this.#line}`);
  }

  [Symbol.dispose](): void {
    this.#stream.write(toLineStart);
  }
}

function describe(snapshot: ProgressSnapshot): string {
  const { total, bytes, inFlight, retries } = snapshot;
  const failures = countFailures(snapshot);
  return [
    `${settled(snapshot)}/${total} documents`,
    byteSize(bytes),
    `${inFlight} in flight`,
    `${retries} retries`,
    ...(failures > 0 ? [`${failures} failed`] : []),
  ].join(", ");
}

function bar(snapshot: ProgressSnapshot, width = 20): string {
  const filled = snapshot.total === 0 ? width : Math.round((settled(snapshot) / snapshot.total) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

function settled(snapshot: ProgressSnapshot): number {
  return snapshot.alreadyStored + snapshot.stored;
}
