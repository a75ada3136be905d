/**
 * Whether this process had the processor. On a busy machine the event loop stands still although nothing
 * blocks it: the process was preempted. What waits by itself, in a synchronous call, is not preempted.
 */
import { hostProcess } from "../runtime/host.ts";

interface Usage {
  /** In microseconds. */
  readonly userCPUTime: number;
  readonly systemCPUTime: number;
  readonly involuntaryContextSwitches: number;
}

/** One who was preempted for a while was so at least once in as many ms. */
const MS_PER_SWITCH = 20;

export class ProcessorUsage {
  #since: Usage | undefined = read();

  renew(): void {
    this.#since = read();
  }
  /** Of the last `ms`, which began about when it was renewed, it had less than `limit` and less than half. */
  wasStarved(ms: number, limit: number): boolean {
    const now = read();
    const since = this.#since;
    if (now === undefined || since === undefined) return false;
    const busyMicros = now.userCPUTime + now.systemCPUTime - since.userCPUTime - since.systemCPUTime;
    const switches = now.involuntaryContextSwitches - since.involuntaryContextSwitches;
    return busyMicros / 1000 < Math.min(limit, ms / 2) && switches > ms / MS_PER_SWITCH;
  }
}

function read(): Usage | undefined {
  return (hostProcess as { resourceUsage?(): Usage } | undefined)?.resourceUsage?.();
}
