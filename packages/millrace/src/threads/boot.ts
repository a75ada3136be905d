/**
 * Where threads begin. The module that starts them is the one that they start with: wherever a bundler has
 * put it, its URL is known here, and a thread that begins there finds itself in the same bundle.
 */
import { importModule } from "./import-module.ts";
import { workerData } from "./backend.ts";
// What is called by name on a thread, and what arrives there made of shared memory.
import "./par-map.ts";
import "./shared-channel.ts";
import "./shared-mutex.ts";
import "./shared-semaphore.ts";
import "./spawn-inline.ts";
import { callerUrl } from "./caller-url.ts";
import type { PortThreadStart } from "./port-messages.ts";
import { startPortThread } from "./port-thread.ts";
import { startThread, type ThreadStart } from "./thread.ts";
import { importing } from "./thread-functions.ts";

export const THREAD_KEY = "millrace:thread";

/** Of this module, in whatever form it runs. */
export const bootUrl: string = callerUrl(import.meta, 0);

const start = (workerData as Record<string, ThreadStart | PortThreadStart | undefined> | undefined)?.[
  THREAD_KEY
];
if (start !== undefined) {
  // In a bundle the program's modules are this very module, and are being evaluated now.
  importing.add(bootUrl);
  if ("buffer" in start) startThread(start);
  else startPortThread(start);
  const evaluated = (): void => {
    importing.delete(bootUrl);
  };
  void importModule(bootUrl).then(evaluated, evaluated);
}
