/** SIGUSR2 prints the dump while a `main` runs and somebody records. */
import { host } from "../runtime/host.ts";
import { setDefaultAction } from "../runtime/signals.ts";
import { stage } from "../runtime/stage.ts";

let stop: (() => void) | null = null;

/** Something that decides whether the signal is listened to has changed. */
export function updateSignal(isRecording: boolean, dump: () => string): void {
  if (isRecording && stage.mains.size > 0) {
    try {
      stop ??= setDefaultAction("SIGUSR2", () => host.report(dump()));
    } catch {
      // A platform without this signal.
    }
  } else {
    stop?.();
    stop = null;
  }
}
