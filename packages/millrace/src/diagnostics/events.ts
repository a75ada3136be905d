/**
 * Live events: to those who subscribed, and on `node:diagnostics_channel` as `millrace:spawn`,
 * `millrace:end`, `millrace:poll` and `millrace:warning`. An event is made only when somebody takes it.
 */
import { host, hostProcess } from "../runtime/host.ts";
import type { DiagnosticEvent } from "./reports.ts";

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}
interface Channels {
  channel(name: string): Channel;
}

type Type = DiagnosticEvent["type"];

const nodeChannels = hostProcess?.getBuiltinModule?.("node:diagnostics_channel") as Channels | undefined;
const channels: Readonly<Record<Type, Channel | undefined>> = {
  spawn: nodeChannels?.channel("millrace:spawn"),
  end: nodeChannels?.channel("millrace:end"),
  poll: nodeChannels?.channel("millrace:poll"),
  warning: nodeChannels?.channel("millrace:warning"),
};
const listeners: Set<(event: DiagnosticEvent) => void> = new Set();

/**
 * Calls `listener` with every event while something records (`enable`), until what it returns is disposed.
 * It is called in the middle of the runtime's work: it must not wait and should be quick. What it throws is
 * reported. The same events are published on `node:diagnostics_channel` as `millrace:spawn`, `millrace:end`,
 * `millrace:poll` and `millrace:warning`.
 *
 * @throws TypeError unless `listener` is a function.
 *
 * @example
 * ```ts
 * import { sleep, spawn } from "millrace";
 * import { enable, subscribe } from "millrace/diagnostics";
 *
 * using recording = enable();
 * using subscription = subscribe((event) => {
 *   if (event.type === "end") console.log(event.task.name, event.task.state);
 * });
 * await spawn(function* () { yield* sleep(1); }, { name: "nap" });
 * ```
 * ```text
 * nap done
 * ```
 */
export function subscribe(listener: (event: DiagnosticEvent) => void): Disposable {
  if (typeof listener !== "function") {
    throw new TypeError(`subscribe expects a function, got ${listener === null ? "null" : typeof listener}`);
  }
  // One function may be subscribed more than once.
  const own = (event: DiagnosticEvent): void => listener(event);
  listeners.add(own);
  return {
    [Symbol.dispose]() {
      listeners.delete(own);
    },
  };
}

/** Whether anybody would take an event of this type. */
export function isWanted(type: Type): boolean {
  return listeners.size > 0 || channels[type]?.hasSubscribers === true;
}

export function publish(event: DiagnosticEvent): void {
  for (const listener of listeners) {
    try {
      listener(event);
    } catch (error) {
      host.report("millrace: a listener of diagnostic events failed:", error);
    }
  }
  const channel = channels[event.type];
  if (channel?.hasSubscribers === true) channel.publish(event);
}
