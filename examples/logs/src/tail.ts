/** The lines of a file that may still be growing. */
import { open } from "node:fs/promises";
import { sleep } from "millrace";
import { Stream } from "millrace/stream";

const CHUNK_BYTES = 64 * 1024;

export interface TailOptions {
  /** Asked at the end of the file: whether nothing more will be written. */
  readonly isComplete: () => boolean;
  /** How long to wait for more, in ms. */
  readonly pollMs: number;
  readonly onRead?: (bytes: number) => void;
}

/**
 * Reads a chunk when one is asked for, and no sooner: how far ahead of its consumer it gets is one chunk,
 * however slow the consumer and however long the file. Leaving the stream closes the file.
 */
export function tail(path: string, options: TailOptions): Stream<string> {
  const lines = new LineSplitter();
  return Stream.from(chunks(path, options))
    .flatMap((chunk) => lines.split(chunk))
    .chain(Stream.of("").flatMap(() => lines.rest()));
}

async function* chunks(path: string, { isComplete, pollMs, onRead }: TailOptions): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    for (let at = 0; ;) {
      const wasComplete = isComplete();
      const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      if (bytesRead > 0) {
        at += bytesRead;
        onRead?.(bytesRead);
        yield buffer.subarray(0, bytesRead);
      } else if (wasComplete) return;
      else await sleep(pollMs);
    }
  } finally {
    await file.close();
  }
}

/** Cuts chunks into lines; a line, or a character, may begin in one chunk and end in another. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #partial = "";

  split(chunk: Uint8Array): string[] {
    const lines = (this.#partial + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#partial = lines.pop() ?? "";
    return lines;
  }
  /** The last line, if no line break ended it. */
  rest(): string[] {
    const last = this.#partial + this.#decoder.decode();
    return last === "" ? [] : [last];
  }
}
