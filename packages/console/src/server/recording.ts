/**
 * Writing a recording: a file of JSON lines, the first a `hello`, then updates, at last an `end`. A disc that is
 * slower than the program makes the updates rarer and larger, not the program slower.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Feed } from "millrace/feed";
import type { ServerMessage } from "../protocol/messages.ts";
import { FileWriter } from "./file-writer.ts";
import { openLive } from "./live.ts";

/** How a recording is made. */
export interface RecordOptions {
  /** Where the data comes from: `() => new Feed()` of the `millrace/feed` that the program uses. */
  readonly feed?: () => Feed;
}
/** A recording that is being written. */
export interface Recording {
  /** Where it is written to. */
  readonly file: string;
  /** Writes what is left, and closes the file. It rejects when the file could not be written. */
  close(): Promise<void>;
}

/**
 * Records this process into `file` until it is closed, or the process exits. It keeps no program alive.
 *
 * @throws what opening the file throws.
 *
 * @example
 * ```ts
 * import { record } from "@millrace/console";
 *
 * const recording = record(".cache/example.millrace");
 * await recording.close();
 * ```
 */
export function record(file: string, options: RecordOptions = {}): Recording {
  mkdirSync(dirname(file), { recursive: true });
  const out = new FileWriter(file);
  const source = openLive(options.feed ?? (() => new Feed()));
  const write = (message: ServerMessage): void => out.add(`${JSON.stringify(message)}\n`);
  source.watched(1);
  write(source.hello);
  const reader = source.model.subscribe(() => {
    if (!out.isBusy) write(reader.take());
  });
  const finish = (reason: string): void => {
    // One look is bounded, and so is one message.
    do {
      source.look();
      do write(reader.take());
      while (reader.hasMore);
    } while (source.model.state.pending > 0);
    write({ type: "end", reason });
  };
  out.onExit = () => finish("the program ended");
  let closing: Promise<void> | undefined;
  return {
    file,
    close() {
      if (closing === undefined) {
        finish("the recording was stopped");
        reader.close();
        source.watched(-1);
        source.close();
        closing = out.close();
      }
      return closing;
    },
  };
}
