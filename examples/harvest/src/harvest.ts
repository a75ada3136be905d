/** One harvest from the command line's options to its summary: acquires what it needs, runs the pipeline. */
import { fromPromise, spawn, type CancellationToken, type Routine } from "millrace";
import { startCorpus } from "./corpus.ts";
import { openDisplay, showProgress, type Display } from "./display.ts";
import type { DocumentRepository } from "./document-repository.ts";
import type { Options } from "./options.ts";
import { runPipeline } from "./pipeline.ts";
import { Progress, type ProgressSnapshot } from "./progress.ts";
import { seededRandom } from "./seeded-random.ts";
import type { Source, Target } from "./source.ts";
import { SqliteRepository } from "./sqlite-repository.ts";
import { readUrlList } from "./url-list.ts";

/**
 * When `stop` fires, no further document is begun; those in flight are finished and stored.
 *
 * @throws HarvestError when it cannot begin or cannot go on
 */
export function* harvest(options: Options, stop: CancellationToken): Routine<ProgressSnapshot> {
  using repository = new SqliteRepository(options.db);
  using source = yield* openSource(options);
  using display = openDisplay(process.stderr);

  const progress = new Progress(source.targets.length, ({ kind, url, message }) => {
    display.say(`harvest: ${kind}: ${url}: ${message}`);
  });
  for (const failure of source.failures) progress.refused(failure);
  const targets = yield* withoutStored(source.targets, repository, progress);

  // Both run beside the pipeline, and `using` ends them with this block.
  using _reporter = spawn(() => showProgress(progress, display), { name: "progress" });
  using _notice = spawn(() => announceStop(stop, display), { name: "stop notice" });

  yield* runPipeline({
    targets,
    repository,
    concurrency: options.concurrency,
    limits: { timeout: options.timeout, maxBytes: options.maxBytes },
    retryPolicy: {
      retries: options.retries,
      baseDelay: 100,
      maxDelay: options.maxDelay,
      random: seededRandom(`back-off ${options.seed}`),
      stop,
      onRetry: () => progress.retried(),
    },
    batch: { size: options.batch, within: 250 },
    progress,
    stop,
  });
  return progress.snapshot();
}

function* openSource(options: Options): Routine<Source> {
  if (options.list === undefined) return yield* startCorpus(options);
  return yield* fromPromise(readUrlList(options.list));
}

/** This is all there is to resuming: what an earlier run committed is not asked for again. */
function* withoutStored(
  targets: readonly Target[],
  repository: DocumentRepository,
  progress: Progress,
): Routine<readonly Target[]> {
  const missing: Target[] = [];
  for (const target of targets) {
    if (yield* repository.has(target.url)) progress.skipped();
    else missing.push(target);
  }
  return missing;
}

function* announceStop(stop: CancellationToken, display: Display): Routine<void> {
  yield* stop.cancelled();
  display.say("harvest: stopping: what is in flight is finished and stored (Ctrl-C again quits at once)");
}
