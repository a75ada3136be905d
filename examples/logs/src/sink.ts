/** Where windows go: a file of one JSON object a line, behind a connection that takes its time. */
import { open, type FileHandle } from "node:fs/promises";
import { fromPromise, sleep, type Routine } from "millrace";
import { quantile, type Window } from "./window.ts";

export function toJson({ start, routes, requests }: Window): string {
  const byRoute = [...routes].map(([route, summary]) => [
    route,
    { requests: summary.requests, failures: summary.failures, p95: quantile(summary, 0.95) },
  ]);
  return JSON.stringify({
    start: new Date(start).toISOString(),
    requests,
    routes: Object.fromEntries(byRoute) as unknown,
  });
}

export class SlowSink implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #delay: number;
  private constructor(file: FileHandle, delay: number) {
    this.#file = file;
    this.#delay = delay;
  }
  static async open(path: string, delay: number): Promise<SlowSink> {
    return new SlowSink(await open(path, "w"), delay);
  }
  *take(window: Window): Routine<void> {
    yield* sleep(this.#delay);
    yield* fromPromise(this.#file.appendFile(`${toJson(window)}\n`));
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
