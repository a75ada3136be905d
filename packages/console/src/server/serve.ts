/** Serving a console: of this process, or of a recording. */
import { Feed } from "millrace/feed";
import { openLive } from "./live.ts";
import { openRecording } from "./player.ts";
import { startServer, type Served, type ServerOptions } from "./server.ts";

/** Where a console is served, and from what. */
export interface ServeOptions extends ServerOptions {
  /** Where the data comes from: `() => new Feed()` of the `millrace/feed` that the program uses. */
  readonly feed?: () => Feed;
}

/**
 * Serves the console of this process. It keeps the process alive no longer than the program does, and never
 * makes it wait. Programs call `serveConsole` of `millrace/diagnostics`.
 *
 * It rejects when the port is taken.
 *
 * @example
 * ```ts
 * import { serve } from "@millrace/console";
 *
 * const shown = await serve();
 * console.log(`open ${shown.url}`);
 * await shown.close();
 * ```
 */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const source = openLive(options.feed ?? (() => new Feed()));
  try {
    return await startServer({ ...options, source, keepsAlive: false, isAnnounced: true });
  } catch (error) {
    source.close();
    throw error;
  }
}

/**
 * Serves a recording. It keeps the process alive until it is closed.
 *
 * It rejects when there is no such file, when it is not a recording or one of another version, or when the
 * port is taken.
 */
export async function serveRecording(file: string, options: ServerOptions = {}): Promise<Served> {
  const source = await openRecording(file);
  try {
    return await startServer({ ...options, source, keepsAlive: true, isAnnounced: false });
  } catch (error) {
    source.close();
    throw error;
  }
}
