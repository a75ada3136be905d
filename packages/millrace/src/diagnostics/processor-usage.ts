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
  /** Of the last `ms`, which began about when it was renewed. */
  wasStarved(ms: number): boolean {
    const now = read();
    const since = this.#since;
    if (now === undefined || since === undefined) return false;
    const busy = now.userCPUTime + now.systemCPUTime - since.userCPUTime - since.systemCPUTime;
    const switches = now.involuntaryContextSwitches - since.involuntaryContextSwitches;
    return busy / 1000 < ms / 2 && switches > ms / MS_PER_SWITCH;
  }
}

function read(): Usage | undefined {
  return (hostProcess as { resourceUsage?(): Usage } | undefined)?.resourceUsage?.();
}
