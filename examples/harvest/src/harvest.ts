/** One harvest from the command line's options to its summary: acquires what it needs, runs the pipeline. */
import { CancellationToken, fromPromise, spawn, type Routine } from "millrace";
import { startCorpus } from "./corpus.ts";
import { openDisplay, showProgress, type Display } from "./display.ts";
import type { DocumentStore } from "./document-store.ts";
import type { Options } from "./options.ts";
import { servePage } from "./page-server.ts";
import { runPipeline } from "./pipeline.ts";
import { Progress, type ProgressSnapshot } from "./progress.ts";
import type { RetryPolicy } from "./retry.ts";
import { seededRandom } from "./seeded-random.ts";
import type { Source, Target } from "./source.ts";
import { SqlStore } from "./sql-store.ts";
import { readUrlList } from "./url-list.ts";

/**
 * When `stop` fires, no further document is begun; those in flight are finished and stored.
 *
 * @throws HarvestError, SqlError when it cannot begin or cannot go on
 */
export function* harvest(options: Options, stop: CancellationToken): Routine<ProgressSnapshot> {
  const store = yield* SqlStore.open(options.database);
  try {
    return yield* harvestInto(store, options, stop);
  } finally {
    yield* store.close();
  }
}

function* harvestInto(store: SqlStore, options: Options, stop: CancellationToken): Routine<ProgressSnapshot> {
  using source = yield* openSource(options);
  using display = openDisplay(process.stderr);

  const progress = new Progress(source.targets.length, ({ kind, url, message }) => {
    display.say(`harvest: ${kind}: ${url}: ${message}`);
  });
  for (const failure of source.failures) progress.refused(failure);
  const targets = yield* withoutStored(source.targets, store, progress);

  // All run beside the pipeline, and `using` ends them with this block.
  using _reporter = spawn(() => showProgress(progress, display), { name: "progress" });
  using _notice = spawn(() => announceStop(stop, display), { name: "stop notice" });
  const page =
    options.servePort === undefined ? undefined : yield* servePage(progress, source.name, options.servePort);
  try {
    if (page !== undefined) display.say(`harvest: the progress is shown at ${page.url}`);
    yield* runPipeline({
      targets,
      store,
      concurrency: options.concurrency,
      limits: { timeout: options.timeout, maxBytes: options.maxBytes },
      ...policies(options, progress, display, stop),
      batch: { size: options.batch, within: 250 },
      progress,
      stop,
    });
    const summary = progress.finished();
    if (page !== undefined && !stop.isCancelled) {
      display.say("harvest: done; the page stays until Ctrl-C");
      yield* stop.cancelled();
    }
    return summary;
  } finally {
    yield* page?.shutdown({ drain: 1000 }) ?? [];
  }
}

function policies(
  options: Options,
  progress: Progress,
  display: Display,
  stop: CancellationToken,
): { readonly retryPolicy: RetryPolicy; readonly storePolicy: RetryPolicy } {
  const { retries, maxDelay, seed } = options;
  const common = { baseDelay: 100, random: seededRandom(`back-off ${seed}`) };
  return {
    retryPolicy: { ...common, retries, maxDelay, stop, onRetry: () => progress.retried() },
    storePolicy: {
      ...common,
      retries: 6,
      maxDelay: 3000,
      stop: new CancellationToken(), // what was fetched is stored, also after Ctrl-C
      onRetry: ({ message }) => display.say(`harvest: the database: ${message}; trying again`),
    },
  };
}

function* openSource(options: Options): Routine<Source> {
  if (options.list === undefined) return yield* startCorpus(options);
  return yield* fromPromise(readUrlList(options.list));
}

/** This is all there is to resuming: what an earlier run committed is not asked for again. */
function* withoutStored(
  targets: readonly Target[],
  store: DocumentStore,
  progress: Progress,
): Routine<readonly Target[]> {
  const stored = yield* store.stored(targets.map(({ url }) => url));
  progress.skipped(stored.size);
  return targets.filter(({ url }) => !stored.has(url));
}

function* announceStop(stop: CancellationToken, display: Display): Routine<void> {
  yield* stop.cancelled();
  display.say("harvest: stopping: what is in flight is finished and stored (Ctrl-C again quits at once)");
}
