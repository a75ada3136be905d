/** `millrace console`: a recording, served as the console of a program that runs. */
import { serveRecording } from "@millrace/console";
import { UsageError } from "./exit-codes.ts";
import { notice } from "./notice.ts";

export interface ShowOptions {
  readonly port?: number;
}

/** Serves it until the process is ended. */
export async function show(file: string, { port }: ShowOptions): Promise<void> {
  try {
    const { url } = await serveRecording(file, port === undefined ? {} : { port });
    notice(`${file} is at ${url} until Ctrl-C`);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
