/** The local corpus: starts `corpus-server.ts` and turns what it announces into targets. */
import { fork } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fromEvent, fromPromise, select, type Routine } from "millrace";
import { HarvestError } from "./failure.ts";
import type { Source } from "./source.ts";

export interface CorpusOptions {
  readonly root: string;
  readonly seed: number;
  /** Mean time to an answer, in ms. */
  readonly latency: number;
  /** The share of requests answered 503, half of them with Retry-After. */
  readonly unavailable: number;
  /** The share of answers that stop half way. */
  readonly stalls: number;
}

/** What the server tells its parent once it listens. */
export interface CorpusAnnouncement {
  readonly documents: readonly { readonly path: string; readonly location: string }[];
}

/**
 * The server ends when the source is disposed, or with this process.
 *
 * @throws HarvestError when there is no such folder
 */
export function* startCorpus(options: CorpusOptions): Routine<Source> {
  yield* fromPromise(requireFolder(options.root));

  const program = fileURLToPath(new URL("corpus-server.ts", import.meta.url));
  // Ctrl-C reaches every process of the terminal's group, and would end this one while it starts.
  const server = fork(program, [JSON.stringify(options)], { detached: true });
  const first = yield* select({
    announcement: fromEvent<CorpusAnnouncement>(server, "message"),
    exit: fromEvent<number>(server, "exit"),
  });
  if (first.key === "exit") throw new HarvestError(`the corpus server ended with code ${first.value}`);

  return {
    name: options.root,
    // The port changes with every run. The file a document stands for does not, so that is its name.
    targets: first.value.documents.map(({ path, location }) => {
      return { url: pathToFileURL(join(options.root, path)).href, location };
    }),
    failures: [],
    [Symbol.dispose]: () => server.disconnect(),
  };
}

async function requireFolder(root: string): Promise<void> {
  const found = await stat(root).catch(() => undefined);
  if (!found?.isDirectory()) throw new HarvestError(`there is no folder ${root} to serve`);
}
