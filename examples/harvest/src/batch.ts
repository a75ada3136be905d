/** Messages in batches: few large transactions instead of many small ones, and no message waits for long. */
import { now, select, sleepUntil, type mpsc, type Routine } from "millrace";

export interface BatchLimits {
  readonly size: number;
  /** How long the first message of a batch waits for company, in ms. */
  readonly within: number;
}

/**
 * The next messages, at least one; empty when the channel is closed and drained.
 *
 * Nothing is lost when the deadline wins the `select`: a receive that is abandoned has taken no message.
 */
export function* nextBatch<T extends {}>(input: mpsc.Receiver<T>, limits: BatchLimits): Routine<T[]> {
  const batch: T[] = [];
  yield* input.recvMany(batch, limits.size);

  const deadline = now() + limits.within;
  while (batch.length > 0 && batch.length < limits.size) {
    const next = yield* select({
      messages: input.recvMany(batch, limits.size - batch.length),
      deadline: sleepUntil(deadline),
    });
    if (next.key === "deadline" || next.value === 0) break;
  }
  return batch;
}
