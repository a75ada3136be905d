/**
 * The harvest as three stages joined by bounded channels:
 *
 *     targets ─► fetch × concurrency ─► [channel] ─► parse × cores ─► [channel] ─► store in batches
 *
 * Back-pressure runs the other way: a slow database fills the channels, and then no more is fetched.
 *
 * The end runs forward. A stage that has nothing left closes its sender, the next one drains the channel
 * and does the same. A stop request (Ctrl-C) is just an early end of the targets, so whatever is in flight
 * still reaches the database. A stage that throws cancels the others: they share a scope.
 */
import { availableParallelism } from "node:os";
import { asyncFn, CancelledError, mpsc, scope, type CancellationToken, type Routine } from "millrace";
import { Stream } from "millrace/stream";
import { nextBatch, type BatchLimits } from "./batch.ts";
import type { DocumentStore, HarvestedDocument } from "./document-store.ts";
import { DocumentFailure } from "./failure.ts";
import { fetchDocument, type FetchedDocument, type FetchLimits } from "./fetch-document.ts";
import { sha256 } from "./hash.ts";
import { parseDocument } from "./parse.ts";
import type { Progress } from "./progress.ts";
import { retry, type RetryPolicy } from "./retry.ts";
import type { Target } from "./source.ts";

export interface Job {
  readonly targets: readonly Target[];
  readonly store: DocumentStore;
  readonly concurrency: number;
  readonly limits: FetchLimits;
  /** For requests. */
  readonly retryPolicy: RetryPolicy;
  /** For batches: the database may be away for a while. */
  readonly storePolicy: RetryPolicy;
  readonly batch: BatchLimits;
  readonly progress: Progress;
  /** Once it fires no further target is begun. */
  readonly stop: CancellationToken;
}

export function* runPipeline(job: Job): Routine<void> {
  const [fetchedTx, fetchedRx] = mpsc.channel<FetchedDocument>(job.concurrency, { name: "fetched" });
  const [parsedTx, parsedRx] = mpsc.channel<HarvestedDocument>(job.batch.size, { name: "parsed" });

  yield* scope((stages) => {
    stages.spawn(() => fetchStage(job, fetchedTx), { name: "fetch" });
    stages.spawn(() => parseStage(job, fetchedRx, parsedTx), { name: "parse" });
    stages.spawn(() => storeStage(job, parsedRx), { name: "store" });
  });
}

/** Closing the sender at its end is what ends the stage behind it. */
function* fetchStage(job: Job, next: mpsc.Sender<FetchedDocument>): Routine<void> {
  using output = next;
  const queue = job.targets.values();
  const workers = Math.min(job.concurrency, job.targets.length);

  yield* scope((tasks) => {
    for (let worker = 1; worker <= workers; worker++) {
      tasks.spawn(() => fetchWorker(job, queue, output), { name: `fetch ${worker}` });
    }
  });
}

/** The workers share one queue, so each takes the next target as soon as it is free. */
function* fetchWorker(
  job: Job,
  queue: Iterable<Target>,
  output: mpsc.Sender<FetchedDocument>,
): Routine<void> {
  for (const target of queue) {
    if (job.stop.isCancelled) return;
    job.progress.started();
    try {
      yield* output.send(yield* retry(job.retryPolicy, () => fetchDocument(target, job.limits)));
    } catch (error) {
      if (error instanceof DocumentFailure) job.progress.failed(error);
      else if (error instanceof CancelledError && job.stop.isCancelled) job.progress.postponed();
      else throw error;
    }
  }
}

/** Documents that are parsed and hashed at once. */
export const parsersAtOnce: number = availableParallelism();

function* parseStage(
  job: Job,
  input: mpsc.Receiver<FetchedDocument>,
  next: mpsc.Sender<HarvestedDocument>,
): Routine<void> {
  using output = next;
  yield* Stream.from(input)
    .map((fetched) => parse(job, fetched))
    .bufferUnordered(parsersAtOnce)
    .filter((document) => document !== undefined)
    .forward(output);
}

const parse = asyncFn(function* (job: Job, fetched: FetchedDocument): Routine<HarvestedDocument | undefined> {
  try {
    return { ...parseDocument(fetched), hash: yield* sha256(fetched.body) };
  } catch (error) {
    if (!(error instanceof DocumentFailure)) throw error;
    job.progress.failed(error);
    return undefined;
  }
});

function* storeStage(job: Job, input: mpsc.Receiver<HarvestedDocument>): Routine<void> {
  for (;;) {
    const batch = yield* nextBatch(input, job.batch);
    if (batch.length === 0) return;
    const { duplicates } = yield* retry(job.storePolicy, () => job.store.save(batch));
    job.progress.stored(batch, duplicates);
  }
}
