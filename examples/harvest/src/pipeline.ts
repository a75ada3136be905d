/**
 * The harvest as three stages joined by bounded channels:
 *
 *     targets ─► fetch × concurrency ─► [channel] ─► parse ─► [channel] ─► store in batches
 *
 * Back-pressure runs the other way: a slow database fills the channels, and then no more is fetched.
 *
 * The end runs forward. A stage that has nothing left closes its sender, the next one drains the channel
 * and does the same. A stop request (Ctrl-C) is just an early end of the targets, so whatever is in flight
 * still reaches the database. A stage that throws cancels the others: they share a scope.
 */
import { CancelledError, mpsc, scope, type CancellationToken, type Routine } from "millrace";
import { nextBatch, type BatchLimits } from "./batch.ts";
import type { DocumentRepository, HarvestedDocument } from "./document-repository.ts";
import { DocumentFailure } from "./failure.ts";
import { fetchDocument, type FetchedDocument, type FetchLimits } from "./fetch-document.ts";
import { parseDocument } from "./parse.ts";
import type { Progress } from "./progress.ts";
import { retry, type RetryPolicy } from "./retry.ts";
import type { Target } from "./source.ts";

export interface Job {
  readonly targets: readonly Target[];
  readonly repository: DocumentRepository;
  readonly concurrency: number;
  readonly limits: FetchLimits;
  readonly retryPolicy: RetryPolicy;
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

function* parseStage(
  job: Job,
  input: mpsc.Receiver<FetchedDocument>,
  next: mpsc.Sender<HarvestedDocument>,
): Routine<void> {
  using output = next;
  for (;;) {
    const fetched = yield* input.recv();
    if (fetched === undefined) return;
    try {
      yield* output.send(parseDocument(fetched));
    } catch (error) {
      if (!(error instanceof DocumentFailure)) throw error;
      job.progress.failed(error);
    }
  }
}

function* storeStage(job: Job, input: mpsc.Receiver<HarvestedDocument>): Routine<void> {
  for (;;) {
    const batch = yield* nextBatch(input, job.batch);
    if (batch.length === 0) return;
    const { duplicates } = yield* job.repository.save(batch);
    job.progress.stored(batch, duplicates);
  }
}
