/** Streams as web streams. */
import type { ReadableStream } from "../internal/platform.ts";
import { ambientBranch, runInTrail } from "../runtime/trail.ts";
import type { Stream } from "./stream.ts";

export function toReadableStream<T>(stream: Stream<T>, highWaterMark: number): ReadableStream<T> {
  // Whoever reads may be outside of any task: the pulls belong to the one that made the web stream.
  const branch = ambientBranch();
  return new globalThis.ReadableStream<T>(
    {
      pull: (controller) =>
        runInTrail(branch, async () => {
          const { done, value } = await stream.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        }),
      cancel: () => runInTrail(branch, () => stream[Symbol.asyncDispose]()),
    },
    { highWaterMark },
  );
}
