/** `--console` and `--record`: the program is looked at while it runs, through its own copies of the packages. */
import type * as console from "@millrace/console";
import type * as source from "millrace/feed";
import { UsageError } from "./exit-codes.ts";
import { notice } from "./notice.ts";
import type { ProgramPackages } from "./program-packages.ts";

type Console = typeof console;
type Source = typeof source;

export interface WatchOptions {
  readonly console?: true;
  readonly port?: number;
  readonly record?: string;
}

/** Whether anything was asked for. */
export async function watch(packages: ProgramPackages, options: WatchOptions): Promise<boolean> {
  const { record: file, port } = options;
  if (options.console === undefined && file === undefined) return false;
  const { Feed } = await packages.load<Source>("millrace/feed");
  const { serve, record } = await packages.load<Console>("@millrace/console");
  const feed = (): InstanceType<Source["Feed"]> => new Feed();
  try {
    if (file !== undefined) record(file, { feed });
    if (options.console !== undefined) {
      const served = await serve({ feed, ...(port === undefined ? {} : { port }) });
      notice(`the console is at ${served.url}`);
    }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return true;
}
